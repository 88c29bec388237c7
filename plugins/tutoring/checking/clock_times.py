"""Times of day as a clock shows them or somebody says them: 7:30 pm, 19:30 h, half past seven."""

from __future__ import annotations

import functools
import re
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
from hinterland.plugins.tutoring.checking.wording import in_gap
from hinterland.plugins.tutoring.lessons import Posed

_HOUR, _HALF, _DAY = 60, 720, 1440  # minutes
_DIGITS = re.compile(r"(\d\d?)(?:(?: ?[:.h] ?| )([0-5]\d)(?: ?min)?)?|(\d\d)([0-5]\d)")


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
    behind: tuple[str, ...]
    hours: dict[str, int]
    minutes: dict[str, int]
    said: tuple[str, ...]


@functools.cache
def _file() -> dict[str, _Words]:
    data = resources.files(__package__).joinpath("clock_times.toml").read_bytes()
    return msgspec.toml.decode(data, type=dict[str, _Words])


def judge_time(posed: Posed, text: str) -> Judgement:
    """Return the verdict on a time of day."""
    language = posed.language
    bare = bare_answer(text, language)
    if pattern(language, "ors", r"(?<!\w)").search(bare):
        return unreadable("one-answer")
    ats = pattern(language, "times", r"(?<!\w)", r"\s+").finditer(bare)
    ways = (bare, in_gap(posed, text), *(bare[each.end() :] for each in ats))  # it ends at 7:30
    said = next((each for way in ways if (each := read(way, language)) is not None), None)
    if said is None:
        return unreadable("not-a-time")
    keys = [key for each in posed.answers if (key := read(each, language)) is not None]
    alike = [key for key in keys if (said.minutes - key.minutes) % _HALF == 0]
    if any(key.minutes == said.minutes or not key.is_certain for key in alike):
        return RIGHT
    return form("which-half") if alike and not said.is_certain else WRONG


def read(text: str, language: str) -> ClockTime | None:
    """Return the time of day that a text is; None for anything else."""
    words = _file().get(language.partition("-")[0].lower()) or _file()["en"]
    said = " ".join(plain(text).lower().split())
    bare, half = said, None
    for number, ends in enumerate((words.am, words.pm)):
        if (without := _behind(ends).sub("", said)) != said:
            bare, half = without, number
    bare = _behind(words.behind).sub("", bare)
    found = _in_digits(bare) or _in_words(bare, words, language)
    if found is None or half is None:
        return found
    if half == 0 and found.minutes >= _HALF + _HOUR:  # 19:30 in the morning
        return None
    return ClockTime(found.minutes % _HALF + half * _HALF, True)


@functools.cache
def _behind(ends: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<=\S)\s?(?<![^\W\d_])(?:{any_of(ends)})$")


def _in_digits(text: str) -> ClockTime | None:
    found = _DIGITS.fullmatch(text)
    if found is None:
        return None
    hour, minute = found[1] or found[3], found[2] or found[4] or "0"
    return _time(int(hour), int(minute), is_certain=len(hour) == 2 and hour[0] == "0")


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
