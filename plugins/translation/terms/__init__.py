"""How words must be translated: term bases of translators, as CSV, TSV or TBX.

See docs/translation-terms.md.
"""

from hinterland.plugins.translation.terms.base import Term, TermBase
from hinterland.plugins.translation.terms.loading import load

__all__ = ["Term", "TermBase", "load"]
