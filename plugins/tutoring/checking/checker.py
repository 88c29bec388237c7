"""The checker that a lesson holds while it runs: it owns the process that does algebra."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from hinterland.plugins.tutoring.arithmetic import Unreadable
from hinterland.plugins.tutoring.checking import algebra, terms
from hinterland.plugins.tutoring.checking.algebra_process import SECONDS, AlgebraProcess
from hinterland.plugins.tutoring.checking.judgement import Judgement, StepFault
from hinterland.plugins.tutoring.checking.steps import faulty_step
from hinterland.plugins.tutoring.checking.verdicts import judge
from hinterland.plugins.tutoring.lessons import Posed


class Checker:
    """Judges answers and working; `async with` it, or `aclose` it."""

    def __init__(self, seconds: float = SECONDS) -> None:
        """`seconds` is what algebra may take for one answer or one working."""
        self._algebra = AlgebraProcess(seconds)

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
        """End the process that does algebra, if there is one; the next question starts another."""
        self._algebra.close()

    async def warm(self) -> None:
        """Start the process before it is needed; returns when it may be asked."""
        await self._algebra.start()

    @property
    def process(self) -> int | None:
        """The id of the process that does algebra, while there is one."""
        return self._algebra.pid

    async def judge(self, posed: Posed, answer: str) -> Judgement:
        """Return the verdict on a pupil's answer; raises PluginError where algebra cannot start."""
        with self._algebra.allowance():
            return await judge(posed, answer, self._algebra)

    async def faulty_step(
        self, posed: Posed, working: Sequence[str], answer: str = ""
    ) -> StepFault | None:
        """Return the first line that cannot be right; None where every step that can be computed is.

        With `answer`, the last line is also compared with what was answered.
        """
        with self._algebra.allowance():
            return await faulty_step(posed, working, answer, self._algebra)

    async def equivalent(self, one: str, other: str, letters: Sequence[str] = ()) -> bool | None:
        """Whether two terms, or two equations, are the same for every value of the letters.

        None where it could not be decided in time, and where one cannot be read.
        """
        names = tuple(letters)
        try:
            if "=" in one or "=" in other:
                first, second = (algebra.read_equation(x, "en", names) for x in (one, other))
                return await algebra.are_proportional(first, second, self._algebra)
            left, right = (terms.parse(each, "en", names) for each in (one, other))
        except Unreadable:
            return None
        return await algebra.are_equal(left, right, self._algebra)
