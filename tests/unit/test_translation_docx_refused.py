"""Word files that are broken or meant to do harm: each is refused in one sentence."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO

import pytest

from hinterland.errors import InputError
from hinterland.plugins.translation.formats import open_document
from hinterland.plugins.translation.formats.document import Wishes
from tests.word_documents import paragraph, rewritten, run, word
from tests.word_units import shown

_BODY = "word/document.xml"


def bomb() -> bytes:
    out = BytesIO(word(paragraph(run("x"))))
    with (
        zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as parts,
        parts.open("word/media/bomb.bin", "w") as member,
    ):
        for _ in range(300):
            member.write(bytes(1 << 20))
    return out.getvalue()


def lying() -> bytes:
    data = word(paragraph(run("x" * 100_000)))
    with zipfile.ZipFile(BytesIO(data)) as parts:
        size = parts.getinfo(_BODY).file_size
    return data.replace(struct.pack("<L", size), struct.pack("<L", 64))


def of_type(kind: str) -> bytes:
    main = b"vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return rewritten(
        word(paragraph(run("x"))),
        "[Content_Types].xml",
        lambda xml: xml.replace(main, kind.encode()),
    )


def with_entities() -> bytes:
    laughs = "".join(f"<!ENTITY l{n + 1} '{f'&l{n};' * 10}'>" for n in range(12))
    attack = f"<!DOCTYPE d [<!ENTITY l0 'ha'>{laughs}<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
    return rewritten(
        word(paragraph(run("x"))),
        _BODY,
        lambda xml: xml.replace(b"<w:document", attack.encode() + b"<w:document", 1),
    )


def encoded(name: bytes) -> bytes:
    return rewritten(word(), _BODY, lambda xml: xml.replace(b"UTF-8", name, 1))


def with_two_contents() -> bytes:
    content = f"<w:sdtContent>{run('lost')}</w:sdtContent>"
    return word(paragraph(run("Text"), f"<w:sdt>{content}{content}</w:sdt>"))


def with_an_element_in_a_text() -> bytes:
    return word(paragraph("<w:r><w:t>Text<w:tab/></w:t></w:r>"))


def nested(depth: int) -> bytes:
    deep = f"<w:smartTag>{'<w:smartTag>' * depth}{run('x')}{'</w:smartTag>' * depth}</w:smartTag>"
    inner = f"<w:p>{deep}</w:p>".encode()
    return rewritten(word(), _BODY, lambda xml: xml.replace(b"<w:sectPr", inner + b"<w:sectPr", 1))


def twice() -> bytes:
    out = BytesIO(word(paragraph(run("x"))))
    with zipfile.ZipFile(out, "a") as parts, pytest.warns(UserWarning, match="Duplicate"):
        parts.writestr(_BODY, "<other/>")
    return out.getvalue()


def encrypted() -> bytes:
    data = bytearray(word(paragraph(run("x"))))
    at = data.index(b"PK\1\2")
    data[at + 8] |= 1
    return bytes(data)


class TestAFileThatIsRefused:
    """Each by the confined process, with one sentence and a hint."""

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000), "old or an encrypted Office file"),
            (b"{\\rtf1 Hello}", "broken Word file, or none"),
            (b"", "broken Word file, or none"),
            (word(paragraph(run("x")))[:-1000], "broken Word file, or none"),
            (lying(), "broken Word file, or none"),
            (twice(), "broken Word file, or none"),
            (encrypted(), "is encrypted"),
            (bomb(), "unpacks to more than 256 MB"),
            (of_type("vnd.ms-word.document.macroEnabled.main+xml"), "has macros or is a template"),
            (of_type("x"), "another kind of archive"),
            (encoded(b"punycode"), "is in an encoding that cannot be read"),
            (with_two_contents(), "is broken"),
            (with_an_element_in_a_text(), "has elements inside of <w:t>"),
            (with_entities(), "declares XML entities"),
            (nested(500), "is nested too deeply"),
            (nested(200_000), "is nested too deeply"),
            (rewritten(word(), "[Content_Types].xml", lambda xml: xml[:-9]), "broken Word file"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_says_why(self, data: bytes, reason: str) -> None:
        with pytest.raises(InputError) as caught:
            open_document(data, "docx", Wishes())
        assert reason in caught.value.message
        assert caught.value.message.count(". ") == 0
        assert caught.value.hint

    def test_is_not_one_that_is_well(self) -> None:
        assert shown(word(paragraph(run("Text")))) == ["Text"]
