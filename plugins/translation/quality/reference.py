"""A translation that people made, told unit by unit, to compare with."""

from __future__ import annotations

from hinterland.errors import InputError
from hinterland.plugins.translation.job import Source
from hinterland.plugins.translation.pipeline import Translated
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.units import text_of


class Reference:
    """Compares the units of a translation, in order, with those of a document that is one already.

    Raises InputError where that document is broken.
    """

    def __init__(self, source: Source, wishes: Wishes) -> None:
        self._name = source.title
        self._messages = _messages(source.data) if source.form == "po" else None
        self._texts = (
            []
            if self._messages is not None
            else [text_of(unit.parts) for unit in source.open(wishes).units()]
        )
        self._at = 0
        self.ours: list[str] = []
        self.theirs: list[str] = []

    def add(self, done: Translated) -> None:
        """Take a unit with its translation; one that stayed as it is counts as its source.

        Raises InputError where the two documents have not the same units.
        """
        source = text_of(done.unit.parts)
        if self._messages is not None:
            theirs = self._messages.get(source, "")
        else:
            if self._at >= len(self._texts):
                raise self._differs()
            theirs = self._texts[self._at]
            self._at += 1
        if theirs.strip() and not done.unit.done:
            self.theirs.append(theirs)
            self.ours.append(source if done.parts is None else text_of(done.parts))

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
    """Return what a gettext catalogue translates each message to."""
    import polib

    entries = polib.pofile(data.decode("utf-8-sig"))
    return {each.msgid: each.msgstr for each in entries if each.translated()}
