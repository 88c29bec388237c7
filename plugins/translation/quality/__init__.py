"""How good a translation is: scores against a reference, the way back, and what must not differ."""
