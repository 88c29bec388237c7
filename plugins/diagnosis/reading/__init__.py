"""From free words to proposed facts: the lexicon first, a model for more."""
