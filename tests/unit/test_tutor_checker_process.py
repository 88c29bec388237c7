"""The checker's process: stopped, killed, left open, and kept from everything else."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hinterland.plugins.tutoring.checking import Checker, Verdict, terms
from hinterland.plugins.tutoring.checking.algebra_process import AlgebraProcess
from hinterland.plugins.tutoring.lessons import AnswerKind
from tests.tutor_checking import CHECKER, exercise


@pytest.fixture(autouse=True, scope="module")
def _closed() -> Iterator[None]:
    yield
    asyncio.run(CHECKER.aclose())


def _slow() -> tuple[terms.Node, terms.Node]:
    letters = ("x", "y")
    one = terms.parse("(x + y + 2)^29 (x - y + 3)^29 √(x + 1)", letters=letters)
    other = terms.parse("(x + y + 2)^28 (x - y + 3)^30 √(y + 1)", letters=letters)
    return one, other


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_question_that_takes_too_long_kills_the_process_and_the_next_one_is_answered() -> None:
    async def scene() -> None:
        process = AlgebraProcess(seconds=0.2)
        await process.start()
        first = process.pid
        assert first is not None
        assert await process.are_equal(*_slow()) is None
        assert not _runs(first)
        process._seconds = 30
        x, two = terms.parse("x", letters=("x",)), terms.parse("2x - x", letters=("x",))
        assert await process.are_equal(x, two) is True
        process.close()

    asyncio.run(scene())


def test_a_process_that_is_killed_from_outside_is_started_anew() -> None:
    async def scene() -> None:
        async with Checker() as checker:
            await checker.warm()
            first = checker.process
            assert first is not None
            os.kill(first, signal.SIGKILL)
            posed = exercise(AnswerKind.EXPRESSION, "2x + 6")
            found = [(await checker.judge(posed, "2(x + 3)")).verdict for _again in range(2)]
            assert found[-1] is Verdict.RIGHT
            assert checker.process not in (None, first)

    asyncio.run(scene())


def test_a_cancelled_question_does_not_answer_the_next_one() -> None:
    async def scene() -> None:
        async with Checker(seconds=30) as checker:
            await checker.warm()
            asked = asyncio.create_task(checker._algebra.are_equal(*_slow()))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            posed = exercise(AnswerKind.EXPRESSION, "2x + 6")
            assert (await checker.judge(posed, "2(x + 3)")).verdict is Verdict.RIGHT
            assert (await checker.judge(posed, "2(x + 4)")).verdict is Verdict.WRONG

    asyncio.run(scene())


def test_a_checker_left_open_takes_its_process_with_it() -> None:
    async def left_open() -> int:
        checker = Checker()
        await checker.warm()
        assert checker.process is not None
        return checker.process

    pid = asyncio.run(left_open())
    gc.collect()
    assert not _runs(pid)


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a process of its parent's end"
)
def test_the_process_ends_with_whoever_started_it() -> None:
    script = """
import asyncio, os, signal
from hinterland.plugins.tutoring.checking import Checker
async def scene():
    checker = Checker()
    await checker.warm()
    print(checker.process, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(scene())
"""
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False)
    pid = int(done.stdout)
    patience = time.monotonic() + 60
    while _runs(pid) and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < patience
        time.sleep(0.01)


def test_the_process_can_neither_reach_a_network_nor_start_a_program() -> None:
    script = """
import io, os, socket, subprocess, sys
from hinterland.plugins.tutoring.checking import solver
sys.addaudithook(solver._refuse)
for harm in (lambda: socket.create_connection(("127.0.0.1", 9)), lambda: subprocess.run(["true"]),
             lambda: os.system("true")):
    try:
        harm()
    except PermissionError:
        continue
    raise SystemExit("not refused")
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_numbers_and_words_are_judged_without_sympy_and_without_a_process() -> None:
    script = """
import asyncio, sys
from hinterland.plugins.tutoring.checking import Checker, accepts
from hinterland.plugins.tutoring.lessons import AnswerKind, Posed
async def scene():
    async with Checker() as checker:
        for kind, key in ((AnswerKind.NUMBER, "7/8"), (AnswerKind.QUANTITY, "7/8 L"), (AnswerKind.WORDS, "cat")):
            posed = Posed(id="a/b", objective="o", prompt="?", kind=kind, answers=(key,))
            assert (await checker.judge(posed, key)).verdict == "right"
            assert accepts(posed, key)
        assert checker.process is None
        posed = Posed(id="a/b", objective="o", prompt="?", kind=AnswerKind.EXPRESSION, answers=("2x",))
        assert (await checker.judge(posed, "x + x")).verdict == "right"
        assert checker.process is not None
asyncio.run(scene())
heavy = {"sympy", "mpmath", "numpy", "textual", "tinydb", "httpx2", "gcld3"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True)
