"""ZIP archives of which some members are exchanged: all else stays as it is packed, byte for byte.

The standard library can only pack every member anew. What is needed is checked first: an archive
that is encrypted, ambiguous or a bomb is refused before anything of it is unpacked.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from copy import copy
from io import BytesIO
from typing import BinaryIO

from hinterland.errors import InputError

MOST_UNPACKED = 256 << 20
"""Bytes of all members together; an archive says how many they are, and is held to it."""
MOST_MEMBERS = 10_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Office files before 2007, and encrypted ones since

# APPNOTE.TXT of PKWARE, 4.3.7, 4.3.12 and 4.3.16.
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_ENCRYPTED, _DESCRIBED_LATER, _UTF8 = 0x1, 0x8, 0x800
_LARGE = 0x0001  # the extra field that holds sizes of 4 GB and more


class Archive:
    """The members of an archive by their names. What is wrong is raised as InputError."""

    def __init__(self, data: bytes, what: str) -> None:
        """Read the directory of an archive; `what` is its kind in a sentence, as "Word file"."""
        self._data = data
        self._what = what
        if data.startswith(_OLE):
            raise InputError(
                f"This is an old or an encrypted Office file, not a {what}.",
                "Save it anew, without a password, in the format of today.",
            )
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise self._broken() from error
        self._members = sorted(self._zip.infolist(), key=lambda member: member.header_offset)
        self._by_name = {member.filename: member for member in self._members}
        self._check()

    @property
    def names(self) -> tuple[str, ...]:
        """The members in the order in which they are packed."""
        return tuple(member.filename for member in self._members)

    def size(self, name: str) -> int:
        """Return the bytes that a member unpacks to, as the archive says."""
        return self._by_name[name].file_size

    def read(self, name: str) -> bytes:
        """Return a member, unpacked."""
        try:
            return self._zip.read(self._by_name[name])
        except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, KeyError) as error:
            raise self._broken() from error

    def write(self, out: BinaryIO, changed: Mapping[str, bytes]) -> None:
        """Write the archive with other contents for the members in `changed`."""
        if not changed:
            out.write(self._data)
            return
        ends = [member.header_offset for member in self._members[1:]] + [self._zip.start_dir]
        start = self._members[0].header_offset
        out.write(self._data[:start])
        directory: dict[str, bytes] = {}
        for member, end in zip(self._members, ends, strict=True):
            record = self._data[member.header_offset : end]
            if member.filename in changed:
                member = copy(member)
                record = _packed(member, record, changed[member.filename])
            directory[member.filename] = _entry(member, start)
            out.write(record)
            start += len(record)
        # The directory may list members in another order than that in which they are packed.
        entries = b"".join(directory[name] for name in self._zip.namelist())
        count, comment = len(directory), self._zip.comment
        out.write(entries)
        out.write(_END.pack(b"PK\5\6", 0, 0, count, count, len(entries), start, len(comment)))
        out.write(comment)

    def _check(self) -> None:
        members = self._members
        if not members or len(self._by_name) != len(members):
            raise self._broken()
        if len(members) > MOST_MEMBERS or sum(x.file_size for x in members) > MOST_UNPACKED:
            raise InputError(
                f"This {self._what} unpacks to more than {MOST_UNPACKED >> 20} MB.",
                "Translate its text without the pictures, or in several files.",
            )
        if any(member.flag_bits & _ENCRYPTED for member in members):
            raise InputError(f"This {self._what} is encrypted.", "Save it without a password.")
        at = 0
        for member in members:
            head = self._data[member.header_offset :][: _LOCAL.size]
            if member.header_offset < at or len(head) < _LOCAL.size or head[:4] != b"PK\3\4":
                raise self._broken()
            at = member.header_offset + _LOCAL.size + sum(_LOCAL.unpack(head)[-2:])
            at += member.compress_size
        if at > self._zip.start_dir:
            raise self._broken()

    def _broken(self) -> InputError:
        return InputError(
            f"This is a broken {self._what}, or none.", "Copy it again from where it came."
        )


def _packed(member: zipfile.ZipInfo, record: bytes, content: bytes) -> bytes:
    """Return the record of a member with another content; `member` is told its new sizes."""
    head = list(_LOCAL.unpack_from(record))
    name_length, extra_length = head[-2:]
    name = record[_LOCAL.size : _LOCAL.size + name_length]
    extra = _without_sizes(record[_LOCAL.size + name_length :][:extra_length])
    body = content
    if member.compress_type == zipfile.ZIP_DEFLATED:
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        body = packer.compress(content) + packer.flush()
    else:
        member.compress_type = zipfile.ZIP_STORED
    member.CRC, member.compress_size, member.file_size = (
        zlib.crc32(content),
        len(body),
        len(content),
    )
    member.flag_bits &= ~_DESCRIBED_LATER
    head[2] &= ~_DESCRIBED_LATER
    head[3] = member.compress_type
    head[6:] = [member.CRC, len(body), len(content), len(name), len(extra)]
    return _LOCAL.pack(*head) + name + extra + body


def _entry(member: zipfile.ZipInfo, start: int) -> bytes:
    """Return a member's entry in the directory, its record beginning at `start`."""
    name = member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8 else "cp437")
    extra = _without_sizes(member.extra)
    year, month, day, hour, minute, second = member.date_time
    head = _CENTRAL.pack(
        b"PK\1\2",
        *(member.create_version, member.create_system, member.extract_version, member.reserved),
        *(member.flag_bits, member.compress_type),
        *(hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day),
        *(member.CRC, member.compress_size, member.file_size),
        *(len(name), len(extra), len(member.comment), 0, member.internal_attr),
        *(member.external_attr, start),
    )
    return head + name + extra + member.comment


def _without_sizes(extra: bytes) -> bytes:
    """Return extra fields without the one for sizes of 4 GB and more: no member has such a size."""
    kept, at = b"", 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind != _LARGE:
            kept += extra[at : at + 4 + length]
        at += 4 + length
    return kept + extra[at:]
