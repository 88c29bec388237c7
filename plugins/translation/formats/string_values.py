"""Strings in files of data (JSON, TOML) as texts with their places, and which of them are texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hinterland.plugins.translation.formats.decoding import has_letters
from hinterland.plugins.translation.formats.run_on import runs_on
from hinterland.plugins.translation.units import Code, Parts, text_of


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch of a string as it is written, and what it stands for: a line feed ends a line."""

    start: int
    end: int
    value: str | Code


@dataclass(frozen=True, slots=True)
class Text:
    """A text within a string: its place, and where its lines were wrapped (0: it has one)."""

    start: int
    end: int
    parts: Parts
    width: int = 0


_NO_WORDS = re.compile(
    r"""
    [a-zA-Z][a-zA-Z0-9+.-]*://\S*                # an address
    | (?:mailto|tel|data|urn|javascript):\S*
    | (?:www\.\S+)
    | [^\s@]+@[^\s@]+\.[A-Za-z]{2,}
    | (?:[A-Za-z]:\\|~/|\.{1,2}/|/)\S*            # a path
    | [^\s/\\]+(?:[/\\][^\s/\\]+){2,}/?
    | [\w.+-]+/[\w.+-]*[.+-][\w.+-]*             # a media type, a file in a folder
    | (?:text|image|audio|video|font|application|multipart|model)/[\w.+-]+
    | [\w-]+(?:\.[\w-]+)*\.[A-Za-z][A-Za-z0-9]{1,4}   # a file, a host
    | [A-Za-z_$][\w$]*(?:(?:\.|::|->|\#)[A-Za-z_$][\w$]*)+(?:\(\))?  # a name of a program
    | \w*[A-Za-z]\w*_\w*                         # snake_case
    | _\w+
    | [a-z]+(?:[A-Z][a-z0-9]*)+                  # camelCase
    | (?:[A-Z][a-z0-9]+){2,}                     # PascalCase
    | (?=[a-z0-9-]*\d)[a-z0-9]+(?:-[a-z0-9]+)+   # kebab-case that is no word with a hyphen
    | [a-z0-9]+(?:-[a-z0-9]+){2,}
    | [a-z]{2,3}[-_](?:[A-Z][a-z]{3}[-_])?[A-Z]{2}    # a language with its region
    | [\w.-]+(?::[\w.-]+)+                       # a command of an editor, a name in XML
    | [\w.-]+(?:\[[\w,]+\])?(?:[<>=!~]=|[<>])\S*  # a version that is needed
    | \S.*?\ ::\ .+                             # a trove classifier
    | [@$\#.]\S+                                 # a handle, a variable, a colour
    | --?[a-zA-Z][\w-]*(?:=\S*)?                 # an option
    | v?\d[\w.+-]*                               # a version, a date, a size
    | [0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}
    | (?=[A-Za-z0-9+/=_-]*\d)[A-Za-z0-9+/=_-]{24,}    # a hash, a key
    """,
    re.VERBOSE,
)
_LONG = 300  # characters: no name is longer, and only data is without a space
_NAMING = frozenset(
    ("type", "kind", "id", "format", "class", "style", "enum", "const", "default", "required")
)
_NAME = re.compile("[a-z][a-z0-9-]*")
_MARKUP = re.compile(r"\{\{.*?\}\}|\$?\{[^{}]*\}|</?[A-Za-z][^<>]*>|%(?:\(\w+\))?[sdif]")


def is_text(words: str) -> bool:
    """Whether a string is for people: it has letters, and is no address, path, name or hash."""
    words = words.strip()
    if len(words) > _LONG:
        return has_letters(words) and not (words.isascii() and len(words.split(None, 1)) == 1)
    return not _NO_WORDS.fullmatch(words) and has_letters(_MARKUP.sub("", words))


def is_wanted(path: Sequence[str], value: str, patterns: Sequence[str]) -> bool:
    """Whether a value is a text at a key, such as `menu.file.open`, that was asked for.

    A `*` in a pattern stands for any run of characters, dots too. Without patterns all keys are
    asked for, but a bare word at one such as `type` is taken for a name.
    """
    if not is_text(value):
        return False
    if patterns:
        joined = ".".join(path)
        return any(fnmatchcase(joined, pattern) for pattern in patterns)
    key = next((key for key in reversed(path) if not key.isdecimal()), "")
    return not (key in _NAMING and _NAME.fullmatch(value))


def name_of(path: Sequence[str]) -> str:
    """Return a key as people write it, cut at its front where it is very long."""
    name = ".".join(path)
    return name if len(name) <= _LONG else "…" + name[-_LONG:]


def texts(tokens: Iterable[Token], *, is_wrapped: bool = False) -> Iterator[Text]:
    """Yield the texts of a string: its lines, without the white space around them.

    With `is_wrapped`, lines that a person wrapped are one text.
    """
    lines: list[list[Token]] = [[]]
    for token in tokens:
        if token.value == "\n":
            lines.append([])
        else:
            lines[-1].append(token)
    shown = [text_of(tuple(token.value for token in line)) for line in lines]
    begin = 0
    for number in range(1, len(lines) + 1):
        if number == len(lines) or not (is_wrapped and runs_on(shown, number)):
            yield from _text(lines[begin:number], shown[begin:number])
            begin = number


def _text(lines: list[list[Token]], shown: list[str]) -> Iterator[Text]:
    if not has_letters("".join(shown)):
        return
    tokens: list[Token] = []
    for line in lines:
        if tokens:
            tokens.append(Token(tokens[-1].end, tokens[-1].end, " "))
        tokens += line
    while isinstance(tokens[0].value, str) and not tokens[0].value.strip():
        del tokens[0]
    while isinstance(tokens[-1].value, str) and not tokens[-1].value.strip():
        del tokens[-1]
    first, last = tokens[0], tokens[-1]
    start = first.start
    if isinstance(first.value, str):
        stripped = first.value.lstrip(" \t")
        start += len(first.value) - len(stripped)
        tokens[0] = Token(start, first.end, stripped)
    end = last.end
    if isinstance(last.value, str):
        end -= len(last.value) - len(last.value.rstrip(" \t"))
        tokens[-1] = Token(tokens[-1].start, end, str(tokens[-1].value).rstrip(" \t"))
    width = max(map(len, shown)) if len(lines) > 1 else 0
    yield Text(start, end, tuple(_merged(tokens)), width)


def _merged(tokens: Iterable[Token]) -> Iterator[str | Code]:
    words: list[str] = []
    for token in tokens:
        if isinstance(token.value, str):
            words.append(token.value)
            continue
        if words:
            yield "".join(words)
            words.clear()
        yield token.value
    if words:
        yield "".join(words)
