"""Segments through the engine's slots and back, in document order.

`Translator` takes units and gives each back with what became of it. A segment is looked up in the
memory, else asked for; an answer that is not fit is asked for once more in another way, and a
segment that comes back unfit twice stays as it is and is flagged.
"""

from hinterland.plugins.translation.pipeline.asking import Asking, Pair
from hinterland.plugins.translation.pipeline.outcome import Flag, Outcome, Tally, Translated
from hinterland.plugins.translation.pipeline.translator import Manner, Translator

__all__ = ["Asking", "Flag", "Manner", "Outcome", "Pair", "Tally", "Translated", "Translator"]
