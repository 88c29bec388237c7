"""The place where triage is used: which rules it goes by, whom it tells to call, who answers for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hinterland import language as interface
from hinterland.config import DiagnosisSettings
from hinterland.language import N_
from hinterland.plugins.diagnosis.rules.pack import Pack, chosen
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary
from hinterland.text import clean_line

PACKS: Mapping[str, tuple[str, ...]] = {
    "lay": ("imci", "redflags"),
    "facility": ("imci", "redflags", "iitt"),
}
"""The packs of each setting; `policy` is always added."""
NO_NUMBER = N_("your local emergency number")
_LONGEST = 80  # characters of a name or a number that are shown


class Site(msgspec.Struct, frozen=True):
    """The settings `[diagnosis]`, as triage needs them."""

    setting: str
    health_worker: bool
    emergency_number: str
    """One clean line; "" when none is set."""
    answers_for_drafts: str
    """Who answers for rules that nobody has approved; "" when nobody does."""
    language: str
    audit: bool
    rules: Mapping[str, bool]
    """What rules ask for as `site.ID`."""

    @property
    def speaks(self) -> str:
        """The language of the advice, of two letters: the one that is set, else the interface's."""
        codes = (self.language, *interface.wanted(), "en")
        return next(filter(None, codes)).partition("_")[0].lower()

    def packs(self, vocabulary: Vocabulary, wanted: Sequence[str] = ()) -> tuple[Pack, ...]:
        """Return the packs that are wanted by name, else those of the setting.

        Raises InputError for a name that is not there and for a pack that cannot be used.
        """
        return chosen(tuple(wanted) or PACKS[self.setting], vocabulary)


def of(settings: DiagnosisSettings) -> Site:
    """Return the site that the settings describe."""
    return Site(
        settings.setting,
        settings.role == "health-worker",
        clean_line(settings.emergency_number, _LONGEST),
        clean_line(settings.accept_draft, _LONGEST),
        clean_line(settings.language, _LONGEST),
        settings.audit,
        {
            "malaria_risk": settings.malaria_risk,
            "chest_indrawing_red": settings.chest_indrawing_red,
        },
    )
