"""What leaves the box on a stick: a sheet, a class's results, a deck for Anki."""
