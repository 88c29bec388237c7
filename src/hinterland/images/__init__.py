"""Images for a prompt: decoded, made smaller and encoded anew, so that an engine only ever meets
images that we have written."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path

import msgspec

from hinterland.errors import InputError
from hinterland.reading import read_file
from hinterland.text import clean_line

MOST_BYTES = 20 * 10**6
"""The largest file that is read."""
MOST_MEMORY = 1 << 30
"""Bytes of address space for the decoder."""
MOST_SECONDS = 20
"""Seconds of processor time for the decoder."""

FORMATS = "JPEG, PNG, WebP and GIF"
_CONVERT = f"{FORMATS} can be used; convert it first."
# What a file begins with → what it is. None: one of ours.
_MARKS = {
    b"\xff\xd8\xff": None,
    b"\x89PNG\r\n\x1a\n": None,
    b"GIF87a": None,
    b"GIF89a": None,
    b"II*\0": "a TIFF image",
    b"MM\0*": "a TIFF image",
    b"BM": "a BMP image",
    b"%PDF-": "a PDF file: attach it with --file",
    b"<svg": "an SVG drawing",
    b"<?xml": "an SVG drawing or another XML file",
}
_ENDING = {"image/jpeg": "jpg", "image/png": "png"}


class Picture(msgspec.Struct, frozen=True):
    """An image that may go to an engine."""

    name: str
    """The name of the file it came from, for people."""
    url: str
    """The image as we encoded it, a JPEG or PNG in a `data:` URL."""

    @property
    def file(self) -> str:
        """A name for it made of its content: a SHA-256 and an ending."""
        kind, content = parts(self.url)
        return f"{hashlib.sha256(content).hexdigest()}.{_ENDING[kind]}"


def load(path: Path) -> Picture:
    """Return the image in a file: turned upright, its long side 1,536 pixels at most, without
    metadata. Raises InputError for whatever is no image that can be used. May take seconds."""
    subject = f"The file {path}"
    data = read_file(
        path,
        MOST_BYTES,
        subject=subject,
        wanted="Attach an image file.",
        too_large="Make it smaller first.",
    )
    return Picture(clean_line(path.name, 200) or "image", encoded_anew(data, subject))


def encoded_anew(data: bytes, subject: str) -> str:
    """Return the image in `data` as a `data:` URL; raises InputError, whose sentence begins with
    `subject`."""
    if len(data) > MOST_BYTES:
        raise InputError(
            f"{subject} has more than {MOST_BYTES // 10**6} MB.", "Make it smaller first."
        )
    if not data:
        raise InputError(f"{subject} is empty.", "There is nothing to see in it.")
    if (what := _not_ours(data)) is not None:
        raise InputError(f"{subject} is {what}.", _CONVERT)
    from hinterland.confined import Limits, UnreadableError, run

    limits = Limits(MOST_MEMORY, MOST_SECONDS, "Open it in another program and save it anew.")
    try:
        kind, content = run("hinterland.images.decode:decode", data, limits)
    except UnreadableError as error:
        raise InputError(f"{subject} {error.reason}.", error.hint) from error
    return data_url(kind, content)


def data_url(kind: str, content: bytes) -> str:
    """Return the URL that is `content` itself; `kind` is its media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def parts(url: str) -> tuple[str, bytes]:
    """Return the media type and the content in a `data:` URL of an image; raises InputError."""
    head, comma, content = url.partition(",")
    kind = head.removeprefix("data:").removesuffix(";base64")
    if not comma or head != f"data:{kind};base64" or not kind.startswith("image/"):
        raise InputError(
            "An image has to come as a `data:image/…;base64,` URL.",
            "Nothing is fetched from other addresses.",
        )
    try:
        return kind, base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("The base64 of an image is broken.", "Encode it again.") from error


def _not_ours(data: bytes) -> str | None:
    """Return what `data` is when it is not an image in one of our formats."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return None
    if data[4:8] == b"ftyp":
        return "a HEIC or AVIF image, or a video"
    head = data[:256].lstrip()
    for mark, what in _MARKS.items():
        if (data if what is None else head).startswith(mark):
            return what
    return "not an image"
