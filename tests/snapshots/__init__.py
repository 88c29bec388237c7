"""Golden screens."""
