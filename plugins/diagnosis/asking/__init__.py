"""Taking a history: what is asked next, in lines on a terminal or from a file."""
