"""Times of day as a clock shows them or somebody says them: 7:30 pm, 19:30 h, half past seven."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from importlib import resources
from typing import NamedTuple

import msgspec

from hinterland.plugins.tutoring.arithmetic import plain, read_number
from hinterland.plugins.tutoring.checking.answer_text import bare_answer
from hinterland.plugins.tutoring.checking.judgement import (
    RIGHT,
    WRONG,
    Judgement,
    form,
    unreadable,
)
from hinterland.plugins.tutoring.checking.phrases import any_of, pattern
from hinterland.plugins.tutoring.checking.wording import WORD_OR_SIGN, in_gap
from hinterland.plugins.tutoring.lessons import Posed

_HOUR, _EVENING, _HALF, _DAY = 60, 360, 720, 1440  # minutes
_NIGHT = 2
"""Neither half of the day: what of the night is before midnight is in the second."""
_DIGITS = re.compile(r"(\d\d?)(?:(?: ?[:.h] ?| )([0-5]\d)(?: ?min)?)?|(\d\d)([0-5]\d)")
_MOST_WORDS = 9
"""Words and signs of a time."""
_AROUND = 20
"""Characters before a number in which a word can make it a time."""


class ClockTime(NamedTuple):
    """A time of day."""

    minutes: int
    """Since midnight; 1:00 to 12:59 where nothing says which half of the day it is in."""
    is_certain: bool
    """Whether something does: 7 pm, 19:30, 07:30, noon."""


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See clock_times.toml."""

    am: tuple[str, ...]
    pm: tuple[str, ...]
    night: tuple[str, ...]
    behind: tuple[str, ...]
    lasting: tuple[str, ...]
    at: tuple[str, ...]
    hours: dict[str, int]
    minutes: dict[str, int]
    said: tuple[str, ...]


@functools.cache
def _file() -> dict[str, _Words]:
    data = resources.files(__package__).joinpath("clock_times.toml").read_bytes()
    return msgspec.toml.decode(data, type=dict[str, _Words])


def _words(language: str) -> _Words:
    return _file().get(language.partition("-")[0].lower()) or _file()["en"]


def judge_time(posed: Posed, text: str) -> Judgement:
    """Return the verdict on a time of day."""
    language = posed.language
    bare = bare_answer(text, language)
    if pattern(language, "ors", r"(?<!\w)").search(bare):
        return unreadable("one-answer")
    said = read(bare, language) or read(in_gap(posed, text), language)
    if said is None:
        ats = pattern(language, "times", r"(?<!\w)", r"\s+").finditer(bare)
        ends = (read(bare[each.end() :], language) for each in ats)  # it ends at 7:30
        last = next((each for each in ends if each is not None), None)
        if last is None:
            return unreadable("not-a-time")
        given = _named(posed.prompt, language)
        named = [
            each
            for each in (*_named(bare, language), last)
            if not any(_may_be_same(each, other) for other in given)
        ]
        said = named[-1] if named else last
        if not all(_may_be_same(each, said) for each in named):
            return unreadable("one-answer")
    keys = [key for each in posed.answers if (key := read(each, language)) is not None]
    alike = [key for key in keys if (said.minutes - key.minutes) % _HALF == 0]
    if any(key.minutes == said.minutes or not key.is_certain for key in alike):
        return RIGHT
    return form("which-half") if alike and not said.is_certain else WRONG


@functools.lru_cache(maxsize=256)
def _named(text: str, language: str) -> tuple[ClockTime, ...]:
    """Return the times that a text names one behind the other."""
    found, at = list[ClockTime](), 0
    for start, end, time in runs(text, language):
        if start >= at:
            found.append(time)
            at = end
    return tuple(found)


def runs(text: str, language: str) -> Iterator[tuple[int, int, ClockTime]]:
    """Yield where in a text a time begins and ends, and the time; the longest first of those that
    begin at one word.

    A number alone is a time only where it is said to be: `at 8`, `8 o'clock`, not `add 8`.
    """
    words = _words(language)
    spans = [each.span() for each in WORD_OR_SIGN.finditer(text)]
    for at, (start, _) in enumerate(spans):
        for _, end in reversed(spans[at : at + _MOST_WORDS]):
            time = read(text[start:end], language)
            if time is not None and (
                not _is_lone(text[start:end], words, language)
                or _at(words.at).search(text[max(start - _AROUND, 0) : start])
            ):
                yield start, end, time


def _is_lone(text: str, words: _Words, language: str) -> bool:
    """Whether a time is no more than a number, which could be one of anything, or of hours."""
    bare = _behind(words.lasting).sub("", plain(text).lower())
    return _number(bare, {}, language) is not None


@functools.cache
def _at(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{any_of(words)})\s+$", re.IGNORECASE)


def _may_be_same(one: ClockTime, other: ClockTime) -> bool:
    apart = one.minutes - other.minutes
    return apart == 0 if one.is_certain and other.is_certain else apart % _HALF == 0


@functools.lru_cache(maxsize=4096)
def read(text: str, language: str) -> ClockTime | None:
    """Return the time of day that a text is; None for anything else, such as noon in the morning."""
    words = _words(language)
    said = " ".join(plain(text).lower().split())
    bare, half = said, None
    for number, ends in enumerate((words.am, words.pm, words.night)):
        if (without := _behind(ends).sub("", said)) != said:
            bare, half = without, number
    bare = _behind(words.behind + words.lasting).sub("", bare)
    found = _in_digits(bare, is_halved=half is not None) or _in_words(bare, words, language)
    if found is None or half is None:
        return found
    if half == _NIGHT:
        half = int(found.minutes % _HALF >= _EVENING)
    if found.is_certain and found.minutes // _HALF != half:  # 19:30 am, midnight pm
        return None
    return ClockTime(found.minutes % _HALF + half * _HALF, True)


@functools.cache
def _behind(ends: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<=\S)\s?(?<![^\W\d_])(?:{any_of(ends)})$")


def _in_digits(text: str, *, is_halved: bool) -> ClockTime | None:
    """Return 7:30 as it stands; 07:30 is in the morning, unless `is_halved` says what it is in."""
    found = _DIGITS.fullmatch(text)
    if found is None:
        return None
    hour, minute = found[1] or found[3], found[2] or found[4] or "0"
    is_certain = not is_halved and len(hour) == 2 and hour[0] == "0"
    return _time(int(hour), int(minute), is_certain=is_certain)


def _in_words(text: str, words: _Words, language: str) -> ClockTime | None:
    for each in words.said:
        if (found := re.fullmatch(each, text)) is None:
            continue
        parts = found.groupdict()
        past, to = (parts.get(name) for name in ("past", "to"))
        hour = _number(found["hour"], words.hours, language)
        minute = _number(past or to or "0", words.minutes, language)
        if hour is not None and minute is not None and minute < _HOUR:
            return _time(hour, -minute if to else minute, is_certain=found["hour"] in words.hours)
    return None


def _number(text: str, called: dict[str, int], language: str) -> int | None:
    """Return the whole number in digits or words; 8:4 is none."""
    number = read_number(text, language) if re.fullmatch(r"\d\d?|\D+", text) else None
    found = called.get(text, number)
    return int(found) if found is not None and found == int(found) >= 0 else None


def _time(hour: int, minute: int, *, is_certain: bool) -> ClockTime | None:
    total = hour * _HOUR + minute
    if hour > 24 or total > _DAY:
        return None
    if is_certain or hour > 12 or hour == 0:
        return ClockTime(total % _DAY, True)
    return ClockTime((total - _HOUR) % _HALF + _HOUR, False)
