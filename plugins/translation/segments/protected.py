"""What must come back as it was: placeholders, tags, addresses, code, numbers with their units."""

from __future__ import annotations

import functools
import re
from importlib import resources

import msgspec

from hinterland.plugins.translation.units import Parts

LETTER = re.compile(r"[^\W\d_]")
_FOREIGN = re.compile(r"[%{}<>&]|://|\w@\w|\$\(|www\.")
_KINDS = {
    ("%",): r"""
        (?<!\d)%(?:\(\w+\)|\d+\$)?[-+\#0']*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|q|j|z|t|L)?
            (?:[diouxXsf]|[eEFgGaAcpnm@](?![a-z]))
      | %%  | (?<!\d)%L?\d{1,2}(?![A-Za-z\d_%])  | (?<!\d)%[-_0^\#]?[A-Za-z](?![A-Za-z])
      | \{%[^%\n]*%\}  | <%[^%\n]*%>
    """,
    ("{", "$"): r"""
        \{\{[^{}\n]*\}\}  | \$\{\{[^{}\n]*\}\}
      | \{\s*\w+\s*,\s*(?:plural|select|selectordinal|number|date|time|choice)\b
            (?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\}
      | [$\#%@]?\{[\w.\[\]:!,<>^+\-\#|$()=*'"/%]*\}  | \$[A-Za-z_][A-Za-z\d_]*(?:\.[A-Za-z\d_]+)*
      | \$\([\w./ -]+\)
    """,
    ("<", "&", "`"): r"""
        <!--[^\n]*?-->  | </?[A-Za-z][\w:.-]*(?:\s[^<>\n]*|/)?>
      | &(?:[A-Za-z]\w*|\#\d+|\#[xX][0-9a-fA-F]+);  | `(?!%)[^`'\n]+`  | ``[^`\n]+``
    """,
    ("://", "www.", "mailto:", "data:"): r"""
        (?:(?<![A-Za-z\d+.-])[A-Za-z][A-Za-z\d+.-]*://|(?<![<w>.])www\.|\bmailto:|\bdata:)
            (?:[^\s<>"()\u3000-\u9fff\uff00-\uffef]|\([^\s<>"()]*\))*
            (?:[^\s<>"().,;:!?'\]}}*_\u3000-\u9fff\uff00-\uffef]|\([^\s<>"()]*\))
    """,
    ("@",): r"""
        (?<![<w>.+-])[<w>.+-]+@[A-Za-z\d-]+(?:\.[A-Za-z\d-]+)+  | (?<![<w>@])@[A-Za-z_][<w>-]*@?
    """,
    ("/", "\\"): r"""
        (?<![<w>/.~])(?:~|\.{1,2})?/[<w>.+@%-]*[<w>*](?:/[<w>.+@%*-]*[<w>*])*/?
      | (?<![<w>\\])(?:[A-Za-z]:\\|\\\\)[<w>\\.$-]*[<w>]
    """,
    r"\.\w": r"(?<![<w>./-])(?:[<w>-]+/)*[<w>-]+(?:\.[<w>-]+)*\.(?:<endings>)(?![<w>/])",
    ("-",): r"(?<![<w>-])--[A-Za-z][<w>-]*(?:=[<w>./,%-]*[<w>])?  | (?<![<w>-])-[A-Za-z](?![<w>-])",
    ("_",): r"""
        (?<![<w>])(?:[a-z][a-z\d]*(?:_[a-z\d]+)+|[A-Z][A-Z\d]*(?:_[A-Z\d]+)+)(?:\(\))?(?![<w>])
    """,
    ("()", "::"): r"""
        (?<![<w>])[A-Za-z][<w>]*(?:(?:\.|::|->)[A-Za-z_][<w>]*)*\(\)  | (?<![<w>])[<w>]+::[<w>]+(?:::[<w>]+)*
    """,
    r"\d": r"""
        (?=[\dv+±−<>≤≥~-]|<currency>)(?:
        (?<![A-Za-z\d_])0x[\da-fA-F]+(?![<w>])
      | (?<![<w>.])\d{4}-\d\d?-\d\d?(?:T[\d:.]+Z?)?(?![<w>])
      | (?<![<w>.:])\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?![<w>:])
      | (?<![<w>.])v?\d+(?:\.\d+){2,}(?![<w>])
      | (?<![<w>])\+\d[\d ()-]{6,}\d
      | (?:<currency>)\ ?<number>(?![\d.,]*\d)  | (?<![<w>.,])<number>\ ?(?:<currency>)
      | (?<![A-Za-z\d_.,])(?:[+±−<>≤≥~-]\ ?)?<number>(?:\s?(?:[-–—~/x×]|to)\s?<number>)?
            [ \u00a0\u202f]?(?:<symbols>)(?:/(?:<symbols>|day|dose|week))*
            (?![A-Za-z\d_'’²³]|\.[A-Za-z])
      | (?<![<w>.])<number>(?:\s?[x×]\s?<number>)+(?![<w>]) )
    """,
}
"""What is protected, by what its kind does not go without: one of some strings, or a pattern."""
_LETTERS = r"A-Za-z\d_\u00c0-\u058f"
"""Letters of scripts that part words by spaces: a name of a file ends where Chinese goes on."""
_NUMBER = r"\d+(?:[.,'’٫٬]\d+|[\u00a0\u202f]\d{3})*"
_NEEDS = [(1 << at, needs) for at, needs in enumerate(_KINDS) if isinstance(needs, tuple)]
_SEARCHES = [
    (1 << at, re.compile(need).search) for at, need in enumerate(_KINDS) if isinstance(need, str)
]
_TRIGGER = re.compile(r"[%{$<&`@\\_\d]|://|www\.|[/-]\w|::|\(\)|\.\w|mailto:|data:")
"""What one of the kinds needs: most sentences have none of it."""

