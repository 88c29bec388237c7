"""Books: chapters, contents and title change; all else in the archive stays as it is packed."""

from __future__ import annotations

import importlib
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hinterland.errors import InputError
from hinterland.plugins.translation.formats import open_document
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.units import text_of
from tests.translation_documents import (
    FOLDER,
    RealFile,
    accented,
    identity,
    marked,
    nasty,
    real_files,
    written,
)

_etree: Any = importlib.import_module("lxml.etree")  # it comes without types
_LETTERS = FOLDER / "epub" / "letters.epub"


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("file", real_files("epub"), ids=str)
def test_real_books_come_back(file: RealFile) -> None:
    data = file.path.read_bytes()
    identity(data, "epub")
    for mark in (accented, nasty):
        new = marked(data, "epub", mark=mark)
        before, after = _members(data), _members(new)
        for name, part in after.items():
            if name.endswith((".xhtml", ".ncx", ".opf")):
                assert _shape(part) == _shape(before[name]), name
        with zipfile.ZipFile(io.BytesIO(new)) as archive:
            first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)


def _shape(part: bytes) -> list[object]:
    """Return a part without its texts; lxml says whether it is XML at all."""
    root = _etree.fromstring(part, _etree.XMLParser(resolve_entities=False, load_dtd=False))
    return [
        (one.tag, {name: it for name, it in one.attrib.items() if name not in {"alt", "title"}})
        for one in root.iter()
        if isinstance(one.tag, str)
    ]


def test_a_book_is_read_in_its_order_and_says_its_new_language() -> None:
    data = _LETTERS.read_bytes()
    texts = [text_of(unit.parts) for unit in open_document(data, "epub", Wishes()).units()]
    assert texts == [
        "First letter",
        "First letter",
        "We arrived – all 12 of us — on Friday.",
        "Second letter",
        "Second letter",
        "Dear\u00a0Ruth, the rains came late.",
        "Letters home",
        "First letter",
        "Second letter",
        "Letters home & away",
    ]
    new = _members(written(data, "epub", lambda unit: accented(unit.parts), Wishes(target="ar")))
    package = new["OPS/book.opf"].decode()
    assert "<dc:language>ar</dc:language>" in package
    assert '<spine page-progression-direction="rtl" toc="ncx">' in package
    assert "<dc:title>Léttérs hõmé &amp; àwàýŋ</dc:title>" in package
    chapter = new["OPS/two words.xhtml"].decode()
    assert re.search(r'<html lang="ar" dir="rtl" xmlns="[^"]*" xml:lang="ar">', chapter)
    words = chapter.replace("ŋ", "")
    assert 'Déàr&nbsp;Rûth,<br/>thé <span class="s"/>ràîns <i>càmé</i> làté' in words
    assert "<p><![CDATA[a < b]]></p>" in chapter


def test_only_changed_chapters_are_packed_anew() -> None:
    data = _LETTERS.read_bytes()
    new = written(
        data,
        "epub",
        lambda unit: accented(unit.parts) if unit.note.startswith("first") else None,
        Wishes(target="fr"),
    )
    before, after = _members(data), _members(new)
    assert {name for name in before if before[name] != after[name]} == {
        "OPS/first.xhtml",
        "OPS/book.opf",
    }


def test_what_is_no_book_is_refused(tmp_path: Path) -> None:
    letters = _members(_LETTERS.read_bytes())
    lock = b'<encryption><CipherReference URI="OPS/first.xhtml"/></encryption>'
    for data, words in (
        (b"PK\x03\x04 no", "broken EPUB"),
        (_LETTERS.read_bytes()[:2000], "broken EPUB"),
        (_packed({"a.txt": b"a"}), "no EPUB"),
        (_packed({**letters, "META-INF/encryption.xml": lock}), "locked"),
    ):
        with pytest.raises(InputError, match=words):
            list(open_document(data, "epub", Wishes()).units())
    fonts = b'<encryption><CipherReference URI="OPS/font.otf"/></encryption>'
    identity(_packed({**letters, "META-INF/encryption.xml": fonts}), "epub")
