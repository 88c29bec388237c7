"""The text of a PDF, and PDFs that are refused."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pypdf
import pytest

from hinterland.documents import Document, Kind, child, read
from tests.attached_documents import pdf, refusal, shown


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(data: bytes, name: str = "notes.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


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
