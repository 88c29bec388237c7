"""Documents to attach, made for a test, and the sentence with which one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland.documents import read
from hinterland.errors import InputError


def refusal(path: Path) -> str:
    """Return the sentence with which a file is refused; it comes with a hint."""
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.hint
    assert "\n" not in caught.value.message
    assert caught.value.message.count(". ") == 0
    return caught.value.message


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
