"""What is done with a translation besides writing it: its way back, and a reference to compare with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Self

import msgspec

from hinterland.plugins.languages import Language
from hinterland.plugins.translation import job
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.pipeline import Tally, Translated
from hinterland.plugins.translation.quality import score
from hinterland.plugins.translation.quality.back import Report, WayBack
from hinterland.plugins.translation.quality.reference import Reference
from hinterland.plugins.translation.setting import Setting


class Checks:
    """The checks that are wished for of one document; raises InputError for a reference that cannot
    be read."""

    def __init__(
        self, source: job.Source, wishes: Wishes, *, back: bool, reference: Path | None
    ) -> None:
        self._reference = None
        if reference is not None:
            self._reference = Reference(job.read(str(reference), source.form), wishes)
        self._way_back = WayBack() if back else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._way_back is not None:
            self._way_back.__exit__()

    def add(self, done: Translated) -> None:
        """Take a unit and its translation; raises InputError where the reference has no such unit."""
        if self._way_back is not None:
            self._way_back.add(done)
        if self._reference is not None:
            self._reference.add(done)

    def scores(self, target: Language) -> score.Scores | None:
        """Return how near the translation is to the reference, None where there is none; raises
        InputError where they are not of the same document."""
        if self._reference is None:
            return None
        self._reference.check()
        return score.against(self._reference.ours, self._reference.theirs, target.code)

    async def way_back(
        self, setting: Setting, origin: Language, say: Callable[[str], None]
    ) -> Report | None:
        """Return what comes back of what was translated from `origin`, None where that is not
        wished for; raises what translating raises."""
        if self._way_back is None:
            return None
        other = msgspec.structs.replace(
            setting, target=origin, origin=setting.target, term_files=()
        )
        async with other.translator(setting.target, Tally(), say=say) as translator:
            return await self._way_back.go(translator)
