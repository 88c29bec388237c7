"""Documents for a prompt: every kind that can be read, and one sentence for every kind that cannot."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import docx
import pypdf
import pytest
from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from hinterland import documents
from hinterland.confined import UnreadableError
from hinterland.documents import Document, Kind, attach, child, read, standard_input
from hinterland.errors import ConfigError, InputError


def refusal(path: Path) -> str:
    """Return the sentence with which a file is refused; it comes with a hint."""
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.hint
    assert "\n" not in caught.value.message
    assert caught.value.message.count(". ") == 0
    return caught.value.message


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(data: bytes, name: str = "notes.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def pdf(*pages: bytes, extra: bytes = b"") -> bytes:
    """Return a PDF whose pages have these content streams."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>"
        % (b" ".join(b"%d 0 R" % (4 + 2 * i) for i in range(len(pages))), len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, content in enumerate(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R "
            b"/Resources << /Font << /F 3 0 R >> >> >>" % (5 + 2 * index)
        )
        objects.append(
            b"<< /Length %d %s >> stream\n%s\nendstream" % (len(content), extra, content)
        )
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        start,
    )


def shown(text: str) -> bytes:
    """Return a page's content stream that shows one line."""
    return b"BT /F 12 Tf 50 700 Td (%s) Tj ET" % text.encode()


