"""Documents for a prompt: every kind that can be read, and one sentence for every kind that cannot."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from hinterland import documents
from hinterland.confined import UnreadableError
from hinterland.documents import Document, Kind, attach, child, read, standard_input
from hinterland.errors import ConfigError, InputError
from tests.attached_documents import pdf, refusal, shown


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(data: bytes, name: str = "notes.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


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
