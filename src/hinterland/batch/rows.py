"""What one row of a batch may say, and the request that it becomes."""

from __future__ import annotations

import hashlib
import os
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec

from hinterland.engine.protocol import Message, Priority, Request, Role, Sampling, Think
from hinterland.errors import ConfigError, HinterlandError, InputError
from hinterland.prompts import Prompt
from hinterland.text import clean_line

ROOM = 256
"""Tokens that a prompt has to leave for its answer, where the row does not say how long that may be."""

_MOST_SCHEMAS = 100  # remembered
_NOTHING_SAID = (None, None, None, None, None, ())
_BATCH = Priority.BATCH  # to look it up takes as long as to make a message
_FIELDS_NAMED = 20  # in a sentence

Files = str | tuple[str, ...]
MaxTokens = Annotated[int, msgspec.Meta(ge=1)]
Temperature = Annotated[float, msgspec.Meta(ge=0, le=5)]
TopP = Annotated[float, msgspec.Meta(ge=0, le=1)]
TopK = Annotated[int, msgspec.Meta(ge=0)]
Seed = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 2)]


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message of a row."""

    role: Role
    content: str


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row as people write it: `prompt` or `messages`, and what else is wished for it."""

    id: str | int | None = None
    prompt: str | None = None
    messages: tuple[Said, ...] | None = None
    system: str | None = None
    schema: dict[str, Any] | None = None
    image: Files = ()
    file: Files = ()
    max_tokens: MaxTokens | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    top_k: TopK | None = None
    seed: Seed | None = None
    stop: str | tuple[str, ...] = ()
    model: str | None = None
    tool: str | None = None
    think: Think | None = None
    metadata: Any = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every row that does not say otherwise."""

    model: str | None = None
    system: str | None = None
    schema: dict[str, Any] | None = None
    sampling: Sampling = field(default_factory=Sampling)
    think: Think | None = None
    tool: str | None = None
    template: Prompt | None = None
    identity: str = ""
    """What tells the default model from another of its name, for the fingerprint."""
    folder: Path = field(default_factory=Path)
    """Where the names of files in rows begin."""


class Piece(msgspec.Struct, kw_only=True):
    """A row that is ready to be asked, or the reason why it cannot be."""

    line: int
    """Where it stands in its file, counted from 1."""
    id: str | int
    fingerprint: str = ""
    """16 hexadecimal digits of the run's model and settings and of the row: see `Maker`."""
    request: Request | None = None
    tool: str = ""
    images: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()
    metadata: Any = None
    error: HinterlandError | None = None
    length: int = 0
    """How much work it is likely to be, in characters."""
    tries: int = 0
    """How often an engine has failed at it."""


