"""The tools that ship with Hinterland, registered as anybody's plugins are."""
