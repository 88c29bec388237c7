"""The tutor as a screen, in the chat and alone; imported when it is opened."""
