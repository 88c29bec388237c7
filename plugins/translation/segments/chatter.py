"""What models say around a translation, taken away; what cannot be taken away is found."""

from __future__ import annotations

import functools
import re
from importlib import resources

import msgspec

from hinterland.plugins.translation.segments.unfit import Trouble, Unfit

_THOUGHT = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"\A```[\w-]*\n(.*?)\n?```\Z", re.DOTALL)
_SPECIAL = re.compile(r"<\|[\w ]+\|>|</?s>|<(?:end_of_turn|start_of_turn|eos)>")
_QUOTES = ('""', "''", "“”", "‘’", "«»", "„“", "「」", "『』", "``", "****", "**")
_INTRODUCED = 80
"""Characters of an introduction up to its colon, at most."""
_SHORT = 24
"""Characters of a line such as "Sure!" or "Of course.", at most."""


class _Phrases(msgspec.Struct, forbid_unknown_fields=True):
    before: tuple[str, ...]
    about: tuple[str, ...]
    after: tuple[str, ...]
    never: tuple[str, ...]


@functools.cache
def _phrases() -> _Phrases:
    data = resources.files(__package__).joinpath("chatter.toml").read_bytes()
    return msgspec.toml.decode(data, type=_Phrases)


def without_chatter(answer: str, asked: str) -> str:
    """Return an answer without what stands around the translation of what was asked.

    Raises Unfit where the model talks instead of translating.
    """
    text = answer.strip()
    if text == asked:
        return text
    text = _THOUGHT.sub("", text).strip()
    text = _SPECIAL.sub("", text).strip() if "<" in text and not _SPECIAL.search(asked) else text
    text = _without_frame(text, asked)
    text = _without_source(text, asked)
    text = _without_introduction(text, asked)
    text = _without_notes(text, asked)
    text = _without_frame(text, asked)
    folded = text.casefold()
    asked_for = asked.casefold()
    for phrase in _phrases().never:
        if phrase in folded and phrase not in asked_for:
            raise Unfit(Trouble.CHATTER, f"The model talks instead of translating: “{phrase}”.")
    if "\n" in text and "\n" not in asked:
        if joined := _on_one_line(text):
            return joined
        raise Unfit(Trouble.CHATTER, "The translation has several lines where the source has one.")
    return text


def _on_one_line(text: str) -> str:
    """Return a sentence that was broken into lines as one; "" for lines that end as sentences do."""
    lines = [line.strip() for line in text.split("\n")]
    if not all(lines) or any(line[-1] in ".!?:;。！？：；።؟।" for line in lines[:-1]):
        return ""
    wide = all(line[-1] > "\u2e80" for line in lines[:-1])
    return ("" if wide else " ").join(lines)


def _without_frame(text: str, asked: str) -> str:
    """Return a text without the fence or the quotes around it that the source has not."""
    if fenced := _FENCE.match(text):
        text = fenced[1].strip()
    for quotes in _QUOTES:
        half = len(quotes) // 2
        first, last = quotes[:half], quotes[half:]
        if len(text) > len(quotes) and text.startswith(first) and text.endswith(last):
            inner = text[half:-half]
            alone = first not in inner and last not in inner
            if alone and not _is_quoted(asked):
                return inner.strip()
    return text


def _is_quoted(asked: str) -> bool:
    return bool(asked) and (asked[0] in "\"'“‘«„「『`*" or asked[-1] in "\"'”’»“」』`*")


def _without_source(text: str, asked: str) -> str:
    """Return the second line of an answer whose first one repeats the source."""
    if text.startswith(asked):
        rest = text[len(asked) :].lstrip(" \t=→>-:：")
        if rest.startswith("\n") and rest.strip():
            return rest.strip()
    return text


def _without_introduction(text: str, asked: str) -> str:
    """Return an answer without what introduces it: a line of its own, or what speaks of a
    translation up to a colon that the source has not."""
    head = text[: _INTRODUCED + 1]
    ends = [at for at in (head.find(":"), head.find("："), head.find("\n")) if at >= 0]
    if not ends or not _starts(head, _phrases().before):
        return text
    end = min(ends)
    said = text[:end].casefold()
    rest = text[end:].lstrip(":： \t*")
    about = any(stem in said for stem in _phrases().about)
    if not about and not (rest.startswith("\n") and (text[end] != "\n" or end <= _SHORT)):
        return text
    if text[end] != "\n" and _has_colon(asked):
        return text
    return rest.strip() or text


def _has_colon(asked: str) -> bool:
    head = asked[:_INTRODUCED]
    return ":" in head or "：" in head


def _without_notes(text: str, asked: str) -> str:
    if "\n" in asked or "\n" not in text:
        return text
    first, _newline, rest = text.partition("\n")
    apart = rest.startswith(("\n", "\r\n")) or rest.lstrip().startswith(("(", "（"))
    return first.strip() if apart and _starts(rest.lstrip(), _phrases().after) else text


def _starts(text: str, phrases: tuple[str, ...]) -> bool:
    return text.lstrip("*_# ").casefold().startswith(phrases)
