"""The header of a catalogue: what it says of its language, and what a translation has to say."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hinterland.errors import InputError
from hinterland.plugins.translation.formats.gettext_entries import Entry
from hinterland.plugins.translation.formats.plurals import catalogue_name
from hinterland.text import clean_line

_CHARSET = re.compile(r"charset=([^\s;]+)")
_TEMPLATE_CHARSETS = {"charset", "ascii", "us-ascii"}
_VALUE = rb'(?:[^"\\\r\n]|\\[^n\r\n]|"[ \t]*\r?\n[ \t]*")*'


def fields(entry: Entry | None) -> dict[str, str]:
    """Return the lines of a header by their names in lower case."""
    if entry is None:
        return {}
    told = {}
    for line in entry.forms.get(0, "").replace("\\t", " ").split("\\n"):
        name, colon, value = line.partition(":")
        if colon:
            told[name.strip().lower()] = value.strip()
    return told


def check_charset(told: Mapping[str, str]) -> None:
    """Raise InputError where a catalogue is not in UTF-8."""
    found = _CHARSET.search(told.get("content-type", ""))
    name = found[1] if found else "utf-8"
    if name.lower() not in {"utf-8", "utf8"} | _TEMPLATE_CHARSETS:
        raise InputError(
            f"The catalogue is in {clean_line(name)}, not in UTF-8.",
            "Convert it: msgconv --to-code=UTF-8 -o NEW.po OLD.po",
        )


def language_of(told: Mapping[str, str]) -> str:
    """Return the language that a header names, without what templates have in its place."""
    language = clean_line(told.get("language", ""))
    return "" if language.upper() in {"LANGUAGE", "LL", "LL_CC"} else language


def base(language: str) -> str:
    """Return a language without its region and script: zh of zh_TW and of zh-Hant."""
    return re.split("[-_@.]", language, maxsplit=1)[0].lower()


def new(target: str, plurals: str, eol: bytes) -> bytes:
    """Return a header for a catalogue that has none."""
    lines = [
        'msgid ""',
        'msgstr ""',
        f'"Language: {catalogue_name(target)}\\n"',
        '"MIME-Version: 1.0\\n"',
        '"Content-Type: text/plain; charset=UTF-8\\n"',
        '"Content-Transfer-Encoding: 8bit\\n"',
    ]
    if plurals:
        lines.append(f'"Plural-Forms: {plurals}\\n"')
    return eol.join(line.encode() for line in [*lines, "", ""])


def filled(data: bytes, target: str, plurals: str, *, replace: bool) -> bytes:
    """Return a header's bytes with its language, charset and, where given, plural forms.

    A language that it names already is replaced only where that is asked for.
    """
    if replace or not language_of(_told(data)):
        data = _with_field(data, "Language", catalogue_name(target))
    data = re.sub(rb"(?i)(charset=)(?:charset|us-ascii|ascii)\b", rb"\1UTF-8", data)
    if plurals:
        data = _with_field(data, "Plural-Forms", plurals)
    return re.sub(rb"(?m)^#, *fuzzy[ \t]*\r?\n", b"", data)


def _told(data: bytes) -> dict[str, str]:
    found = re.search(rb'(?im)^(?:msgstr[ \t]*)?"Language:(' + _VALUE + rb")\\n", data)
    return {"language": found[1].decode().strip()} if found else {}


def _with_field(data: bytes, name: str, value: str) -> bytes:
    line = f"{name}: {value}\\n".encode()
    pattern = rb'(?im)^((?:msgstr[ \t]*)?")' + name.encode() + rb":" + _VALUE + rb"\\n"
    found = re.search(pattern, data)
    if found:
        return data[: found.start()] + found[1] + line + data[found.end() :]
    eol = b"\r\n" if b"\r\n" in data else b"\n"
    return data + eol + b'"' + line + b'"'
