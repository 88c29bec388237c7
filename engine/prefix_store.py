"""Prefix states on disk: what a worker had read of a prompt, so that a later start need not read it.

Two files a state, both 0600: NAME.state is the worker's own format, NAME.json says what it belongs
to and its digest. llama.cpp checks nothing of a state file: one with a flipped bit gives wrong
answers and a short one kills the worker. So no state is handed out that is not byte for byte the
one that was saved, by the same engine from the same model. A state may vanish at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from hinterland.errors import HinterlandError, StorageError
from hinterland.paths import private_folder

log = logging.getLogger("hinterland.engine")

VERSION = 1
_STATE, _FACTS, _PART = ".state", ".json", ".part"
TOKEN_BYTES = 4
_SHARE_OF_FREE_DISK = 10


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a saved state."""

    version: int = VERSION
    name: str
    """Of its files, without the suffix."""
    owner: str
    """Whose it is: see `of_conversation` and `of_prompt`."""
    turn: str = ""
    """The turn it was saved after."""
    key: str
    """The engine and the model that made it, and whatever else shapes it."""
    tokens: bytes
    """The exact tokens it holds: int32, little-endian."""
    size: int
    """Bytes of the state file."""
    sha256: str

    @property
    def length(self) -> int:
        """How many tokens it holds."""
        return len(self.tokens) // TOKEN_BYTES


def of_conversation(conversation_id: str) -> str:
    """Return the owner that a conversation's states have."""
    return f"conversation/{conversation_id}"


def of_prompt(name: str) -> str:
    """Return the owner that the states of a named prompt have."""
    return f"prompt/{name}"


def forget(folder: Path, owner: str) -> None:
    """Remove every state of `owner`, finished or being saved, whether or not a service runs.

    Raises StorageError when one cannot be removed.
    """
    try:
        for path in folder.glob(f"{_mark(owner)}-*"):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"A saved prefix in {folder} cannot be removed: {error.strerror or error}.",
            "Mend the folder's permissions; the engine then removes it when it next starts.",
        ) from error


def common(a: bytes, b: bytes) -> int:
    """Return how many tokens two sequences begin with in common."""
    low, high = 0, min(len(a), len(b)) // TOKEN_BYTES
    while low < high:
        middle = (low + high + 1) // 2
        if a[: middle * TOKEN_BYTES] == b[: middle * TOKEN_BYTES]:
            low = middle
        else:
            high = middle - 1
    return low


