"""What comes out of a row: an answer, or the reason why there is none."""

from __future__ import annotations

import sys
from array import array
from typing import Annotated, Any, TypeVar

import msgspec

from hinterland.engine.protocol import FinishReason, Usage
from hinterland.errors import HinterlandError, name_of

T = TypeVar("T")


class Reason(msgspec.Struct, frozen=True):
    """Why a row has no answer; `kind` is a class name of `hinterland.errors`."""

    kind: str
    message: str
    hint: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The outcome of one row; with `error` it failed, and `answer` is what there was of it."""

    id: str | int
    answer: str | None = None
    data: Any = msgspec.UNSET
    """The answer as JSON, where a schema was given."""
    reasoning: str = ""
    finish_reason: FinishReason | None = None
    model: str = ""
    usage: Usage | None = None
    fingerprint: str = ""
    line: int | None = None
    """Where a row that failed stands in its file."""
    error: Reason | None = None
    metadata: Any = None


class Failure(msgspec.Struct, frozen=True):
    """That a row has failed, whatever the reason."""


class Known(msgspec.Struct, frozen=True):
    """What a line of results says of a row: enough to know whether it is done. Whatever has no
    fingerprint is no result: a file of rows is not taken for one of results."""

    id: str | int
    fingerprint: Annotated[str, msgspec.Meta(min_length=16, max_length=16)]
    error: Failure | None = None


NOT_A_RESULT = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)
"""What reading a line as a result raises when it is none."""


def one_a_line(decoder: msgspec.json.Decoder[T], block: bytes) -> list[T]:
    """Return the object in each line of a block; raises msgspec.MsgspecError, UnicodeDecodeError or
    RecursionError where a line has none, or more than one."""
    found: list[T] = decoder.decode_lines(block)
    # It takes any white space between and within objects. In JSON a brace that ends something and
    # one that begins something have no white space alone between them but where an object ends.
    if not len(found) == block.count(b"\n") == block.count(b"}\n{") + 1:
        raise msgspec.DecodeError("a line is no object")
    return found


def numbers(fingerprints: list[str]) -> array[int]:
    """Return the fingerprints as numbers; raises ValueError where one is none."""
    found = array("Q", bytes.fromhex("".join(fingerprints)))
    if len(found) < len(fingerprints):
        raise ValueError("white space is no part of a number")
    if sys.byteorder == "little":
        found.byteswap()
    return found


def failed(name: str | int, line: int, error: HinterlandError, **more: Any) -> Result:
    """Return the result of a row that has no answer."""
    return Result(id=name, line=line, error=reason(error), **more)


def reason(error: HinterlandError) -> Reason:
    """Return an error as it stands in a result."""
    return Reason(name_of(error), error.message, error.hint)