class Maker:
    """Makes pieces of rows, with the defaults of a run."""

    def __init__(self, defaults: Defaults) -> None:
        self._defaults = defaults
        template = defaults.template
        settings = [
            defaults.identity,
            defaults.model,
            defaults.system,
            defaults.schema,
            defaults.sampling,
            defaults.think,
            defaults.tool,
            template and [template.system, template.template],
        ]
        hashed = hashlib.blake2b(msgspec.json.encode(settings), digest_size=4)
        self._settings = int.from_bytes(hashed.digest(), "big") << 32
        self._schemas: set[bytes] = set()

    def fingerprints(self, data: list[bytes]) -> list[int]:
        """Return a number of 64 bits for each line of input: it stands for all that decides the
        answer. The upper half is the run's settings, the lower one the CRC-32 of the line and of
        the size and time of the files that it names."""
        whole = b"\n".join(data)
        if whole.find(b'"file"') >= 0 or whole.find(b'"image"') >= 0:  # `in` takes 5 times as long
            data = [self._with_stamps(line) for line in data]
        return list(map(self._settings.__or__, map(zlib.crc32, data)))

    def piece(
        self,
        line: int,
        name: str | int,
        fingerprint: str,
        row: Row,
        fields: dict[str, Any] | None = None,
    ) -> Piece:
        """Return the piece of a row; `fields` is the whole row, for a template.

        Raises InputError for a row that cannot be asked.
        """
        defaults = self._defaults
        sampling = self._sampling(row)
        if row.schema is not None:
            self._check(row.schema)
        request = Request(
            self._messages(line, row, fields),
            row.model or defaults.model,
            sampling,
            row.schema if row.schema is not None else defaults.schema,
            priority=_BATCH,
            think=row.think or defaults.think,
            usual=row.think is None,
            room=ROOM,
        )
        length = 4 * (sampling.max_tokens or 0)
        for message in request.messages:
            length += len(message.content)
        return Piece(
            line=line,
            id=name,
            fingerprint=fingerprint,
            request=request,
            tool=row.tool or defaults.tool or "",
            images=self._paths(row.image) if row.image else (),
            files=self._paths(row.file) if row.file else (),
            metadata=row.metadata,
            length=length,
        )

    def _sampling(self, row: Row) -> Sampling:
        wanted = self._defaults.sampling
        said = (row.max_tokens, row.temperature, row.top_p, row.top_k, row.seed, row.stop)
        if said == _NOTHING_SAID:
            return wanted
        return Sampling(
            row.max_tokens if row.max_tokens is not None else wanted.max_tokens,
            row.temperature if row.temperature is not None else wanted.temperature,
            row.top_p if row.top_p is not None else wanted.top_p,
            row.top_k if row.top_k is not None else wanted.top_k,
            row.seed if row.seed is not None else wanted.seed,
            ((row.stop,) if isinstance(row.stop, str) else row.stop) or wanted.stop,
        )

    def _messages(self, line: int, row: Row, fields: dict[str, Any] | None) -> tuple[Message, ...]:
        template = self._defaults.template
        system = row.system if row.system is not None else self._defaults.system
        prompt = row.prompt
        if template is not None:
            if row.messages is not None:
                raise InputError("A template makes the prompt: the row has messages.", "Leave one.")
            system = row.system or template.system or self._defaults.system
            prompt = _filled(template, line, fields or {})
        if row.messages is not None:
            if prompt is not None:
                raise InputError("The row has a prompt and messages.", "Leave one of them out.")
            if not row.messages:
                raise InputError("The row's messages are empty.", 'Give it a "prompt".')
            said = tuple(Message(each.role, each.content) for each in row.messages)
            if system and said[0].role != "system":
                return (Message("system", system), *said)
            return said
        if prompt is None or not prompt.strip():
            raise InputError("The row has no prompt.", 'Give it a "prompt" or "messages".')
        if system:
            return (Message("system", system), Message("user", prompt))
        return (Message("user", prompt),)

    def _check(self, schema: dict[str, Any]) -> None:
        """Raise InputError for a schema that cannot be used; each is looked at once."""
        encoded = msgspec.json.encode(schema)
        if encoded not in self._schemas:
            from hinterland import schemas

            schemas.check(schema)
            if len(self._schemas) < _MOST_SCHEMAS:
                self._schemas.add(encoded)

    def _paths(self, names: Files) -> tuple[Path, ...]:
        listed = (names,) if isinstance(names, str) else names
        return tuple(self._defaults.folder / each for each in listed)

    def _with_stamps(self, data: bytes) -> bytes:
        """Return a line with what tells the files that it names from what they were before."""
        try:
            row = _FILES.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return data
        paths = self._paths(row.image) + self._paths(row.file)
        return data + msgspec.json.encode([_stamp(path) for path in paths]) if paths else data


def unusable(line: int, error: Exception) -> InputError:
    """Return what to say of a row that cannot be read."""
    if isinstance(error, UnicodeDecodeError):
        return InputError(f"Line {line} is not UTF-8 text.", "Save the file as UTF-8.")
    reason, _, place = str(error).removeprefix("JSON is malformed: ").partition(" - at `$")
    reason = reason.replace("Input data was truncated", "it ends too early")
    where = place.rstrip("`").lstrip(".")
    reason = clean_line(f"{where}: {reason}" if where else reason, 200)
    if isinstance(error, msgspec.ValidationError):
        return InputError(
            f"Line {line} is not a row: {reason}.", "See docs/batch.md for the fields."
        )
    return InputError(f"Line {line} is not JSON: {reason}.", "Mend that line; the others went on.")


def _filled(template: Prompt, line: int, fields: dict[str, Any]) -> str:
    try:
        return template.render(**fields)
    except ConfigError as error:
        names = ", ".join(clean_line(name, 40) for name in list(fields)[:_FIELDS_NAMED])
        reason = clean_line(str(error.__cause__).rstrip("."), 200)
        raise InputError(
            f"Line {line} cannot fill the template {template.file.name}: {reason}.",
            f"The row has the fields {names or 'none'}.",
        ) from error


def _stamp(path: Path) -> list[Any]:
    """Return what tells a file from what it was before; a missing one is told of when it is read."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # a name can hold what no name may
        return [repr(path)]
    return [str(path), found.st_size, found.st_mtime_ns]


class _Files(msgspec.Struct, frozen=True):
    image: Files = ()
    file: Files = ()


_FILES = msgspec.json.Decoder(_Files)
