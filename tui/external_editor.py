"""A prompt written in the person's own editor: the terminal is theirs until the program ends."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

from textual.app import App, SuspendNotSupported

from hinterland.errors import InputError
from hinterland.text import clean, clean_line

_USUAL = ("sensible-editor", "nano", "vim", "vi", "emacs -nw", "ed")
"""What is tried where neither VISUAL nor EDITOR says."""
_TIME_TO_END = 0.3
"""Seconds an editor has to end when the terminal goes away."""


def program() -> list[str]:
    """Return the command line of the editor; raises InputError where there is none."""
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    try:
        lines = [shlex.split(each) for each in ([named] if named else _USUAL)]
    except ValueError:  # a quotation that does not end
        lines = []
    for words in lines:
        if words and shutil.which(words[0]):
            return words
    if named:
        raise InputError(
            f"The editor {clean_line(named, 100)} cannot be found.",
            "Set VISUAL or EDITOR to one that is installed.",
        )
    raise InputError("There is no editor here.", "Set VISUAL or EDITOR to one.")


async def edit(app: App[bool], text: str) -> str:
    """Return what a person made of `text` in their editor.

    Raises InputError, with the text unchanged, for an editor that is missing or fails.
    """
    words = program()
    try:
        # The folder has mode 0700: editors put their own copies beside a file.
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="hint-"))
    except OSError as error:
        raise _unusable(error) from error
    try:
        file = folder / "prompt.md"
        file.touch(0o600, exist_ok=False)
        await asyncio.to_thread(file.write_bytes, text.encode("utf-8", "replace"))
        code = await _run(app, [*words, str(file)])
        if code != 0:
            name = clean_line(Path(words[0]).name, 60)
            raise InputError(f"{name} ended with code {code}.", "The prompt is as it was.")
        written = await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        raise _unusable(error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return clean(written.decode("utf-8", "replace")).removesuffix("\n")


async def _run(app: App[bool], line: list[str]) -> int:
    loop = asyncio.get_running_loop()
    try:
        # Nothing is drawn meanwhile, but what arrives of an answer is taken in.
        with app.batch_update(), app.suspend():
            # Ctrl+C is the editor's while it runs, and its process group is ours.
            loop.add_signal_handler(signal.SIGINT, lambda: None)
            process = await asyncio.create_subprocess_exec(*line)
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                await _end(process)
                raise
    except SuspendNotSupported as error:
        raise InputError("No other program can be shown in this terminal.") from error
    app.refresh(layout=True)
    return code


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGHUP)
    try:
        await asyncio.wait_for(process.wait(), _TIME_TO_END)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()


def _unusable(error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError(
        f"The editor could not be used: {clean_line(reason)}.", "The prompt is as it was."
    )
