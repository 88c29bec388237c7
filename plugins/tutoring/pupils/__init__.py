"""Who the pupils are, what each has done, and when it comes back: one folder a pupil."""