_PLAIN = re.compile(r"(?:^|\s)[^\W\d_]+\s[^\W\d_]+(?=[\s.,;:!?]|$)")
"""Two words in a row, which only these could hold:"""
_OPENED = re.compile(r"[<{`]")


class Units(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What units.toml holds."""

    symbols: tuple[str, ...]
    dose: tuple[str, ...]
    currency: tuple[str, ...]
    endings: tuple[str, ...]
    written: dict[str, tuple[str, ...]]


@functools.cache
def units() -> Units:
    """Return the units, and how they are written."""
    data = resources.files(__package__).joinpath("units.toml").read_bytes()
    return msgspec.toml.decode(data, type=Units)


def either(words: tuple[str, ...]) -> str:
    """Return a pattern for one of some words, the longest that fits."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def stretches(text: str) -> list[re.Match[str]]:
    """Return what is protected in a text, in its order."""
    return list(_pattern(_kinds(text)).finditer(text)) if _TRIGGER.search(text) else []


def is_foreign(stretch: str) -> bool:
    """Whether a protected stretch is of a kind that nobody writes who is not told to: placeholders,
    tags and addresses, but not amounts, options and names of files."""
    return _FOREIGN.search(stretch) is not None and not stretch[0].isdigit()


def has_words(parts: Parts) -> bool:
    """Whether there are letters besides what is protected."""
    for part in parts:
        if not isinstance(part, str) or not LETTER.search(part):
            continue
        if _PLAIN.search(part) and not _OPENED.search(part):
            return True
        if not _TRIGGER.search(part) or LETTER.search(_pattern(_kinds(part)).sub("", part)):
            return True
    return False


def _kinds(text: str) -> int:
    """Return which kinds a text can have, a bit for each."""
    kinds = 0
    for bit, needs in _NEEDS:
        for need in needs:
            if need in text:
                kinds |= bit
                break
    for bit, search in _SEARCHES:
        if search(text):
            kinds |= bit
    return kinds


@functools.cache
def _pattern(kinds: int) -> re.Pattern[str]:
    """Return what finds some kinds: to look for all of them takes ten times as long."""
    table = units()
    values = {
        "<w>": _LETTERS,
        "<endings>": either(table.endings),
        "<number>": _NUMBER,
        "<symbols>": either(table.symbols),
        "<currency>": either(table.currency),
    }
    chosen = [kind for at, kind in enumerate(_KINDS.values()) if kinds >> at & 1]
    joined = "|".join(chosen)
    for name, value in values.items():
        joined = joined.replace(name, value)
    return re.compile(f"(?:{joined})+", re.VERBOSE)
