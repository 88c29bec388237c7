"""Reads a file that a user named: never a pipe that nobody writes to, never more than a limit."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from hinterland.errors import InputError

# A pipe that the shell opened for us (`--file <(…)`); any other pipe might never be written to.
_SHELL_PIPES = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")


def read_file(path: Path, most: int, *, subject: str, wanted: str, too_large: str) -> bytes:
    """Return the bytes of `path`, `most` of them at most; raises InputError.

    `subject` begins the sentence of an error, `wanted` says what to name instead of something that
    is no file, `too_large` what to do about a file that is too large.
    """
    try:
        # Without O_NONBLOCK, opening a pipe waits for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            facts = os.fstat(descriptor)
            _check_kind(path, facts.st_mode, wanted)
            os.set_blocking(descriptor, True)
            with open(descriptor, "rb", closefd=False) as file:
                data = file.read(most + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError(
            f"{subject} cannot be read: {_reason(error)}.", "Check its name and permissions."
        ) from error
    size = max(facts.st_size, len(data))
    if size > most:
        about = f"{size / 1e6:,.0f} MB" if facts.st_size else "larger"
        raise InputError(
            f"{subject} is {about}; at most {most / 1e6:.0f} MB can be read.", too_large
        )
    return data


def _check_kind(path: Path, mode: int, wanted: str) -> None:
    if stat.S_ISDIR(mode):
        raise InputError(f"{path} is a folder.", "Attach its files one by one.")
    from_shell = stat.S_ISFIFO(mode) and str(path).startswith(_SHELL_PIPES)
    if not stat.S_ISREG(mode) and not from_shell:
        raise InputError(f"{path} is not a file.", wanted)


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return {
            errno.ENOENT: "there is no such file",
            errno.EACCES: "its permissions forbid it",
        }.get(error.errno, os.strerror(error.errno))
    return str(error)
