"""From facts to a level: the vocabulary, the rule packs, a case, and the three-valued engine."""
