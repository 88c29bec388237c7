"""The marks of an answer turned back into what they stand for, each exactly once."""

from __future__ import annotations

import functools
import re
from collections import Counter

from hinterland.plugins.translation.segments.masking import Mark, Masked, Style
from hinterland.plugins.translation.segments.nesting import is_nested_as
from hinterland.plugins.translation.segments.protected import units
from hinterland.plugins.translation.segments.unfit import Trouble, Unfit
from hinterland.plugins.translation.units import Code

_AMOUNT = re.compile(r"(.*\d)[ \u00a0\u202f]?(\D+)", re.DOTALL)
_LEFT_OVER = re.compile(r"<[xg]\d+/?>|</g\d+>|\[\[\d+\]\]", re.IGNORECASE)
_OPEN, _CLOSE = r"[<＜]\s*", r"\s*[>＞]"


def restored(masked: Masked, text: str) -> list[str | Mark]:
    """Return an answer's texts and marks in its order.

    A mark may stand there a little differently (`<x1>`, `［［1］］`), or as what it stands for. Raises
    Unfit where one is lost, doubled or out of place, or was not in the source.
    """
    if not masked.marks:
        found: list[str | Mark] = [text]
    else:
        found = _exactly(masked, text) or _loosely(masked, text)
        _check_places(masked, [each for each in found if isinstance(each, Mark)])
        if "`" not in masked.text and "`" in text:
            found = _without_ticks(found)
    for each in found:
        if isinstance(each, str) and ("[[" in each or "<" in each):
            _check_left_over(each)
    return found


def _without_ticks(found: list[str | Mark]) -> list[str | Mark]:
    """Return texts and marks without the backticks that a model put around marks, as around code."""
    result = list(found)
    for at in range(1, len(found) - 1):
        before, mark, after = result[at - 1 : at + 2]
        if isinstance(before, str) and isinstance(mark, Mark) and isinstance(after, str):
            ticked = before.endswith("`") and after.startswith("`")
            result[at - 1], result[at + 1] = (before[:-1], after[1:]) if ticked else (before, after)
    return result


def _check_left_over(text: str) -> None:
    if stray := _LEFT_OVER.search(text):
        raise Unfit(Trouble.MARK, f"The translation has {stray.group()} once too often.")


def _exactly(masked: Masked, text: str) -> list[str | Mark] | None:
    """Return texts and marks if every mark stands there as it was asked; None if not."""
    wanted = Counter(mark.token for mark in masked.marks)
    if any(text.count(token) != many for token, many in wanted.items()):
        return None
    pieces = _token_pattern(tuple(wanted)).split(text)
    if len(pieces) != 2 * len(masked.marks) + 1:
        return None  # one stands within another
    return _told_apart(masked, pieces)


@functools.lru_cache(maxsize=512)
def _token_pattern(tokens: tuple[str, ...]) -> re.Pattern[str]:
    longest = sorted(tokens, key=len, reverse=True)
    return re.compile("(" + "|".join(_bounded(each, re.escape(each)) for each in longest) + ")")


def _bounded(token: str, pattern: str) -> str:
    """Return a pattern that does not find 5% within 15%, nor /etc within /etc/hosts."""
    before = r"(?<![\d.,])" if token[0].isdigit() else ""
    after = r"(?!\d)" if token[-1].isdigit() else ""
    return f"{before}{pattern}{after}"


def _told_apart(masked: Masked, pieces: list[str]) -> list[str | Mark]:
    """Return split text with the mark of each token; equal ones are taken in their order."""
    waiting: dict[str, list[Mark]] = {}
    for mark in masked.marks:
        waiting.setdefault(mark.token, []).append(mark)
    return [
        piece if at % 2 == 0 else waiting[piece].pop(0)
        for at, piece in enumerate(pieces)
        if at % 2 or piece
    ]


def _loosely(masked: Masked, text: str) -> list[str | Mark]:
    """Return texts and marks where the model wrote some marks differently.

    Raises Unfit for marks that are lost or doubled.
    """
    waiting: dict[str, list[Mark]] = {}
    for mark in masked.marks:
        waiting.setdefault(mark.token, []).append(mark)
    looks = {token: _looks(marks[0], masked.style) for token, marks in waiting.items()}
    tokens = sorted(looks, key=len, reverse=True)
    pattern = re.compile("|".join(f"({looks[token]})" for token in tokens))
    result: list[str | Mark] = []
    at = 0
    for found in pattern.finditer(text):
        token = tokens[(found.lastindex or 1) - 1]
        if not waiting[token]:
            raise Unfit(Trouble.MARK, f"The translation has {_shown(token, masked)} too often.")
        result += [text[at : found.start()], waiting[token].pop(0)]
        at = found.end()
    lost = next((marks[0].token for marks in waiting.values() if marks), None)
    if lost is not None:
        raise Unfit(Trouble.MARK, f"The translation lost {_shown(lost, masked)}.")
    result.append(text[at:])
    return [each for each in result if each != ""]


def _shown(token: str, masked: Masked) -> str:
    """Return what people know a mark as."""
    kept = next(mark.kept for mark in masked.marks if mark.token == token)
    return kept if isinstance(kept, str) else "mark-up"


def _looks(mark: Mark, style: Style) -> str:
    """Return a pattern, without groups, of how a mark may stand in an answer."""
    looks = [_bounded(mark.token, re.escape(mark.token))]
    if tag := re.fullmatch(r"<(/?)(\w+?)(/?)>", mark.token):
        closing, name, alone = tag.groups()
        slash = r"/\s*" if closing else ""
        looks.append(f"{_OPEN}{slash}(?i:{name})" + (r"\s*/?" if alone else "") + _CLOSE)
    elif style is Style.BRACKETS:
        looks.append(rf"[\[［]\s*[\[［]\s*{mark.token[2:-2]}\s*[\]］]\s*[\]］]")
    if isinstance(mark.kept, str):
        looks.append(_bounded(mark.kept, re.escape(mark.kept)))
        if amount := _AMOUNT.fullmatch(mark.kept):
            number, unit = amount.groups()
            looks.append(_bounded(number, re.escape(number)) + r"\s?" + _unit_looks(unit))
    return "|".join(looks)


def _unit_looks(unit: str) -> str:
    written = units().written.get(unit, ()) or units().written.get(
        {"ml": "mL", "l": "L", "μg": "µg", "mcg": "µg", "℃": "°C"}.get(unit, ""), ()
    )
    return "(?:" + "|".join(map(re.escape, sorted({unit, *written}, key=len, reverse=True))) + ")"


def _check_places(masked: Masked, marks: list[Mark]) -> None:
    """Raise Unfit where mark-up no longer nests, or what a program fills in changed places."""
    wanted = [mark for mark in masked.marks if mark.in_order]
    if wanted != [mark for mark in marks if mark.in_order]:
        raise Unfit(
            Trouble.MARK, f"The translation has {wanted[0].kept} and its like in another order."
        )
    codes = [mark.kept for mark in marks if isinstance(mark.kept, Code)]
    source = [mark.kept for mark in masked.marks if isinstance(mark.kept, Code)]
    if codes != source and not is_nested_as(codes, source):
        raise Unfit(Trouble.MARK, "The translation's mark-up does not nest as the source's does.")
