"""What is left of an answer when all that says nothing is taken away."""

from __future__ import annotations

import re
import unicodedata

from hinterland.plugins.tutoring.arithmetic import is_reordered
from hinterland.plugins.tutoring.checking.judgement import Judgement, unreadable
from hinterland.plugins.tutoring.checking.phrases import pattern, phrases

MOST_CHARACTERS = 500
_EMOJI = "\U0001f000-\U0001faff\u2600-\u2775\u2794-\u27bf\ufe0f\u200d"
_OUTER = re.compile(rf"^[\s\"'“”„«»‹›‘’`*_{_EMOJI}]+|[\s\"'“”„«»‹›‘’`*_{_EMOJI}]+$")
_END = re.compile(r"[\s.!?…;,:。！？]+$")
_SEPARATOR = r"[\s:=,.]*"


def refused(text: str, language: str) -> Judgement | None:
    """Return why a text is no answer of any kind; None where it can be one."""
    if len(text) > MOST_CHARACTERS:
        return unreadable("too-long", most=str(MOST_CHARACTERS))
    if is_reordered(text) or any(
        unicodedata.category(each) in ("Cc", "Cs", "Co", "Cn") and each not in "\t\n\r"
        for each in text
    ):
        return unreadable("strange-characters")
    said = " ".join(text.replace("’", "'").lower().split()).rstrip(".!… ")
    if not said or said in phrases(language).nothing or not any(map(_says_something, said)):
        return unreadable("no-answer")
    return None


def _says_something(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNS"


def without_marks(text: str) -> str:
    """Return a text without quotes, mark-up and punctuation around it."""
    for _round in range(4):
        bare = _END.sub("", _OUTER.sub("", text))
        if len(bare) > 2 and bare[0] == bare[-1] == "$":  # mathematics in Markdown
            bare = bare[1:-1]
        if bare == text:
            break
        text = bare
    return text


def _without_hedge(text: str, language: str) -> str:
    """Return `5/4, I think` as `5/4`; nothing else behind an answer is taken away."""
    apart = pattern(language, "hedges", r"(?<=\S)(?:\s*[,;–—-]\s*|\s+)", r"$")
    in_brackets = pattern(language, "hedges", r"(?<=\S)\s*\(", r"\)$")
    return without_marks(in_brackets.sub("", apart.sub("", text)))


def bare_answer(text: str, language: str) -> str:
    """Return an answer without marks and words around it: `The answer is: **5**.` is `5`."""
    text = _without_hedge(without_marks(text.strip()), language)
    lead = pattern(language, "leads", r"^\s*", _SEPARATOR)
    for _round in range(4):
        match = lead.match(text) or re.match(r"\s*[=≈~]\s*", text)
        if match is None or match.end() == len(text):
            break
        text = without_marks(text[match.end() :])
    return text
