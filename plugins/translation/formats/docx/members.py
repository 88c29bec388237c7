"""Which members of a Word file hold its text, and which archives are no Word files."""

from __future__ import annotations

import codecs
import re
from urllib.parse import unquote
from xml.parsers import expat

from hinterland.errors import InputError
from hinterland.plugins.translation.formats.zipped import Archive

_TYPES = "[Content_Types].xml"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_MAIN = f"{_WORD}document.main+xml"
_OTHERS = (".macroenabled", "wordprocessingml.template")
_STORIES = {
    _MAIN: "",
    f"{_WORD}header+xml": "header",
    f"{_WORD}footer+xml": "footer",
    f"{_WORD}footnotes+xml": "footnotes",
    f"{_WORD}endnotes+xml": "endnotes",
}
"""The kinds of parts that are translated, in the order in which they are, and what they are called."""
_DECLARED = re.compile(r"<\?xml[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"'][^>]*\?>")
_OTHER_ENCODINGS = {each: each for each in ("utf-16", "iso-8859-1", "windows-1252")}
_MOST_TEXT = 64 << 20
"""Bytes of XML; the largest novels have less than a tenth of it."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def stories(archive: Archive) -> dict[str, str]:
    """Return the members with text and what each is called, the body first; raises InputError."""
    kinds = _kinds(archive)
    if _MAIN not in kinds.values():
        if any(other in kind.lower() for kind in kinds.values() for other in _OTHERS):
            raise InputError(
                "This Word file has macros or is a template.", "Save it as .docx without macros."
            )
        raise InputError(
            "This is not a Word file, but another kind of archive.",
            "Save it as .docx in a word processor first.",
        )
    found: dict[str, str] = {}
    for wanted, label in _STORIES.items():
        names = [name for name, kind in kinds.items() if kind == wanted]
        for number, name in enumerate(names, start=1):
            found[name] = f"{label} {number}" if label in {"header", "footer"} else label
    if sum(map(archive.size, found)) > _MOST_TEXT:
        raise InputError(
            f"This Word file has more than {_MOST_TEXT >> 20} MB of text.", "Cut it into several."
        )
    return found


def text_of(archive: Archive, name: str) -> bytes:
    """Return the XML of a member as UTF-8; raises InputError."""
    xml = archive.read(name)
    try:
        if xml.startswith(_UTF16):
            return _DECLARED.sub("", xml.decode("utf-16"), count=1).encode()
        declared = _DECLARED.match(xml[:200].removeprefix(codecs.BOM_UTF8).decode("latin-1"))
        if declared is not None and declared[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
            text = xml.decode(_OTHER_ENCODINGS[declared[1].lower()])
            return _DECLARED.sub("", text, count=1).encode()
    except (LookupError, UnicodeError) as error:
        raise InputError(
            f"The part {name} of this Word file is in an encoding that cannot be read.",
            "Open it in a word processor and save it anew.",
        ) from error
    return xml


def _kinds(archive: Archive) -> dict[str, str]:
    """Return the content type of each member that has one."""
    if _TYPES not in archive.names:
        return {}
    by_name: dict[str, str] = {}
    by_ending: dict[str, str] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "")
        if tag.endswith("Override"):
            by_name[unquote(attributes.get("PartName", "")).lstrip("/").lower()] = kind
        elif tag.endswith("Default"):
            by_ending[attributes.get("Extension", "").lower()] = kind

    def refuse(*_: object) -> None:
        raise _broken()

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(archive.read(_TYPES), True)
    except expat.ExpatError as error:
        raise _broken() from error
    kinds = {}
    for name in archive.names:
        ending = name.rpartition(".")[2].lower()
        kind = by_name.get(name.lower()) or by_ending.get(ending)
        if kind:
            kinds[name] = kind
    return kinds


def _broken() -> InputError:
    return InputError("This is a broken Word file.", "Copy it again from where it came.")
