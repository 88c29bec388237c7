"""The checker that a lesson holds while it runs: it owns the process that does algebra."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from hinterland.plugins.tutoring.checking.judgement import Judgement, StepFault
from hinterland.plugins.tutoring.checking.verdicts import judge_plainly
from hinterland.plugins.tutoring.lessons import Posed


class Checker:
    """Judges answers and working; `async with` it, or `aclose` it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the process, if there is one."""

    async def warm(self) -> None:
        """Start the process before it is needed; returns when it may be asked."""

    async def judge(self, posed: Posed, answer: str) -> Judgement:
        """Return the verdict on a pupil's answer."""
        return judge_plainly(posed, answer)

    async def faulty_step(
        self, posed: Posed, working: Sequence[str], answer: str = ""
    ) -> StepFault | None:
        """Return the first line that cannot be right; None where every step that can be computed is.

        With `answer`, the last line is also compared with what was answered.
        """
        return None

    async def equivalent(self, one: str, other: str, letters: Sequence[str] = ()) -> bool | None:
        """Whether two terms are the same for every value of the letters; None where undecided."""
        return None
