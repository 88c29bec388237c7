"""A short title that the model makes of a conversation when it has nothing else to do.

The question stands after what was said, so that the engine has only the question to read and still
knows the conversation afterwards.
"""

from __future__ import annotations

import re

from hinterland.engine.protocol import Message, Priority, Request, Sampling, Think
from hinterland.text import clean_line
from hinterland.turns import new_id

MOST_TOKENS = 12
"""A title that is longer is cut at its last whole word."""
_LONGEST = 60  # characters
_TEMPERATURE = 0.2

_ROUND = " \t#*_`~\"'“”„‘’«»‹›「」『』《》<>()[]-–—:："
_END = ".。．!！…"
_SAID_FIRST = re.compile(r"(?i)\W*(?:title|titel|titre|título|titolo|标题|標題|题目)\W*[:：]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def beginning(prompt: str) -> str:
    """Return as much of the first prompt as says in which language it is: small models go by that."""
    words = (line for line in reversed(prompt.splitlines()) if line.strip())
    return clean_line(next(words, ""), _LONGEST)


def request(said: tuple[Message, ...], model: str | None) -> Request:
    """Return the request for a title of what was `said`, whose last message asks for it; it is
    refused unless the model is in memory and idle."""
    return Request(
        said,
        model=model,
        sampling=Sampling(max_tokens=MOST_TOKENS, temperature=_TEMPERATURE),
        priority=Priority.BATCH,
        think=Think.OFF,
        turn_id=new_id(),
        when_idle=True,
    )


def cleaned(said: str, question: str, *, cut: bool = False) -> str:
    """Return the title in what a model said; empty when there is none.

    `question` is how it was asked, which some models only repeat; `cut` says that the limit of
    tokens ended it.
    """
    line = next((line for line in said.split("\n") if line.strip(_ROUND + _END)), "")
    whole_line = line != said.rstrip("\n").split("\n")[-1]
    line = _SAID_FIRST.sub("", clean_line(line), count=1)
    if cut and not whole_line and not _UNSPACED.search(line[-1:]):
        line = line.rpartition(" ")[0]
    title = line.strip(_ROUND).rstrip(_END).strip(_ROUND)
    title = title.replace("**", "").replace("\N{REPLACEMENT CHARACTER}", "")
    letters = sum(character.isalnum() for character in title)
    if letters < 2 or title.casefold() in question.casefold():
        return ""
    return clean_line(title, _LONGEST)
