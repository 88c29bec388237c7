"""The text of a subtitle's cue: who speaks, and the tags between the words."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hinterland.plugins.translation.formats.decoding import has_letters, with_controls_coded
from hinterland.plugins.translation.formats.wrapping import glue
from hinterland.plugins.translation.units import Code, Kind, Parts

_TOKEN = re.compile(
    r"""
    (?P<break>(?:</([ibu])>)?[ \t]*(?:\r\n|\r|\n)[ \t]*(?(2)<\2>))
    | (?P<tag></?[A-Za-z][^<>\r\n]*>|<\d[\d:.]*>)
    | (?P<srt>\{\\[^{}\r\n]*\}|\{/?[A-Za-z](?::[^{}\r\n]*)?\}|\\N)
    | (?P<entity>&(?:\#\d+|\#x[0-9A-Fa-f]+|[A-Za-z]\w*);)
    """,
    re.VERBOSE,
)
_SPEAKER = re.compile(
    r"(?:\A|(?<=[\r\n]))[ \t]*(?:<[^<>\r\n]*>|\{\\[^{}\r\n]*\})*[-‐–—―](?!-)[ \t]*"
)
_EDGE = "\\s♪♫♬#*"
_LEAD = re.compile(rf"[{_EDGE}]+")
_TRAIL = re.compile(rf"[{_EDGE}]+\Z")


@dataclass(slots=True)
class _Token:
    begin: int
    end: int
    text: str
    """The words, or the mark-up."""
    tag: str = ""
    """The name of a tag; `/i` closes `i`."""
    is_code: bool = False
    is_space: bool = False
    partner: _Token | None = None


def speeches(raw: str, *, is_vtt: bool) -> Iterator[tuple[int, int, Parts]]:
    r"""Yield where each speaker's words begin and end in a cue's text, and the words.

    A dash at the beginning of a line says that somebody else speaks. WebVTT has character
    references, and SubRip files have marks of other formats, such as {\an8} and \N.
    """
    starts = [found.end() for found in _SPEAKER.finditer(raw)]
    heads = [found.start() for found in _SPEAKER.finditer(raw)]
    begins = [0, *starts] if not heads or heads[0] else starts
    ends = [*(head for head in heads if head), len(raw)]
    for begin, end in zip(begins, ends, strict=True):
        tokens = _trimmed(_paired(list(_tokens(raw, begin, end, is_vtt=is_vtt))))
        parts = _parts(tokens)
        if tokens and any(isinstance(part, str) and has_letters(part) for part in parts):
            yield tokens[0].begin, tokens[-1].end, parts


def _tokens(raw: str, begin: int, end: int, *, is_vtt: bool) -> Iterator[_Token]:
    at = begin
    while at < end:
        found = _TOKEN.search(raw, at, end)
        while found and found["srt" if is_vtt else "entity"]:
            found = _TOKEN.search(raw, found.end(), end)
        stop = found.start() if found else end
        if stop > at:
            yield _Token(at, stop, raw[at:stop])
        if not found:
            return
        token = _Token(found.start(), found.end(), found[0])
        if found[0] == "\\N":
            token.is_code = token.is_space = True
        elif found["tag"] or found["srt"]:
            token.is_code = True
            token.tag = re.sub(r"\A[<{](/?[A-Za-z]*)[\s\S]*", r"\1", found[0]).lower()
        elif found["entity"]:
            words = html.unescape(found[0])
            if words.isprintable():
                token.text = words
            else:
                token.is_code, token.is_space = True, words.isspace()
        else:
            token.is_space = True
        yield token
        at = found.end()


def _paired(tokens: list[_Token]) -> list[_Token]:
    waiting: list[_Token] = []
    for token in tokens:
        if token.tag.startswith("/"):
            names = [opened.tag for opened in waiting]
            if token.tag[1:] in names:
                while (partner := waiting.pop()).tag != token.tag[1:]:
                    pass
                token.partner, partner.partner = partner, token
        elif token.tag:
            waiting.append(token)
    return tokens


def _trimmed(tokens: list[_Token]) -> list[_Token]:
    """Take away what stands around the words: spaces, notes of music, tags."""
    while tokens:
        first, last = tokens[0], tokens[-1]
        if first.is_space:
            tokens = tokens[1:]
        elif last.is_space:
            tokens = tokens[:-1]
        elif not first.is_code and (lead := _LEAD.match(first.text)):
            tokens = _cut(first, lead.end(), at_start=True) + tokens[1:]
        elif not last.is_code and (trail := _TRAIL.search(last.text)):
            tokens = tokens[:-1] + _cut(last, trail.start(), at_start=False)
        elif first.is_code and first.partner is None:
            tokens = tokens[1:]
        elif last.is_code and last.partner is None:
            tokens = tokens[:-1]
        elif first.is_code and first.partner is last:
            tokens = tokens[1:-1]
        else:
            break
    return tokens


def _cut(token: _Token, at: int, *, at_start: bool) -> list[_Token]:
    rest = token.text[at:] if at_start else token.text[:at]
    if not rest:
        return []
    if at_start:
        return [_Token(token.end - len(rest), token.end, rest)]
    return [_Token(token.begin, token.begin + len(rest), rest)]


def _parts(tokens: list[_Token]) -> Parts:
    parts: list[str | Code] = []
    numbers: dict[int, int] = {}
    text = ""
    for at, token in enumerate(tokens):
        if not token.is_code:
            if token.is_space:
                following = tokens[at + 1].text if at + 1 < len(tokens) else ""
                text += glue(text, following)
            else:
                text += token.text
            continue
        parts.extend(with_controls_coded(text))
        text = ""
        if token.partner:
            key = min(id(token), id(token.partner))
            number = numbers.setdefault(key, len(numbers) + 1)
            kind = Kind.CLOSE if token.tag.startswith("/") else Kind.OPEN
            parts.append(Code(token.text, kind, number))
        else:
            parts.append(Code(token.text, is_space=token.is_space))
    parts.extend(with_controls_coded(text))
    return tuple(parts)
