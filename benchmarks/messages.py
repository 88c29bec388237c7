"""The messages that translation is measured on: see docs/translation-quality.md.

Source and references are `po/{fr,es,zh_CN}.po` of the Debian source package `nano 7.2-1+deb12u1`,
unpacked somewhere: `apt-get source --download-only nano`, or from a mirror's `pool/main/n/nano`.
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import polib

PACKAGE = "nano 7.2-1+deb12u1"
HASHES = {
    "fr": "ff33181920a754daaa86b5d1dd32ce4ce3ebbb1b4088fc2d32fcacc415fcf927",
    "es": "055203beb8cc03b106217dfccfe0e86dc16fc1f1485e1caa7eb3c93ece039094",
    "zh_CN": "03cb40fb992ff13959cf58e1a50149f4654843d8652bfba35356c37106eb7083",
}
LANGUAGES = {"fr": ("fr", "French"), "es": ("es", "Spanish"), "zh_CN": ("zh", "Chinese")}
"""The files' names, the codes that `hint translate` is given, and the English names."""
_WORDS = 4
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Message:
    """One eligible message, and what people made of it by the files' names."""

    text: str
    entry: polib.POEntry
    references: dict[str, str]


def eligible(folder: Path, most: int = 100) -> list[Message]:
    """Return the first eligible messages of the files in a folder."""
    files = {}
    for name, pinned in HASHES.items():
        data = (folder / f"{name}.po").read_bytes()
        if hashlib.sha256(data).hexdigest() != pinned:
            sys.exit(f"{folder / name}.po is not that of {PACKAGE}.")
        files[name] = polib.pofile(data.decode())
    known = {
        name: {(entry.msgctxt, entry.msgid): entry for entry in file}
        for name, file in files.items()
    }
    found: list[Message] = []
    for entry in files["fr"]:
        theirs = {name: by_id.get((entry.msgctxt, entry.msgid)) for name, by_id in known.items()}
        if not _is_prose(entry) or not all(map(_is_translated, theirs.values())):
            continue
        references = {name: each.msgstr for name, each in theirs.items() if each is not None}
        found.append(Message(entry.msgid, entry, references))
        if len(found) == most:
            break
    return found


def _is_prose(entry: polib.POEntry) -> bool:
    words = _WORD.findall(entry.msgid)
    return not entry.msgid_plural and "\n" not in entry.msgid and len(words) >= _WORDS


def _is_translated(entry: polib.POEntry | None) -> bool:
    return (
        entry is not None
        and not entry.obsolete
        and not entry.fuzzy
        and bool(entry.msgstr)
        and entry.msgstr != entry.msgid
    )


def write_template(messages: list[Message], path: Path, language: str) -> None:
    """Write a `.po` file with nothing but these messages, none of them translated."""
    file = polib.POFile()
    file.metadata = {
        "Project-Id-Version": PACKAGE,
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    for message in messages:
        was = message.entry
        file.append(
            polib.POEntry(
                msgid=was.msgid,
                msgctxt=was.msgctxt,
                comment=was.comment,
                tcomment="",
                occurrences=was.occurrences,
                flags=[flag for flag in was.flags if flag.endswith("-format")],
            )
        )
    file.save(str(path))


def translations(path: Path, messages: list[Message]) -> tuple[list[str], list[bool]]:
    """Return the translations of a file, in order, and whether each is flagged: then it counts as
    the source text."""
    by_id = {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(str(path))}
    texts, flagged = [], []
    for message in messages:
        entry = by_id[message.entry.msgctxt, message.entry.msgid]
        bad = entry.fuzzy or not entry.msgstr
        texts.append(message.text if bad else entry.msgstr)
        flagged.append(bad)
    return texts, flagged


def with_ends_of(text: str, answer: str) -> str:
    """Return an answer with the white space at its ends like that of a text."""
    bare = text.strip()
    at = text.index(bare)
    return text[:at] + answer.strip() + text[at + len(bare) :]
