"""Endpoints elsewhere: how they are reached, what each of them understands, and what they refuse."""
