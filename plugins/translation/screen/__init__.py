"""Translation in the chat: the source on the left, its translation on the right, row by row."""
