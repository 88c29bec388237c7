"""Lessons made of what a teacher has already: a text, a table of cards, a deck of Anki."""
