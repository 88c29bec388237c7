"""What a chat template tells of its model: whether the model thinks, and what steers that.

The template is foreign text and is only looked at, never rendered here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SWITCHES = ("enable_thinking", "thinking")
"""Variables of templates that turn thinking on and off."""
EFFORT = "reasoning_effort"
"""The variable that says how much to think: `low`, `medium`, `high`."""
NO_EFFORT = "no_think"
"""Said of a template whose `reasoning_effort` may be `no_think`."""
MARKED = "marked"
"""Said of a template that knows how reasoning is marked off from the answer."""

# What is never closed reaches to the end: looking for each end anew would take a hostile file hours.
_EDGE = re.compile(r"\{[%{]|[%}]\}")
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*(?:'|\\?\Z)|\"(?:[^\"\\]|\\.)*(?:\"|\\?\Z)", re.DOTALL)
_VARIABLE = re.compile(r"(?<![.\w])(enable_thinking|thinking|reasoning_effort)\b")
_MARKS = ("</think>", "<|channel|>analysis", "[/THINK]", "</seed:think>", "<channel|>")


def thinking(template: str) -> tuple[str, ...]:
    """Return what a template says of thinking, of the names above; nothing for a model that does
    not think."""
    template = _without_comments(template)
    code = " ".join(_code(template))
    variables = {found[1] for found in _VARIABLE.finditer(_LITERAL.sub(" ", code))}
    found = [name for name in (*SWITCHES, EFFORT) if name in variables]
    if EFFORT in found and NO_EFFORT in code:
        found.append(NO_EFFORT)
    if found or any(mark in template for mark in _MARKS):
        found.append(MARKED)
    return tuple(found)


def _without_comments(template: str) -> str:
    kept, at = [], 0
    while (begin := template.find("{#", at)) >= 0 and (end := template.find("#}", begin + 2)) >= 0:
        kept.append(template[at:begin])
        at = end + 2
    return "".join([*kept, template[at:]])


def _code(template: str) -> Iterator[str]:
    """Yield what stands between `{%` or `{{` and the end of it."""
    begun = -1
    for edge in _EDGE.finditer(template):
        if begun < 0 and edge[0][0] == "{":
            begun = edge.end()
        elif begun >= 0 and edge[0][1] == "}":
            yield template[begun : edge.start()]
            begun = -1


def stop(template: str) -> tuple[str, ...]:
    """Return tokens that end an answer and that llama.cpp may write out all the same.

    Of DeepSeek's templates llama.cpp (b11549) takes some to make the end of an answer part of a tool
    call, and then shows the token.
    """
    return tuple(token for token in ("<｜end▁of▁sentence｜>",) if token in template)


def explained(words: tuple[str, ...] | None) -> str:
    """Return for people what `--think` can do with a model whose template says that; None is a
    template that nobody looked at."""
    if words is None:
        return "?"
    if not words:
        return "no"
    if NO_EFFORT in words or any(switch in words for switch in SWITCHES):
        return "yes; --think off, low or high"
    if EFFORT in words:
        return "always; --think low or high"
    return "always, by its template; --think off or low ends it early"
