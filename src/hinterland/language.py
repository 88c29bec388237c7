"""The language of the interface: English in the source, others from the catalogues in `locale/`.

Write `_("Copied {size} bytes.").format(size=…)`, never an f-string within: what is looked up is the
text as it stands in the source. Texts at module level are marked with `N_` and looked up when shown.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import NullTranslations

DOMAIN = "hinterland"
CATALOGUES = os.path.join(os.path.dirname(__file__), "locale")  # no pathlib: `--help` has none
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # in the order gettext reads them
_UNTRANSLATED = ("C", "POSIX")
_SIMPLIFIED = ("zh", "zh_Hans", "zh_SG", "zh_MY")
"""Locales of Chinese that is written as in `zh_CN`."""

_chosen = ""


def choose(language: str) -> None:
    """Use the language of this code, such as `fr` or `zh_CN`; "" leaves it to the environment."""
    global _chosen  # noqa: PLW0603 - one process shows one language
    _chosen = language
    catalogue.cache_clear()


def known(language: str) -> bool:
    """Whether the interface can be in the language of this code; the environment's, "", can be."""
    import gettext

    codes = _codes(language)
    return not codes or gettext.find(DOMAIN, CATALOGUES, codes) is not None


def available() -> list[str]:
    """Return the codes of the languages there are."""
    return ["en", *sorted(os.listdir(CATALOGUES))]


def wanted() -> list[str]:
    """Return the codes of the languages to look for, the best first; none for English."""
    codes = _chosen
    if not codes:
        locale = next((value for name in _LOCALE if (value := os.environ.get(name))), "")
        if locale in _UNTRANSLATED:  # what scripts set: it overrules LANGUAGE
            return []
        codes = os.environ.get("LANGUAGE") or locale
    return _codes(codes)


def _codes(codes: str) -> list[str]:
    found: list[str] = []
    for each in codes.split(":"):
        code = each.partition(".")[0].partition("@")[0].replace("-", "_")
        if code.partition("_")[0] in {"", "en", *_UNTRANSLATED}:
            break
        simplified = code in _SIMPLIFIED or code.startswith("zh_Hans_")
        found.append("zh_CN" if simplified else code)
    return found


def _(message: str) -> str:
    """Return the message in the language of the interface."""
    translations = catalogue()
    return translations.gettext(message) if translations is not None else message


def n_(one: str, many: str, count: int) -> str:
    """Return the form for `count` of a message that speaks of a number of things."""
    translations = catalogue()
    if translations is not None:
        return translations.ngettext(one, many, count)
    return one if count == 1 else many


def N_(message: str) -> str:  # noqa: N802 - gettext's name for it
    """Mark a message for the catalogues; it is looked up with `_` where it is shown."""
    return message


@cache
def catalogue() -> NullTranslations | None:
    """Return the catalogue of the interface's language; None for English, and where there is none."""
    languages = wanted()
    if not languages:
        return None  # nothing is imported for those who read English
    import gettext

    found = gettext.translation(DOMAIN, CATALOGUES, languages, fallback=True)
    return None if type(found) is gettext.NullTranslations else found
