"""Foreign text made safe to show: model output, titles, file names, model metadata, remote errors.

A terminal obeys control characters and reorders text at bidirectional overrides. Cleaning replaces
each of them by a visible stand-in, one character at a time, so that it needs no state between the
pieces of a stream and never swallows the text behind a stray ESC.
"""

from __future__ import annotations

_STAND_IN = "\N{REPLACEMENT CHARACTER}"


def _harmful() -> dict[int, str]:
    table: dict[int, str] = {}
    for code in range(0x20):  # C0, shown as U+2400 control pictures
        table[code] = chr(0x2400 + code)
    table[0x7F] = "\N{SYMBOL FOR DELETE}"
    for code in range(0x80, 0xA0):  # C1: 0x9B alone starts a control sequence
        table[code] = _STAND_IN
    # Embeddings, overrides and isolates can make text read as something else ("Trojan Source",
    # CVE-2021-42574). The plain marks U+200E, U+200F and U+061C stay: Arabic and Hebrew need them.
    for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A)):
        table[code] = _STAND_IN
    for code in range(0xD800, 0xE000):  # lone surrogates cannot be written as UTF-8
        table[code] = _STAND_IN
    table[0x2028] = table[0x2029] = "\n"
    return table


_LINE = _harmful()
_BLOCK = {code: stand_in for code, stand_in in _LINE.items() if code not in (0x09, 0x0A)} | {
    0x0D: ""
}


def clean(text: str) -> str:
    """Return `text` with nothing left that a terminal would obey; line feeds and tabs stay."""
    return text.translate(_BLOCK)


def clean_line(text: str, most: int = 200) -> str:
    """Return `text` as one clean line of at most `most` characters, shortened with an ellipsis."""
    line = " ".join(text.split()).translate(_LINE)
    return line if len(line) <= most else line[: most - 1] + "…"


_UNSEEN = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x2800, 0x2800),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFFA0, 0xFFA0),
        (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)
"""Letters, marks and signs that show as nothing; of the others Python knows that they cannot be printed."""


def clean_name(text: str, most: int = 200) -> str:
    """Return the name of an account as a clean line in which everything is seen: with a zero-width
    space in it, one would look like another."""
    line = clean_line(text, most)
    return "".join(
        each if each.isprintable() and each not in _UNSEEN else _STAND_IN for each in line
    )


# JSON escapes only C0 by itself; outside its strings none of these can occur.
_ESCAPES = {
    code: f"\\u{code:04x}" for code in _LINE if code >= 0x7F and not 0xD800 <= code < 0xE000
}


def escape_json(encoded: str) -> str:
    """Return JSON text that means the same and holds nothing that a terminal would obey."""
    return encoded.translate(_ESCAPES)
