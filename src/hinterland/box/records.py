"""What the box keeps of a class: results of quizzes, in numbers, and, where the role file says so,
transcripts. Files of the service, 0600, for the class's teachers through the service alone."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from hinterland import durable
from hinterland.box.emptying import Emptied
from hinterland.errors import InputError, StorageError
from hinterland.paths import private_folder

SCHEMA_VERSION = 1
MOST_A_DAY = 50
"""Results of one pupil on one day."""
_LARGEST = 64 << 20
"""Bytes of one user's file; what comes later is refused."""

Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}/[a-z0-9][a-z0-9-]{0,63}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class Marked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one question of a quiz went."""

    exercise: Id
    right: bool


class Handed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a pupil's `hint` hands in: numbers, and the names that exercises have in their lessons."""

    seed: Annotated[int, msgspec.Meta(ge=0)]
    sheet: Count
    seconds: Count
    questions: Annotated[tuple[Marked, ...], msgspec.Meta(min_length=1, max_length=500)]


class Begun(msgspec.Struct, frozen=True):
    """The same in the pupil's own folder, as far as it was done."""

    seed: int
    sheet: int
    seconds: Count
    questions: tuple[Marked, ...] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A result that was handed in; the pupil is who the kernel says."""

    uid: int
    when: datetime
    topic: str
    """The role file's."""
    handed: Handed
    schema: int = SCHEMA_VERSION

    @property
    def right(self) -> int:
        """How many questions were answered rightly."""
        return sum(each.right for each in self.handed.questions)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt and its answer, of which the pupil was told that the teacher can read them."""

    uid: int
    when: datetime
    conversation: str = ""
    turn: str = ""
    model: str = ""
    prompt: str
    images: int = 0
    answer: str
    whole: bool
    """Whether the answer came to its end while the pupil read."""
    failed: bool = False
    """Whether the pupil was told that there is no answer, or no more of it."""
    schema: int = SCHEMA_VERSION

    @property
    def is_answered(self) -> bool:
        """Whether something came of it: nothing does where it was left in line."""
        return bool(self.answer or self.model or self.failed)


class _Turn(msgspec.Struct, frozen=True):
    """What tells one `Said` from another, and whether it was answered."""

    turn: str = ""
    model: str = ""
    answer: msgspec.Raw = msgspec.Raw(b'""')
    failed: bool = False

    @property
    def is_answered(self) -> bool:
        return bool(self.model or self.failed) or bytes(self.answer) != b'""'


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A teacher has looked at transcripts."""

    by: int
    when: datetime
    uid: int | None = None
    """Whose; None for those of all."""


Line = TypeVar("Line", Result, Said, _Turn, Read)


