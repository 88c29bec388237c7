"""The commands below `hint tutor`: each imports what it needs when it runs."""
