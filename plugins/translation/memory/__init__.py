"""What was translated before, and what people said it should be: a second run does only the rest.

One ledger for each pair of languages, model, term base and prompt; those of people stand beside
them and beat them all. See docs/translation-terms.md.
"""

from hinterland.plugins.translation.memory.keeping import Usage, forget, usage
from hinterland.plugins.translation.memory.keys import Keyed, Remembered, key_of
from hinterland.plugins.translation.memory.memory import Memory

__all__ = ["Keyed", "Memory", "Remembered", "Usage", "forget", "key_of", "usage"]
