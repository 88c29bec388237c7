"""Tests of the chat: what a person sees, in a headless app and in a real terminal."""
