"""The shared box: one service for everybody of a group, set up and undone by its administrator."""