class Records:
    """The folder of one class. Everything raises StorageError, and may wait for the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def hand_in(self, result: Result) -> None:
        """Keep a result; raises InputError for more than anybody needs on a day."""
        today = [
            each for each in self.results(result.uid) if each.when.date() == result.when.date()
        ]
        if len(today) >= MOST_A_DAY:
            raise InputError(f"{MOST_A_DAY} results were handed in today.", "That is the most.")
        self._add(self._file("results", result.uid), result)

    def results(self, uid: int | None = None) -> list[Result]:
        """Return the results of a user, or of all, the first ones first."""
        return sorted(self._all("results", Result, uid), key=lambda each: each.when)

    def write(self, said: Said) -> None:
        """Keep a prompt and its answer."""
        self._add(self._file("transcripts", said.uid), said)

    def transcripts(self, uid: int | None, by: int, now: datetime) -> list[Said]:
        """Return the transcripts of a user, or of all, the first ones first; that somebody looked is
        on the disk before they are read. A question is one when it was answered: until then it waits
        for an answer that the pupil may still fetch."""
        self._add(self.folder / "reads.jsonl", Read(by=by, when=now, uid=uid))
        return self._said(uid)

    def kept_of(self, uid: int) -> int:
        """Return how many transcripts there are of a user, without bringing their words into memory."""
        turns = _lines(self._file("transcripts", uid), _Turn)
        return len({said.turn or number for number, said in enumerate(turns) if said.is_answered})

    def reads_of(self, uid: int) -> list[Read]:
        """Return when somebody looked at the transcripts of a user."""
        return [
            each for each in _lines(self.folder / "reads.jsonl", Read) if each.uid in (None, uid)
        ]

    def kept(self) -> dict[str, list[int]]:
        """Return of whom something of each kind is kept, also of those who have left the class."""
        return {
            kind: sorted(int(each.stem) for each in self._files(kind))
            for kind in ("results", "transcripts")
        }

    def remove(self, kinds: list[str], uids: list[int] | None) -> list[Emptied]:
        """Remove files of users, None being all of whom there are any, for good, and return what they
        were."""
        kept = self.kept()
        found = []
        for kind in kinds:
            for uid in kept[kind] if uids is None else uids:
                file = self._file(kind, uid)
                if file.exists():
                    with _locked(file):
                        content = _content(file)
                        digest = hashlib.sha256(content).hexdigest()
                        durable.remove_file(file)
                    found.append(Emptied(f"box/{kind}", file.name, len(content), digest))
        return found

    def _said(self, uid: int | None) -> list[Said]:
        """Return transcripts by time; an answer that was read in pieces is one."""
        found: dict[tuple[int, str], Said] = {}
        for number, said in enumerate(self._all("transcripts", Said, uid)):
            key = said.uid, said.turn or str(number)
            known = found.get(key, said)
            longer = said if len(said.answer) >= len(known.answer) else known
            found[key] = msgspec.structs.replace(
                longer,
                when=known.when,
                prompt=known.prompt or said.prompt,
                images=max(known.images, said.images),
                conversation=known.conversation or said.conversation,
                model=longer.model or known.model or said.model,
                whole=known.whole or said.whole,
                failed=known.failed or said.failed,
            )
        answered = (each for each in found.values() if each.is_answered)
        return sorted(answered, key=lambda each: each.when)

    def _file(self, kind: str, uid: int) -> Path:
        return self.folder / kind / f"{uid}.jsonl"

    def _files(self, kind: str) -> list[Path]:
        found = (self.folder / kind).glob("*.jsonl")
        return sorted(each for each in found if each.stem.isdecimal())

    def _all(self, kind: str, line: type[Line], uid: int | None) -> Iterator[Line]:
        for file in self._files(kind) if uid is None else [self._file(kind, uid)]:
            yield from _lines(file, line)

    def _add(self, file: Path, line: Line) -> None:
        private_folder(file.parent)
        encoded = msgspec.json.encode(line) + b"\n"
        with _locked(file):
            try:
                flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
                opened = os.open(file, flags, 0o600)
                try:
                    size = os.fstat(opened).st_size
                    if size + len(encoded) > _LARGEST:
                        raise StorageError(
                            f"The file {file} is full ({_LARGEST >> 20} MB).",
                            "`hint box class wipe` with --transcripts or --results empties it.",
                        )
                    if size and os.pread(opened, 1, size - 1) != b"\n":  # a power cut tore the last
                        encoded = b"\n" + encoded
                    left = memoryview(encoded)
                    try:
                        while left:  # a disk that becomes full takes a part
                            left = left[os.write(opened, left) :]
                        os.fsync(opened)
                    except OSError:
                        os.ftruncate(opened, size)
                        raise
                finally:
                    os.close(opened)
            except OSError as error:
                raise durable.not_written(file, error) from error


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold a file's folder; the file itself may be removed meanwhile."""
    try:
        folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise durable.not_written(file, error) from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _lines(file: Path, kind: type[Line]) -> Iterator[Line]:
    try:
        with file.open("rb") as lines:  # one at a time: all of them may be a hundred megabytes
            for line in lines:
                with suppress(msgspec.MsgspecError, UnicodeDecodeError):  # a power cut tore it
                    yield msgspec.json.decode(line, type=kind)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unreadable(file, error) from error


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The file {file} cannot be read: {error.strerror}.", "Mend its permissions."
    )
