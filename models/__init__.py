"""Models: the catalogue, what is installed, where more comes from, and what fits this box."""
