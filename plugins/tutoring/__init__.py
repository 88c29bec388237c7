"""The tutor: it makes the pupil think, checks by computing, and remembers: `hint tutor`."""
