"""What a translation is remembered under, and how it stands in a ledger: one line of JSON each."""

from __future__ import annotations

from hashlib import blake2b, sha256

import msgspec

from hinterland.plugins.translation.units import Kind, Parts, codes_of

SCHEMA = 1
"""Of the ledgers; another one's are not read."""
KEY_LENGTH = 32  # hexadecimal digits


class Keyed(msgspec.Struct, frozen=True):
    """What a translation depends on, besides its source: with another of these it is done anew."""

    source: str
    """The code of the language that is translated from."""
    target: str
    model: str
    """The sha256 of the model's file, or what else tells it from all others."""
    terms: str = ""
    """The hash of the term base; "" for none."""
    prompt: str = ""
    """The version of the prompt."""

    @property
    def hash(self) -> str:
        """What tells it from others in the name of a file."""
        return sha256(msgspec.json.encode(self)).hexdigest()[:16]


class Remembered(msgspec.Struct, frozen=True):
    """What became of a segment."""

    text: tuple[str | int, ...]
    """Its translation: words, and numbers from 0 that stand for the codes of its source."""
    trouble: str = ""
    """What was wrong with it, where it was not taken; "" for nothing."""
    reviewed: bool = False
    """Whether people said so: that holds for every model, prompt and term base."""


class Header(msgspec.Struct, frozen=True):
    """The first line of a ledger."""

    hinterland: str
    """What the file is; always HEADING."""
    schema: int
    keyed: Keyed


HEADING = "translations"

Line = tuple[str, str, tuple[str | int, ...], tuple[str | int, ...], bool]
"""Key, trouble, translation, source, and whether people said so."""


def key_of(parts: Parts) -> str:
    """Return the key of a segment: its words, and what its codes do, not how they are written."""
    pairs: dict[int, int] = {}
    shape: list[str] = []
    for part in parts:
        if isinstance(part, str):
            shape.append(part.replace("\0", "\0\0") if "\0" in part else part)
        elif part.kind is Kind.ALONE:
            shape.append("\0 \0" if part.is_space else "\0.\0")
        else:
            shape.append(f"\0{part.kind}{pairs.setdefault(part.pair, len(pairs))}\0")
    whole = "".join(shape).encode("utf-8", "surrogatepass")
    return blake2b(whole, digest_size=KEY_LENGTH // 2).hexdigest()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)
_KEY = slice(2, 2 + KEY_LENGTH)
_BEFORE, _AFTER = b'["', b'","'


def line_of(key: str, parts: Parts, remembered: Remembered) -> bytes:
    """Return the line of a ledger, without its end; raises UnicodeEncodeError for a surrogate."""
    codes = iter(range(len(parts)))
    source = [part if isinstance(part, str) else next(codes) for part in parts]
    line: Line = (key, remembered.trouble, remembered.text, tuple(source), remembered.reviewed)
    return _encoder.encode(line)


def spread(text: tuple[str | int, ...], parts: Parts) -> tuple[str | int, ...]:
    """Return a translation with each code of its source once, where it has one several times and
    another, which is the same, not at all."""
    numbers = _codes(text)
    if len(set(numbers)) == len(numbers):
        return text
    codes = codes_of(parts)
    left = [number for number in range(len(codes)) if number not in numbers]
    seen: set[int] = set()
    whole: list[str | int] = []
    for part in text:
        if isinstance(part, int) and part in seen:
            same = [number for number in left if codes[number] == codes[part]]
            if same:
                part = same[0]
                left.remove(part)
        if isinstance(part, int):
            seen.add(part)
        whole.append(part)
    return tuple(whole)


def key_in(line: bytes) -> str:
    """Return the key in a line; "" where it is none."""
    if line[:2] != _BEFORE or line[2 + KEY_LENGTH : 5 + KEY_LENGTH] != _AFTER:
        return ""
    return line[_KEY].decode("ascii", "replace")


def read_line(line: bytes) -> tuple[str, Remembered] | None:
    """Return the key and what is remembered under it; None for a damaged line."""
    try:
        key, trouble, text, source, reviewed = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not trouble and _codes(text) != _codes(source):
        return None
    return key, Remembered(text, trouble, reviewed)


def _codes(text: tuple[str | int, ...]) -> list[int]:
    return sorted(part for part in text if isinstance(part, int))
