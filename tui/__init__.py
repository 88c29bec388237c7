"""The chat on the screen. Importing `hinterland.tui.app` imports Textual; this imports nothing."""