class PrefixStore:
    """The states in a folder, at most `limit` bytes of them and a tenth of the free disk; the least
    recently used go first. Its methods may block and be called from any thread; none raises: what
    cannot be kept is not kept."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self._limit = limit
        self._states: dict[str, State] = {}
        self._verified: dict[str, tuple[int, ...]] = {}
        self._lock = threading.RLock()

    def load(self, is_wanted: Callable[[State], bool]) -> None:
        """Read what is there; what is unreadable, left over or not wanted any more is removed."""
        with self._lock, _tolerated("saved prefixes cannot be read"):
            if self._limit:
                private_folder(self.folder)
            names = {path.name.partition(".")[0] for path in _listed(self.folder)}
            for name in names:
                state = self._read(name)
                if self._limit and state is not None and is_wanted(state):
                    self._states[name] = state
                else:
                    self._remove(name)
            self._make_room()

    def best(self, key: str, tokens: bytes, longest: int) -> tuple[State, int] | None:
        """Return the state of at most `longest` tokens that begins most like `tokens`, and how many
        tokens they share."""
        with self._lock:
            found = [
                (common(state.tokens, tokens), state)
                for state in self._states.values()
                if state.key == key and state.length <= longest
            ]
        if not found:
            return None
        shared, state = max(found, key=lambda each: (each[0], -each[1].length))
        return state, shared

    def of(self, owner: str, key: str) -> State | None:
        """Return the state of `owner` for that engine and model, if there is one."""
        with self._lock:
            mine = (s for s in self._states.values() if s.owner == owner and s.key == key)
            return next(mine, None)

    def is_sound(self, state: State) -> bool:
        """Whether the state's file is the one that was saved; one that is not is removed."""
        path = self.folder / (state.name + _STATE)
        try:
            stamp = _stamp(path)
            if self._verified.get(state.name) == stamp:
                return True
            if stamp[0] == state.size and _sha256(path) == state.sha256:
                self._verified[state.name] = stamp
                return True
            log.warning("a saved prefix is damaged and is not used")
        except FileNotFoundError:
            pass  # deleted with its conversation
        except OSError as error:
            log.warning("a saved prefix cannot be read: %s", error.strerror)
        self.drop(state)
        return False

    def file(self, state: State) -> str:
        """Return the name of the state's file in the folder."""
        return state.name + _STATE

    def part(self, owner: str) -> Path:
        """Return where a worker may write a state of `owner`, to be `add`ed or `discard`ed."""
        return self.folder / f"{_mark(owner)}-{os.urandom(8).hex()}{_PART}"

    def add(self, part: Path, owner: str, turn: str, key: str, tokens: bytes) -> State | None:
        """Keep what a worker wrote to `part` in place of the owner's older state; None when it
        cannot be kept."""
        name = part.name.removesuffix(_PART)
        with _tolerated("a prefix is not saved"):
            size = part.stat().st_size
            if size <= self._room():
                state = State(
                    name=name,
                    owner=owner,
                    turn=turn,
                    key=key,
                    tokens=tokens,
                    size=size,
                    sha256=_sha256(part),
                )
                with part.open("rb") as file:
                    os.fsync(file.fileno())
                part.rename(self.folder / (name + _STATE))
                _write(self.folder / (name + _FACTS), msgspec.json.encode(state))
                with self._lock:
                    older = self.of(owner, key)
                    self._states[name] = state
                    self._verified[name] = _stamp(self.folder / (name + _STATE))
                    if older is not None:
                        self.drop(older)
                    self._make_room()
                return state
            log.info("a prefix of %d bytes is not saved: there is no room for it", size)
        self._remove(name)
        return None

    def discard(self, part: Path) -> None:
        """Remove what a worker wrote to `part`."""
        self._remove(part.name.removesuffix(_PART))

    def used(self, state: State) -> None:
        """Note that the state was of use: it will go later than others."""
        with contextlib.suppress(OSError):
            os.utime(self.folder / (state.name + _FACTS))

    def drop(self, state: State) -> None:
        """Remove a state."""
        with self._lock:
            self._states.pop(state.name, None)
            self._verified.pop(state.name, None)
            self._remove(state.name)

    def room_for(self, key: str, tokens: int) -> bool:
        """Whether a state of so many tokens may fit, judged by those that were saved before."""
        with self._lock:
            sizes = [s.size / s.length for s in self._states.values() if s.key == key and s.length]
            with _tolerated("the disk cannot be asked for its free space"):
                return not sizes or max(sizes) * tokens <= self._room()
        return False

    def _room(self) -> int:
        """Return how many bytes all states together may have."""
        free = shutil.disk_usage(self.folder).free
        return min(self._limit, (free + self._total()) // _SHARE_OF_FREE_DISK)

    def _total(self) -> int:
        return sum(state.size for state in self._states.values())

    def _make_room(self) -> None:
        """Remove the least recently used states until the rest is within bounds."""
        while self._states and self._total() > self._room():
            oldest = min(self._states.values(), key=self._last_use)
            log.info("a saved prefix of %d bytes makes room", oldest.size)
            self.drop(oldest)

    def _last_use(self, state: State) -> float:
        try:
            return (self.folder / (state.name + _FACTS)).stat().st_mtime
        except OSError:
            return 0.0

    def _read(self, name: str) -> State | None:
        facts = self.folder / (name + _FACTS)
        try:
            state = msgspec.json.decode(facts.read_bytes(), type=State)
            sound = state.version == VERSION and state.name == name
            whole = (self.folder / (name + _STATE)).stat().st_size == state.size
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return state if sound and whole else None

    def _remove(self, name: str) -> None:
        """Remove every file of that name, a worker's additions to it included."""
        with _tolerated("a saved prefix cannot be removed"):
            for path in _listed(self.folder):
                if path.name.partition(".")[0] == name:
                    path.unlink(missing_ok=True)


def _mark(owner: str) -> str:
    """Return what the file names of an owner's states begin with."""
    return hashlib.sha256(owner.encode()).hexdigest()[:32]


def _listed(folder: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folder) if entry.is_file()]
    except FileNotFoundError:
        return []


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(path: Path) -> tuple[int, ...]:
    """Return what changes when anybody writes to the file."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _write(path: Path, content: bytes) -> None:
    """Write a new file with mode 0600; a power cut may leave it torn, which `load` notices."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "wb") as output:
        output.write(content)


@contextlib.contextmanager
def _tolerated(what: str) -> Iterator[None]:
    """Log what the disk refuses: a prefix that is lost costs time and nothing else."""
    try:
        yield
    except (OSError, HinterlandError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        log.warning("%s: %s", what, reason)
