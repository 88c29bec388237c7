"""A line of a pupil's working taken apart: the mathematics out of the words around it."""

from __future__ import annotations

import functools
import re

import msgspec

from hinterland.plugins.tutoring.arithmetic import plain
from hinterland.plugins.tutoring.checking.phrases import any_of, phrases
from hinterland.plugins.tutoring.quantities import unit_at

_ARROWS = re.compile(r"⟹|⟺|⇒|⇔|→|=>|->|<=>|∴|;|\s+\|\s+.*$|\|\s*[-+*/:].*$")
_NUMBERED = re.compile(r"^\s*(?:\d{1,2}\s*[.)]\s+(?=\S)|[-*•]\s+(?=[^\d\s])|[a-h]\)\s+)")
_RELATION = re.compile(r"<=|>=|!=|=|<|>|≈")
_CLOCK = re.compile(r"(?<![\d:])(?:[01]?\d|2[0-4]):[0-5]\d(?![\d:])")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_NOT_MATHEMATICS = re.compile(r"[^\d\s.,'+\-*/:^()\[\]{}|√%°$€£₹₦₵¢A-Za-zÀ-ÿπµμ\u066b\u066c]")
_MOST_STATEMENTS = 8


class Statement(msgspec.Struct, frozen=True):
    """Something that a line says in mathematics."""

    sides: tuple[str, ...]
    """What stands between the relations; one where there is none."""
    relations: tuple[str, ...] = ()
    goes_on: bool = False
    """Whether it begins with `=`, and so goes on from the line before."""
    is_whole: bool = False
    """Whether there were no other words on the line."""


def statements(line: str, language: str, letters: tuple[str, ...]) -> list[Statement]:
    """Return what a line says in mathematics, as far as that is clear; nothing where it is not."""
    line = _NUMBERED.sub("", plain(line.replace("**", "^"))).strip().strip("`$")
    if len(line) > 400 or _CLOCK.search(line):
        return []
    if "±" in line:  # x = ±2
        line = f"{line.replace('±', '+')}; {line.replace('±', '-')}"
    found = []
    pieces = [each for each in _ARROWS.split(line) if each and each.strip()]
    for piece in pieces[:_MOST_STATEMENTS]:
        statement = _statement(piece, language, letters)
        if statement is not None:
            found.append(statement)
    return found


def _statement(piece: str, language: str, letters: tuple[str, ...]) -> Statement | None:
    piece = piece.strip().rstrip(".,!:;? ")
    relations = tuple(_RELATION.findall(piece))
    raw = _RELATION.split(piece)
    goes_on = bool(relations) and not raw[0].strip()
    if goes_on:
        raw = raw[1:]
    if not raw or any(not each.strip() for each in raw):
        return None
    sides, clean = [], True
    for index, side in enumerate(raw):
        bare = _side(side, language, letters, first=index == 0, last=index == len(raw) - 1)
        if bare is None:
            return None
        clean &= bare == side.strip()
        sides.append(bare)
    return Statement(tuple(sides), relations, goes_on, clean)


def _side(
    text: str, language: str, letters: tuple[str, ...], *, first: bool, last: bool
) -> str | None:
    """Return a side without the words that lead up to it and the things counted; None if unclear."""
    text = text.strip()
    if first:
        text = _without_lead(text, language)
    if last:
        text = _without_tail(text, letters)
    pieces: list[str] = []
    at = 0
    for word in _WORD.finditer(text):
        if word.start() < at:
            continue
        pieces.append(text[at : word.start()])
        at = word.end()
        kind = _kind(text, word, language, letters)
        if kind == "":
            return None
        if kind != "thing":
            at = max(at, int(kind))
            pieces.append(text[word.start() : at])
    bare = " ".join("".join([*pieces, text[at:]]).split())
    return None if not bare or _NOT_MATHEMATICS.search(bare) else bare


def _kind(text: str, word: re.Match[str], language: str, letters: tuple[str, ...]) -> str:
    """Return where a word that belongs to the mathematics ends, "thing" for what is counted and can
    be left out, and "" for what makes the line unclear."""
    said = word.group()
    lower = said.lower()
    known = {each.lower() for each in letters}
    if lower in ("x", "sqrt", "pi", "π") or all(each.lower() in known for each in said):
        return str(word.end())
    behind = text[: word.start()].rstrip()
    after_number = behind[-1:].isdigit() or behind[-1:] in ("%", ")")
    if not after_number:
        unit = unit_at(text, word.start())
        return str(unit[1]) if unit is not None and behind[-1:] == "/" else ""
    unit = unit_at(text, word.start())
    if unit is not None and not text[unit[1] : unit[1] + 1].isalpha():
        return str(unit[1])
    words = phrases(language)
    if lower in words.of or lower + "'" in words.of:
        return str(word.end()) if re.search(r"(?:%|/\s*\d+)$", behind) else ""
    if (
        lower in words.joins
        or lower in words.ors
        or lower in words.remainder
        or lower in words.nots
    ):
        return ""
    follows = text[word.end() :].lstrip()
    return "thing" if not follows or follows[0] in "+-*/:=)" else ""


@functools.lru_cache(maxsize=64)
def _lead(language: str) -> re.Pattern[str]:
    words = phrases(language)
    return re.compile(
        rf"^(?:(?:{any_of((*words.so, *words.leads, *words.articles))})[\s,:]*)+", re.IGNORECASE
    )


def _without_lead(text: str, language: str) -> str:
    """Return what stands behind `so`, `then the total is` and whatever ends with a colon."""
    head, colon, tail = text.rpartition(": ")
    if colon and not re.search(r"\d", head) and len(head.split()) < 8:
        text = tail
    match = _lead(language).match(text)
    return text[match.end() :] if match and match.end() < len(text) else text


def _without_tail(text: str, letters: tuple[str, ...]) -> str:
    """Return what stands before a comma or bracket with words behind: `12, so it is right`."""
    parts = re.split(r"\s*[,(]\s*(?=[^\W\d_]{2,})|\.\s+(?=[^\W\d_])", text, maxsplit=1)
    if len(parts) == 2 and parts[0] and not any(each in parts[1] for each in "=+*/"):
        word = _WORD.match(parts[1])
        if word and word.group().lower() not in {each.lower() for each in letters}:
            return parts[0]
    return text
