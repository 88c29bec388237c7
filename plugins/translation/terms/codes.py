"""Which language a term base means by a code, such as en-US, zh_TW or fr-ca."""

from __future__ import annotations

from collections.abc import Sequence

_SCRIPTS = {
    "zh": "hans",
    "zh-cn": "hans",
    "zh-sg": "hans",
    "zh-my": "hans",
    "zh-tw": "hant",
    "zh-hk": "hant",
    "zh-mo": "hant",
    "yue": "hant",
}
"""Chinese is written in two ways, and regions stand for one of them."""


def closest(wanted: str, there: Sequence[str]) -> str | None:
    """Return that one of the codes that are there which means the language wanted; None for none.

    The same code comes first, then the language as such, then one of its regions.
    """
    ranked = [(rank, code) for code in there if (rank := _rank(_parts(wanted), _parts(code)))]
    return min(ranked, key=lambda each: each[0])[1] if ranked else None


def _rank(wanted: list[str], code: list[str]) -> int:
    if wanted == code:
        return 1
    if wanted[0] != code[0] or _script(wanted) != _script(code):
        return 0
    return 2 if len(code) == 1 else 3


def _parts(code: str) -> list[str]:
    return code.strip().lower().replace("_", "-").split("-")


def _script(parts: list[str]) -> str:
    written = next((part for part in parts[1:] if len(part) == 4 and part.isalpha()), "")
    return written or _SCRIPTS.get("-".join(parts[:2])) or _SCRIPTS.get(parts[0], "")
