"""Long work in small pieces: what is done is on the disk before it is counted, and is done once.

`Ledger` is the append-only file of what was finished, `Register` and `Table` know a million ids in
little memory, and workers take what is to be done from a `Supply`.
"""

from hinterland.jobs.ledger import Ledger
from hinterland.jobs.register import Register
from hinterland.jobs.supply import Supply
from hinterland.jobs.table import Table

__all__ = ["Ledger", "Register", "Supply", "Table"]
