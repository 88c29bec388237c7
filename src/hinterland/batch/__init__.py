"""A file of prompts in, a file of answers out: the rows, their formats, and the run that survives."""