def word(build: Callable[[WordDocument], object]) -> bytes:
    document = docx.Document()
    build(document)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def rewritten(data: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a ZIP with one member changed."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == member else old.read(name))
    return out.getvalue()


class TestText:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"], ids=str)
    def test_is_read_in_every_unicode_encoding_with_its_mark(
        self, file: Callable[..., Path], encoding: str
    ) -> None:
        text = "Boil for 1 minute\n煮沸一分钟 اغلِ 🙂"
        assert read(file(text.encode(encoding))) == Document("notes.txt", text, Kind.TEXT)

    @pytest.mark.parametrize(
        ("encoding", "mark"), [("utf-16-be", b"\xfe\xff"), ("utf-16-le", b"\xff\xfe")]
    )
    def test_is_read_in_either_byte_order(
        self, file: Callable[..., Path], encoding: str, mark: bytes
    ) -> None:
        assert read(file(mark + "água".encode(encoding))).text == "água"

    def test_is_kept_as_it_is(self, file: Callable[..., Path]) -> None:
        text = "a\r\n\tb \x1b[2J {{ x }}\n\n"
        assert read(file(text.encode())).text == text

    def test_knows_markdown_by_its_name(self, file: Callable[..., Path]) -> None:
        assert read(file(b"# Title", "x.MD")).kind is Kind.MARKDOWN

    def test_of_another_encoding_names_the_byte(self, file: Callable[..., Path]) -> None:
        assert "offset 3 (0xE9)" in refusal(file("café".encode("latin-1")))
        assert "offset 4 (0x00)" in refusal(file(b"\xff\xfea\0\x00\xd8"))

    @pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0", b"\x7fELF\0", b"text\0text"])
    def test_with_nul_bytes_is_no_text(self, file: Callable[..., Path], data: bytes) -> None:
        assert "is not a text, PDF or Word file" in refusal(file(data))

    @pytest.mark.parametrize("data", [b"", b" \n\t\n", b"\xef\xbb\xbf"])
    def test_of_an_empty_file_is_refused(self, file: Callable[..., Path], data: bytes) -> None:
        assert "is empty" in refusal(file(data))


class TestAPathThatCannotBeRead:
    def test_is_missing(self, tmp_path: Path) -> None:
        assert "there is no such file" in refusal(tmp_path / "nope.txt")

    def test_has_a_nul_in_its_name(self, tmp_path: Path) -> None:
        assert "cannot be read" in refusal(tmp_path / "a\0b")

    def test_is_a_folder(self, tmp_path: Path) -> None:
        assert "is a folder" in refusal(tmp_path)

    def test_is_a_pipe_that_nobody_writes_to(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        assert "is not a file" in refusal(tmp_path / "pipe")

    def test_is_a_device(self) -> None:
        assert "is not a file" in refusal(Path("/dev/zero"))

    @pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
    def test_is_forbidden(self, file: Callable[..., Path]) -> None:
        path = file(b"secret")
        path.chmod(0)
        assert "its permissions forbid it" in refusal(path)

    def test_is_huge(self, tmp_path: Path) -> None:
        path = tmp_path / "huge.txt"
        with path.open("wb") as out:
            out.truncate(200_000_000)
        assert "is 200 MB; at most 67 MB" in refusal(path)

    def test_may_be_a_pipe_of_the_shell(self) -> None:
        reader, writer = os.pipe()
        os.write(writer, "água".encode())
        os.close(writer)
        try:
            assert read(Path(f"/dev/fd/{reader}")).text == "água"
        finally:
            os.close(reader)


class TestPdf:
    def test_gives_the_text_of_every_page(self, file: Callable[..., Path]) -> None:
        found = read(file(pdf(shown("First page"), shown("Second page")), "guide.pdf"))
        assert found == Document("guide.pdf", "First page\n\nSecond page", Kind.PDF)

    def test_is_known_by_its_bytes_not_by_its_name(self, file: Callable[..., Path]) -> None:
        assert read(file(pdf(shown("First page")), "guide.txt")).kind is Kind.PDF

    def test_says_which_pages_have_no_text(self, file: Callable[..., Path]) -> None:
        found = read(file(pdf(shown("First page"), b"", b""), "guide.pdf"))
        assert found.text == "First page"
        assert found.note.endswith("guide.pdf has no text on pages 2, 3 of 3.")

    def test_without_any_text_seems_scanned(self, file: Callable[..., Path]) -> None:
        assert "has no text on its 2 pages: it seems to be scanned" in refusal(file(pdf(b"", b"")))

    @pytest.mark.parametrize("user", ["secret", ""])
    def test_encrypted_needs_its_password_only_if_it_has_one(
        self, file: Callable[..., Path], user: str
    ) -> None:
        writer = pypdf.PdfWriter(BytesIO(pdf(shown("First page"))))
        writer.encrypt(user, "owner", algorithm="RC4-128")
        out = BytesIO()
        writer.write(out)
        path = file(out.getvalue())
        if user:
            assert "is encrypted" in refusal(path)
        else:
            assert read(path).text == "First page"

    @pytest.mark.parametrize("keep", [20, 200, 400])
    def test_cut_short_is_refused(self, file: Callable[..., Path], keep: int) -> None:
        assert refusal(file(pdf(shown("First page"))[:keep]))

    def test_that_unpacks_to_gigabytes_is_refused(self, file: Callable[..., Path]) -> None:
        packer = zlib.compressobj(9)
        bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
        assert refusal(file(pdf(bomb, extra=b"/Filter /FlateDecode")))

    @pytest.mark.parametrize("endless", ["import time; time.sleep(600)", "while True: pass"])
    def test_that_takes_too_long_is_given_up(
        self,
        file: Callable[..., Path],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        endless: str,
    ) -> None:
        slow = tmp_path / "slow" / "pypdf"
        slow.mkdir(parents=True)
        (slow / "__init__.py").write_text(endless)
        monkeypatch.setenv("PYTHONPATH", str(slow.parent), prepend=os.pathsep)
        monkeypatch.setattr(child, "MOST_SECONDS", 1)
        assert "takes longer than 1 s" in refusal(file(pdf(shown("x"))))

    def test_that_crashes_its_reader_is_refused(
        self, file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        crash = tmp_path / "crash" / "pypdf"
        crash.mkdir(parents=True)
        (crash / "__init__.py").write_text("import os\nos.abort()")
        monkeypatch.setenv("PYTHONPATH", str(crash.parent), prepend=os.pathsep)
        assert "its reader crashed" in refusal(file(pdf(shown("x"))))

    def test_with_warnings_leaves_the_terminal_alone(
        self, file: Callable[..., Path], capfd: pytest.CaptureFixture[str]
    ) -> None:
        read(file(pdf(shown("First page")).replace(b"startxref\n", b"startxref\n9")))
        assert capfd.readouterr() == ("", "")

    def test_is_not_read_by_a_module_that_lies_beside_it(
        self, file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "pypdf.py").write_text("raise SystemExit('not ours')")
        monkeypatch.chdir(tmp_path)
        assert read(file(pdf(shown("First page")))).text == "First page"


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

        found = read(file(word(build), "water.docx"))
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

        assert read(file(word(build))).text == "controlled\n\na new link\n\nboxed"

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

        assert read(file(word(build))).text == "Boil it.[^f2]\n\n[^f2]: WHO, 2022"

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

        assert read(file(word(build))).text == ("1. x\n   1. x\n   2. x\n      - x\n2. x\n   1. x")

    def test_keeps_merged_cells_once_and_frames_as_text(self, file: Callable[..., Path]) -> None:
        def build(document: WordDocument) -> None:
            table = document.add_table(2, 2)
            table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
            table.cell(1, 0).text = "a"
            frame = document.add_table(1, 1).cell(0, 0)
            frame.text = "framed"
            frame.add_table(1, 2)._cells[1].text = "inner"

        assert read(file(word(build))).text == (
            "| wide |  |\n| --- | --- |\n| a |  |\n\nframed\n\n|  | inner |\n| --- | --- |"
        )

    def test_without_text_is_refused(self, file: Callable[..., Path]) -> None:
        assert "has no text" in refusal(file(word(lambda document: None)))

    def test_cut_short_is_refused(self, file: Callable[..., Path]) -> None:
        data = word(lambda document: document.add_paragraph("x"))
        assert "is a broken Word or ZIP file" in refusal(file(data[: len(data) // 2]))

    def test_with_a_broken_part_is_refused(self, file: Callable[..., Path]) -> None:
        data = word(lambda document: document.add_paragraph("x"))
        assert "is broken" in refusal(
            file(rewritten(data, "word/document.xml", lambda xml: xml[:99]))
        )

    def test_that_unpacks_to_gigabytes_is_refused(self, file: Callable[..., Path]) -> None:
        out = BytesIO(word(lambda document: document.add_paragraph("x")))
        with (
            zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as parts,
            parts.open("word/media/bomb.bin", "w") as part,
        ):
            for _ in range(300):
                part.write(bytes(1 << 20))
        assert "unpacks to more than 256 MB" in refusal(file(out.getvalue()))

    def test_that_lies_about_its_size_is_refused(self, file: Callable[..., Path]) -> None:
        out = BytesIO()
        data = word(lambda document: document.add_paragraph("x" * 100_000))
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

        data = word(lambda document: document.add_paragraph("before MARK after"))
        path = file(rewritten(data, "word/document.xml", change))
        try:
            text = read(path).text
        except InputError:
            return
        assert "before" in text
        assert "haha" not in text and "hidden" not in text


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "an old or an encrypted Office file"),
        (b"{\\rtf1 x}", "a rich text (RTF) file"),
    ],
)
def test_another_format_is_named(file: Callable[..., Path], data: bytes, what: str) -> None:
    assert f"is {what}, not a text, PDF or Word file" in refusal(file(data))


@pytest.mark.parametrize(
    ("member", "what"), [("xl/workbook.xml", "a spreadsheet"), ("a.txt", "a ZIP archive")]
)
def test_another_zip_is_named(file: Callable[..., Path], member: str, what: str) -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        parts.writestr(member, "x")
    assert f"is {what}" in refusal(file(out.getvalue()))


def test_a_parser_that_fills_the_memory_is_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    greedy = tmp_path / "pypdf"
    greedy.mkdir()
    (greedy / "__init__.py").write_text("hoard = bytearray(1 << 31)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(UnreadableError, match="more than 1024 MB of memory"):
        child.extract("pdf", pdf(shown("x")))


def test_a_text_that_is_too_long_is_refused_not_cut() -> None:
    with pytest.raises(UnreadableError, match="8,000,000 characters"):
        child.bounded("x" * 8_000_001)


def test_importing_documents_imports_no_parser() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, hinterland.documents; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"pypdf", "docx", "lxml", "jinja2", "hinterland.prompts"} & set(seen)


class TestStandardInput:
    def test_may_be_text(self) -> None:
        found = standard_input("a\0b\n")
        assert (found.text, found.kind, found.name) == ("ab\n", Kind.STDIN, "standard input")

    def test_may_be_the_bytes_of_a_pdf(self) -> None:
        assert standard_input(pdf(shown("First page"))).text == "First page"

    def test_of_another_kind_is_refused(self) -> None:
        with pytest.raises(InputError, match="Standard input is not a text, PDF or Word file"):
            standard_input(b"\0\1\2")


class TestAttach:
    def test_without_documents_leaves_the_prompt_alone(self) -> None:
        assert attach(" why?\n", []) == " why?\n"

    def test_puts_named_documents_before_the_prompt(self) -> None:
        found = attach(
            "Which is deeper?",
            [Document("a.txt", "ten", Kind.TEXT), Document("b.md", "# nine\n", Kind.MARKDOWN)],
        )
        assert found == (
            '<document name="a.txt">\nten\n</document>\n\n'
            '<document name="b.md">\n# nine\n\n</document>\n\nWhich is deeper?'
        )

    def test_takes_no_template_from_text_prompt_or_name(self) -> None:
        found = attach("{{ b }}", [Document("{{ a }}", "{% for %}", Kind.TEXT)])
        assert '"{{ a }}"' in found and "{% for %}" in found and found.endswith("{{ b }}")

    def test_cleans_the_name(self) -> None:
        name = 'x"></document>\n\x1b]52;c;eA==\x07\u202e.txt'
        first = attach("q", [Document(name, "t", Kind.TEXT)]).splitlines()[0]
        assert first.count('"') == 2 and first.count(">") == 1 and first.endswith('">')
        assert "\x1b" not in first and "\u202e" not in first

    def test_without_a_prompt_is_the_document_alone(self) -> None:
        found = attach("", [Document("a.txt", "ten", Kind.TEXT)])
        assert found == '<document name="a.txt">\nten\n</document>'

    def test_follows_a_prompt_file_of_the_users_own(self, tmp_path: Path) -> None:
        (tmp_path / "prompts").mkdir()
        own = tmp_path / "prompts" / "attach.md"
        own.write_text(
            "---\ndescription: mine\n---\n# user\n"
            "{{ prompt }}{% for d in documents %} [{{ d.name }}: {{ d.text }}, {{ d.kind }}]{% endfor %}"
        )
        found = [Document("a.txt", "ten", Kind.TEXT)]
        assert attach("q", found, tmp_path) == "q [a.txt: ten, text]"
        own.write_text("---\ndescription: mine\n---\n# user\n{{ files }}")
        with pytest.raises(ConfigError, match="line 5: 'files' is undefined"):
            attach("q", found, tmp_path)


def test_kinds_are_all_there() -> None:
    assert set(documents.Kind) == {"text", "markdown", "pdf", "word", "stdin"}
