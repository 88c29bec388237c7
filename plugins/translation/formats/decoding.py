"""Text formats are UTF-8: said before the first unit where a document is not."""

from __future__ import annotations

import codecs
import re
import unicodedata

from hinterland.errors import InputError
from hinterland.plugins.translation.units import Code, Parts

_AT_ONCE = 1 << 20  # bytes: checking must not hold a second copy of the document
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROLS = re.compile(r"([\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]+)")


def text_start(data: bytes) -> int:
    """Return where the text begins: behind a byte order mark.

    Raises InputError, with the line, where the data is not UTF-8 text.
    """
    if data.startswith(_UTF16):
        raise InputError(
            "This text is UTF-16, and only UTF-8 is read.",
            "Convert it first: iconv -f UTF-16 -t UTF-8 OLD > NEW",
        )
    if (at := data.find(0)) >= 0:
        raise InputError(
            f"Line {line_of(data, at)} holds a zero byte: this is no text.",
            "Give a text file, or say with --format what it is.",
        )
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), _AT_ONCE):
        block = data[start : start + _AT_ONCE]
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=start + _AT_ONCE >= len(data))
        except UnicodeDecodeError as error:
            line = line_of(data, start - held + error.start)
            raise InputError(
                f"Line {line} is not UTF-8 text.",
                "Convert it first, such as: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW",
            ) from error
    return len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0


def line_of(data: bytes, at: int) -> int:
    """Return the number of the line, from 1, that a byte is in."""
    return data.count(b"\n", 0, at) + 1


def has_letters(text: str) -> bool:
    """Whether there is anything in it to translate."""
    return any(map(str.isalpha, text))


def columns(text: str) -> int:
    """Return how wide a text stands: two columns for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(letter) in {"Mn", "Me", "Cf"}
        else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def with_controls_coded(text: str) -> Parts:
    """Return a text whose control characters, except tabs and line feeds, are codes."""
    if text.isprintable():
        return (text,) if text else ()
    pieces = _CONTROLS.split(text)
    return tuple(
        Code(piece, is_space=True) if at % 2 else piece for at, piece in enumerate(pieces) if piece
    )
