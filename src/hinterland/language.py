"""The language of the interface: English in the source, others from the catalogues in `locale/`.

Write `_("Copied {size} bytes.").format(size=…)`, never an f-string within: what is looked up is the
text as it stands in the source. Texts at module level are marked with `N_` and looked up when shown.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import NullTranslations

DOMAIN = "hinterland"
CATALOGUES = Path(__file__).with_name("locale")
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # in the order gettext reads them
_ENGLISH = ("C", "POSIX", "en")

_chosen = ""


def choose(language: str) -> None:
    """Use the language of this code, such as `fr` or `zh_CN`; "" leaves it to the environment."""
    global _chosen  # noqa: PLW0603 - one process shows one language
    _chosen = language
    _catalogue.cache_clear()


def _(message: str) -> str:
    """Return the message in the language of the interface."""
    catalogue = _catalogue()
    return catalogue.gettext(message) if catalogue is not None else message


def n_(one: str, many: str, count: int) -> str:
    """Return the form for `count` of a message that speaks of a number of things."""
    catalogue = _catalogue()
    if catalogue is not None:
        return catalogue.ngettext(one, many, count)
    return one if count == 1 else many


def N_(message: str) -> str:  # noqa: N802 - gettext's name for it
    """Mark a message for the catalogues; it is looked up with `_` where it is shown."""
    return message


@cache
def _catalogue() -> NullTranslations | None:
    """Return the catalogue of the interface's language; None for English, and where there is none."""
    wanted = _chosen or next((value for name in _VARIABLES if (value := os.environ.get(name))), "")
    languages = [each.partition(".")[0].partition("@")[0] for each in wanted.split(":")]
    if not languages[0] or languages[0].partition("_")[0] in _ENGLISH:
        return None  # nothing is imported for those who read English
    import gettext

    found = gettext.translation(DOMAIN, CATALOGUES, languages, fallback=True)
    return None if type(found) is gettext.NullTranslations else found
