"""A deck for Anki: exercises as cards that turn, for pupils who have a telephone.

Only this module imports genanki. Deck, note type and notes keep their identifiers, so that a deck
imported again brings the cards up to date and leaves what Anki knows of them.
"""

from __future__ import annotations

import hashlib
import html
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from hinterland.text import clean

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_NOTE_TYPE = 1_706_421_873  # drawn once; Anki knows a note type by it
_STYLE = """\
.card { font-family: sans-serif; font-size: 20px; text-align: start; max-width: 40em; margin: auto; }
pre { text-align: start; overflow-x: auto; }
"""
_MATHEMATICS = re.compile(
    r"(?P<code>^ *(?P<fence>`{3,}|~{3,}).*?^ *(?P=fence)|(?P<tick>`+)[^`].*?(?<!`)(?P=tick)(?!`))"
    r"|(?<!\\)\\\((?P<inline>.+?)\\\)|(?<!\\)\\\[(?P<block>.+?)\\\]|\$\$(?P<dollars>.+?)\$\$"
    r"|(?<![\\$\w])\$(?P<dollar>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?![\d$])",
    re.DOTALL | re.MULTILINE,
)
"""The last one as Pandoc has it: what begins with a space or is followed by a digit is a price."""
_MARK = "\ue000{}\ue001"
_MARKED = re.compile("\ue000(\\d+)\ue001")


class Note(msgspec.Struct, frozen=True):
    """One card, in Markdown."""

    front: str
    back: str
    guid: str
    """The same for as long as the exercise is."""
    tags: tuple[str, ...] = ()


def note(
    exercise: str,
    prompt: str,
    answer: str,
    *,
    options: Sequence[str] = (),
    steps: Sequence[str] = (),
    passage: str = "",
    tags: Iterable[str] = (),
) -> Note:
    """Return the card of an exercise with its numbers in place: what is asked, and behind it the
    answer and the way there."""
    front = [passage, prompt, _listed(options)]
    back = [f"**{_escaped(answer)}**", _listed(steps)]
    return Note(
        "\n\n".join(part for part in front if part),
        "\n\n".join(part for part in back if part),
        hashlib.sha256(f"hinterland {exercise}".encode()).hexdigest()[:20],
        tuple("_".join(tag.split()) for tag in tags),
    )


def deck(name: str, notes: Iterable[Note], when: datetime) -> bytes:
    """Return the package (.apkg) of a deck with that name; of two notes with one guid the last."""
    import genanki

    model = genanki.Model(
        _NOTE_TYPE,
        "Hinterland",
        fields=[{"name": "Front"}, {"name": "Back"}],
        templates=[
            {
                "name": "Card 1",
                "qfmt": "{{Front}}",
                "afmt": "{{FrontSide}}\n\n<hr id=answer>\n\n{{Back}}",
            }
        ],
        css=_STYLE,
    )
    shown = genanki.Deck(_number(name), name)
    for each in {each.guid: each for each in notes}.values():
        shown.add_note(
            genanki.Note(
                model, [as_html(each.front), as_html(each.back)], guid=each.guid, tags=each.tags
            )
        )
    out = io.BytesIO()
    genanki.Package(shown).write_to_file(out, timestamp=when.timestamp())
    return out.getvalue()


def as_html(markdown: str) -> str:
    r"""Return a field of a note: Markdown as HTML that holds no tag of the text's own, mathematics in
    Anki's marks, \(…\) and \[…\], and otherwise as it was."""
    formulas: list[str] = []

    def keep(found: re.Match[str]) -> str:
        if found["code"]:
            return found[0]
        kind = found.lastgroup or ""
        text = html.escape(found[kind], quote=False)
        formulas.append(rf"\({text}\)" if kind in ("inline", "dollar") else rf"\[{text}\]")
        return _MARK.format(len(formulas) - 1)

    marked = _MATHEMATICS.sub(keep, clean(markdown).replace("\ue000", "").replace("\ue001", ""))
    shown = _renderer().render(marked)
    # What Anki would play or set in type: only text from outside has it.
    shown = re.sub(r"\[(?=(?:sound|anki|latex|/latex|\$|/\$))", "&#91;", shown)
    return _MARKED.sub(lambda found: formulas[int(found[1])], shown).strip()


def _renderer() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return (
        MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").disable("image")
    )


def _listed(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _escaped(text: str) -> str:
    # A bracket after a backslash would begin mathematics.
    return re.sub(r"([\\`*_<>#|$&])", r"\\\1", text).replace("[", "&#91;")


def _number(name: str) -> int:
    """Return the deck's identifier, from 2^30 to 2^31 as Anki's own tools draw them."""
    return (1 << 30) + int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % (1 << 30)
