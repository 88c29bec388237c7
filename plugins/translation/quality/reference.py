"""A translation that people made, told unit by unit, to compare with."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hinterland.errors import InputError
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.gettext_entries import entries
from hinterland.plugins.translation.formats.gettext_messages import pieces
from hinterland.plugins.translation.job import Source
from hinterland.plugins.translation.pipeline import Translated
from hinterland.plugins.translation.units import Parts

_NUMBERED = re.compile(r"%\d+\$")


class Reference:
    """Compares the units of a translation, in order, with those of a document that is one already.

    In a gettext catalogue it is the same message that is compared, wherever it stands; messages
    that it has no translation of are left out.

    Raises InputError where that document is broken.
    """

    def __init__(self, source: Source, wishes: Wishes) -> None:
        self._name = source.title
        self._messages = _messages(source.data) if source.form == "po" else None
        self._texts = (
            []
            if self._messages is not None
            else [_shown(unit.parts) for unit in source.open(wishes).units()]
        )
        self._at = 0
        self.ours: list[str] = []
        self.theirs: list[str] = []

    def add(self, done: Translated) -> None:
        """Take a unit with its translation; one that stayed as it is counts as its source.

        Raises InputError where the two documents have not the same units.
        """
        source = _shown(done.unit.parts)
        if self._messages is not None:
            theirs = self._messages.get(source, "")
        else:
            if self._at >= len(self._texts):
                raise self._differs()
            theirs = self._texts[self._at]
            self._at += 1
        if theirs.strip() and not done.unit.done:
            self.theirs.append(theirs)
            self.ours.append(source if done.parts is None else _shown(done.parts))

    def check(self) -> None:
        """Raise InputError where the reference has more units than there were."""
        if self._at < len(self._texts):
            raise self._differs()

    def _differs(self) -> InputError:
        return InputError(
            f"{self._name} is not a translation of the same document: it has other parts.",
            "The reference has to have the same paragraphs, cues or cells in the same order.",
        )


def _messages(data: bytes) -> dict[str, str]:
    """Return the texts of a gettext catalogue, cut as its units are, with their translations."""
    found: dict[str, str] = {}
    for entry in entries(data, 3 if data.startswith(b"\xef\xbb\xbf") else 0):
        if entry.is_header or entry.is_fuzzy or not entry.msgid:
            continue
        first = entry.forms.get(0, "")
        for source, translation in (
            (entry.msgid, first),
            (entry.plural or "", entry.forms.get(1, first)),
        ):
            ours, theirs = _texts(source, entry.flags), _texts(translation, entry.flags)
            if len(ours) == len(theirs):
                found |= {name: text for name, text in zip(ours, theirs, strict=True) if text}
    return found


def _texts(raw: str, flags: Sequence[str]) -> list[str]:
    return [_shown(piece.parts) for piece in pieces(raw, flags) if not piece.fixed] if raw else []


def _shown(parts: Parts) -> str:
    """Return words and codes as they are written; an argument with a number is one without."""
    said = "".join(part if isinstance(part, str) else part.source for part in parts)
    return _NUMBERED.sub("%", said)
