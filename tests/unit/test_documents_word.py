"""The text of a Word file in its order, and Word files that are refused."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from hinterland.documents import Kind, read
from hinterland.errors import InputError
from tests.attached_documents import refusal
from tests.word_documents import built, rewritten


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(data: bytes, name: str = "notes.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def paragraph(inner: str) -> str:
    return f"<w:p {nsdecls('w')}>{inner}</w:p>"


def run(text: str) -> str:
    return f"<w:r><w:t xml:space='preserve'>{text}</w:t></w:r>"


class TestWord:
    def test_gives_everything_in_the_order_of_the_document(self, file: Callable[..., Path]) -> None:
        def build(document: WordDocument) -> None:
            document.add_heading("Safe water", 0)
            document.add_heading("Boiling", 2)
            document.add_paragraph("Boil for one minute.")
            document.add_paragraph("wood", style="List Bullet")
            document.add_paragraph("gas", style="List Bullet")
            table = document.add_table(2, 2)
            for cell, text in zip(table._cells, ["metres", "minutes", "0|1", "1\n2"], strict=True):
                cell.text = text
            document.add_paragraph("fill", style="List Number")
            document.add_paragraph("heat", style="List Number")
            document.add_paragraph("煮沸 اغلِ 🙂")

        found = read(file(built(build), "water.docx"))
        assert found.kind is Kind.WORD
        assert found.text == (
            "# Safe water\n\n## Boiling\n\nBoil for one minute.\n\n- wood\n- gas\n\n"
            "| metres | minutes |\n| --- | --- |\n| 0\\|1 | 1 2 |\n\n1. fill\n2. heat\n\n煮沸 اغلِ 🙂"
        )

    def test_gives_what_hides_in_controls_revisions_links_and_boxes(
        self, file: Callable[..., Path]
    ) -> None:
        box = (
            "<w:r><mc:AlternateContent xmlns:mc='http://schemas.openxmlformats.org/"
            "markup-compatibility/2006'><mc:Choice><w:txbxContent><w:p>"
            f"{run('boxed')}</w:p></w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p>"
            f"{run('boxed')}</w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r>"
        )

        def build(document: WordDocument) -> None:
            body = document.element.body
            control = f"<w:sdt {nsdecls('w')}><w:sdtContent>{paragraph(run('controlled'))}</w:sdtContent></w:sdt>"
            revised = paragraph(
                f"{run('a ')}<w:ins>{run('new')}</w:ins>"
                "<w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
                f"<w:hyperlink>{run(' link')}</w:hyperlink>{box}"
            )
            for xml in (control, revised):
                body.insert(len(body) - 1, parse_xml(xml))

        assert read(file(built(build))).text == "controlled\n\na new link\n\nboxed"

    def test_gives_footnotes_where_they_belong(self, file: Callable[..., Path]) -> None:
        notes = (
            f"<w:footnotes {nsdecls('w')}><w:footnote w:type='separator' w:id='-1'><w:p/></w:footnote>"
            f"<w:footnote w:id='2'>{paragraph(run('WHO, 2022'))}</w:footnote></w:footnotes>"
        )

        def build(document: WordDocument) -> None:
            mark = "<w:r><w:footnoteReference w:id='2'/></w:r>"
            body = document.element.body
            body.insert(0, parse_xml(paragraph(run("Boil it.") + mark)))
            kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
            part = Part(PackURI("/word/footnotes.xml"), kind, notes.encode(), document.part.package)
            document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)

        assert read(file(built(build))).text == "Boil it.[^f2]\n\n[^f2]: WHO, 2022"

    def test_numbers_lists_of_lists(self, file: Callable[..., Path]) -> None:
        levels = "".join(
            f"<w:lvl w:ilvl='{n}'><w:numFmt w:val='{form}'/></w:lvl>"
            for n, form in enumerate(["decimal", "lowerLetter", "bullet"])
        )

        def build(document: WordDocument) -> None:
            numbering = document.part.numbering_part.element
            abstract = (
                f"<w:abstractNum {nsdecls('w')} w:abstractNumId='77'>{levels}</w:abstractNum>"
            )
            number = f"<w:num {nsdecls('w')} w:numId='78'><w:abstractNumId w:val='77'/></w:num>"
            numbering.insert(0, parse_xml(abstract))
            numbering.append(parse_xml(number))
            body = document.element.body
            for level in (0, 1, 1, 2, 0, 1):
                kind = f"<w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='78'/></w:numPr>"
                item = paragraph(f"<w:pPr>{kind}</w:pPr>{run('x')}")
                body.insert(len(body) - 1, parse_xml(item))

        assert read(file(built(build))).text == ("1. x\n   1. x\n   2. x\n      - x\n2. x\n   1. x")

    def test_keeps_merged_cells_once_and_frames_as_text(self, file: Callable[..., Path]) -> None:
        def build(document: WordDocument) -> None:
            table = document.add_table(2, 2)
            table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
            table.cell(1, 0).text = "a"
            frame = document.add_table(1, 1).cell(0, 0)
            frame.text = "framed"
            frame.add_table(1, 2)._cells[1].text = "inner"

        assert read(file(built(build))).text == (
            "| wide |  |\n| --- | --- |\n| a |  |\n\nframed\n\n|  | inner |\n| --- | --- |"
        )

    def test_without_text_is_refused(self, file: Callable[..., Path]) -> None:
        assert "has no text" in refusal(file(built(lambda document: None)))

    def test_cut_short_is_refused(self, file: Callable[..., Path]) -> None:
        data = built(lambda document: document.add_paragraph("x"))
        assert "is a broken Word or ZIP file" in refusal(file(data[: len(data) // 2]))

    def test_with_a_broken_part_is_refused(self, file: Callable[..., Path]) -> None:
        data = built(lambda document: document.add_paragraph("x"))
        assert "is broken" in refusal(
            file(rewritten(data, "word/document.xml", lambda xml: xml[:99]))
        )

    def test_that_unpacks_to_gigabytes_is_refused(self, file: Callable[..., Path]) -> None:
        out = BytesIO(built(lambda document: document.add_paragraph("x")))
        with (
            zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as parts,
            parts.open("word/media/bomb.bin", "w") as part,
        ):
            for _ in range(300):
                part.write(bytes(1 << 20))
        assert "unpacks to more than 256 MB" in refusal(file(out.getvalue()))

    def test_that_lies_about_its_size_is_refused(self, file: Callable[..., Path]) -> None:
        out = BytesIO()
        data = built(lambda document: document.add_paragraph("x" * 100_000))
        with (
            zipfile.ZipFile(BytesIO(data)) as old,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for name in old.namelist():
                new.writestr(name, old.read(name))
            size = new.getinfo("word/document.xml").file_size
        lie = out.getvalue().replace(struct.pack("<L", size), struct.pack("<L", 64))
        assert refusal(file(lie))

    def test_with_entities_expands_none_and_opens_no_file(
        self, file: Callable[..., Path], tmp_path: Path
    ) -> None:
        secret = tmp_path / "secret"
        secret.write_text("hidden thing")
        laughs = "".join(f"<!ENTITY l{n + 1} '{f'&l{n};' * 10}'>" for n in range(12))
        declared = (
            f"<!DOCTYPE x [<!ENTITY l0 'ha'>{laughs}<!ENTITY s SYSTEM 'file://{secret}'>]>"
        ).encode()

        def change(xml: bytes) -> bytes:
            head, rest = xml.split(b"?>", 1)
            return head + b"?>" + declared + rest.replace(b"MARK", b"&l12;&s;")

        data = built(lambda document: document.add_paragraph("before MARK after"))
        path = file(rewritten(data, "word/document.xml", change))
        try:
            text = read(path).text
        except InputError:
            return
        assert "before" in text
        assert "haha" not in text and "hidden" not in text
