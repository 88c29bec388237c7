"""`python -m hinterland` is `hint`."""

from hinterland.cli import main

main()
