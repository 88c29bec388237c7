"""Word files for tests: generated ones, and what can be seen in one, read by lxml alone."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped] # it has no types

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_WPS = "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
_MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_STORIES = ("document", "header", "footer", "footnotes", "endnotes")
_UNSEEN = {f"{_W}{name}" for name in ("lang", "noProof", "rtl", "cs", "proofErr")}
_FOUND_AGAIN = {f"{_W}{name}" for name in ("proofErr", "lastRenderedPageBreak", "softHyphen")}


def run(text: str, look: str = "") -> str:
    """Return the XML of a run."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    properties = f"<w:rPr>{look}</w:rPr>" if look else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escaped}</w:t></w:r>'


def paragraph(*inner: str, properties: str = "") -> str:
    """Return the XML of a paragraph."""
    before = f"<w:pPr>{properties}</w:pPr>" if properties else ""
    return f"<w:p {nsdecls('w', 'r')}>{before}{''.join(inner)}</w:p>"


def field(instruction: str, *result: str) -> str:
    """Return the XML of a field over several runs."""
    marks = {
        kind: f"<w:r><w:fldChar w:fldCharType='{kind}'/></w:r>"
        for kind in ("begin", "separate", "end")
    }
    told = f"<w:r><w:instrText xml:space='preserve'> {instruction} </w:instrText></w:r>"
    return f"{marks['begin']}{told}{marks['separate']}{''.join(result)}{marks['end']}"


def text_box(*paragraphs: str) -> str:
    """Return the XML of a run with a text box, and its copy for older programs."""
    box = f"<w:txbxContent>{''.join(paragraphs)}</w:txbxContent>"
    return (
        f"<w:r><mc:AlternateContent xmlns:mc='{_MC}'><mc:Choice Requires='wps'>"
        f"<w:drawing><wps:txbx xmlns:wps='{_WPS}'>{box}</wps:txbx></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


def word(*paragraphs: str, notes: str = "", header: str = "") -> bytes:
    """Return a Word file with paragraphs as XML, a footnote and a header."""

    def build(document: Document) -> None:
        body = document.element.body
        for each in paragraphs:
            body.insert(len(body) - 1, parse_xml(each))
        if header:
            document.sections[0].header.paragraphs[0].text = header
        if notes:
            _add_notes(document, notes)

    return built(build)


def built(build: Callable[[Document], object]) -> bytes:
    """Return the Word file that `build` makes of an empty one."""
    document = docx.Document()
    build(document)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def rewritten(data: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return an archive with one member changed."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info, change(content) if info.filename == member else content)
    return out.getvalue()


def part(data: bytes, name: str = "word/document.xml") -> Any:
    """Return the parsed XML of a part."""
    with zipfile.ZipFile(BytesIO(data)) as parts:
        return etree.fromstring(parts.read(name))


def _add_notes(document: Document, notes: str) -> None:
    separator = "<w:footnote w:type='separator' w:id='-1'><w:p/></w:footnote>"
    xml = f"<w:footnotes {nsdecls('w', 'r')}>{separator}<w:footnote w:id='2'>{notes}</w:footnote></w:footnotes>"
    uri = PackURI("/word/footnotes.xml")
    added = Part(uri, f"{_TYPE}footnotes+xml", xml.encode(), document.part.package)
    document.part.relate_to(added, RELATIONSHIP_TYPE.FOOTNOTES)


# What can be seen


def seen(data: bytes) -> list[list[tuple[str, str]]]:
    """Return each paragraph as stretches of one look: the look, and its text without spaces.

    What is no text stands between as its XML, with a look of its own; what encloses a text is part
    of its look. How a word processor cut the text into runs cannot be seen.
    """
    found = []
    for _name, root in _stories(data):
        _forget_last_edit(root)
        found += [_stretches(each) for each in root.iter(f"{_W}p")]
    return found


def frames(data: bytes) -> list[tuple[str, bytes]]:
    """Return the parts with text in canonical form, without the content of their paragraphs."""
    found = []
    for name, root in _stories(data):
        for each in list(root.iter(f"{_W}p")):
            for child in list(each):
                if child.tag != f"{_W}pPr":
                    each.remove(child)
            each.text = None
        found.append((name, etree.tostring(root, method="c14n")))
    return found


def _stories(data: bytes) -> list[tuple[str, Any]]:
    with zipfile.ZipFile(BytesIO(data)) as parts:
        return [
            (name, etree.fromstring(parts.read(name)))
            for name in parts.namelist()
            if name.endswith(".xml") and name.startswith(tuple(f"word/{x}" for x in _STORIES))
        ]


def _forget_last_edit(root: Any) -> None:
    """Remove the bookmark at which somebody wrote last: its place does not matter."""
    marks = [each for each in root.iter(f"{_W}bookmarkStart") if each.get(f"{_W}name") == "_GoBack"]
    ids = {each.get(f"{_W}id") for each in marks}
    ends = [each for each in root.iter(f"{_W}bookmarkEnd") if each.get(f"{_W}id") in ids]
    for each in marks + ends:
        each.getparent().remove(each)


def _stretches(element: Any) -> list[tuple[str, str]]:
    joined: list[tuple[str, str]] = []
    for look, text in _seen(element, ""):
        if joined and joined[-1][0] == look != "<>":
            joined[-1] = (look, joined[-1][1] + text)
        elif text:
            joined.append((look, text))
    return joined


def _seen(element: Any, around: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for child in element:
        name = child.tag.rpartition("}")[2]
        if child.tag in {f"{_W}pPr", f"{_W}rPr"} or child.tag in _FOUND_AGAIN:
            continue
        if name == "t" and child.tag.startswith(_W):
            found.append((around, "".join((child.text or "").split())))
        elif name == "noBreakHyphen":
            found.append((around, "\u2011"))
        elif name == "r" and child.tag.startswith(_W):
            found += _seen(child, around + _look(child))
        elif name in {"hyperlink", "ins", "sdt", "sdtContent", "smartTag", "fldSimple"}:
            found += [
                ("<>", _tag(child)),
                *_seen(child, around + _tag(child)),
                ("<>", f"</{name}>"),
            ]
        else:
            found.append(("<>", _canonical(child)))
    return found


def _look(element: Any) -> str:
    properties = element.find(f"{_W}rPr")
    if properties is None:
        return ""
    return "".join(_canonical(each) for each in properties if each.tag not in _UNSEEN)


def _tag(element: Any) -> str:
    return f"<{element.tag} {sorted(element.attrib.items())}>"


def _canonical(element: Any) -> str:
    """Return an element's XML; paragraphs in a text box are looked at on their own."""
    copied = etree.fromstring(etree.tostring(element, with_tail=False))
    for box in list(copied.iter(f"{_W}txbxContent")):
        for child in list(box):
            box.remove(child)
    return str(etree.tostring(copied, method="c14n", exclusive=True), "utf-8")


# Generated documents

_words = st.text(
    st.sampled_from("abcdeghknorstvwzBDFGK  .,;!?<>&\"'()0123 \u00a0中文字語العربيةहिन्दी🙂-"),
    min_size=1,
    max_size=24,
)
_LOOKS = (
    *("", "", "", "<w:b/>", "<w:i/>", "<w:b/><w:i/>", "<w:u w:val='single'/>"),
    *("<w:color w:val='FF0000'/>", "<w:lang w:val='de-DE'/>", "<w:vertAlign w:val='superscript'/>"),
    *("<w:rFonts w:hint='eastAsia'/>", "<w:b/><w:noProof/>", "<w:sz w:val='30'/>"),
)
_runs = st.builds(run, _words, st.sampled_from(_LOOKS))
_IN_ONE_RUN = (
    "<w:r><w:fldChar w:fldCharType='begin'/><w:instrText>SEQ x</w:instrText>"
    "<w:fldChar w:fldCharType='separate'/><w:t>one</w:t><w:fldChar w:fldCharType='end'/></w:r>"
)
_SIGNS = (
    *("<w:r><w:tab/></w:r>", "<w:r><w:br/></w:r>", "<w:r><w:br w:type='page'/></w:r>"),
    *(
        "<w:r><w:noBreakHyphen/></w:r>",
        "<w:r><w:softHyphen/></w:r>",
        "<w:proofErr w:type='spellStart'/>",
    ),
    "<w:r><w:rPr><w:rStyle w:val='Ref'/></w:rPr><w:footnoteReference w:id='2'/></w:r>",
    *("<w:bookmarkStart w:id='7' w:name='here'/>", "<w:bookmarkEnd w:id='7'/>"),
    "<w:bookmarkStart w:id='0' w:name='_GoBack'/><w:bookmarkEnd w:id='0'/>",
    "<w:r><w:lastRenderedPageBreak/><w:t>after</w:t><w:tab/><w:t>before</w:t></w:r>",
    "<w:r><w:sym w:font='Wingdings' w:char='F0FC'/></w:r>",
    "<w:del w:id='3' w:author='A'><w:r><w:delText>gone</w:delText></w:r></w:del>",
    field("PAGE", run("7")),
    "<w:fldSimple w:instr=' DATE '><w:r><w:t>Monday</w:t></w:r></w:fldSimple>",
    _IN_ONE_RUN,
)
_WRAPS = (
    ("<w:hyperlink w:anchor='here'>", "</w:hyperlink>"),
    ("<w:ins w:id='4' w:author='A'>", "</w:ins>"),
    ("<w:sdt><w:sdtPr><w:tag w:val='x'/></w:sdtPr><w:sdtContent>", "</w:sdtContent></w:sdt>"),
    ("<w:smartTag w:element='place'>", "</w:smartTag>"),
)
_plain = st.lists(st.one_of(_runs, _runs, st.sampled_from(_SIGNS)), max_size=5).map("".join)
_inline = st.one_of(
    _plain,
    st.builds(lambda wrap, inner: wrap[0] + inner + wrap[1], st.sampled_from(_WRAPS), _plain),
    _runs.map(lambda inner: field("HYPERLINK http://x", inner)),
)
_contents = st.lists(_inline, max_size=4)
_PROPERTIES = (
    "",
    "<w:pStyle w:val='Heading1'/>",
    "<w:jc w:val='center'/>",
    "<w:spacing w:after='1'/>",
)
_paragraphs = st.builds(
    lambda inner, properties: paragraph(*inner, properties=properties),
    _contents,
    st.sampled_from(_PROPERTIES),
)
_MARKED = re.compile(
    rb"<w:p\b(?:(?!<w:p\b).)*?<w:t[^>]*>(?:BODY|FOOTER|NOTE)</w:t>.*?</w:p>", re.DOTALL
)
_boxes = st.lists(_paragraphs, min_size=1, max_size=2).map(lambda inner: text_box(*inner))


_tables = st.builds(
    lambda first, second: (
        f"<w:tbl {nsdecls('w')}><w:tblPr><w:tblStyle w:val='TableGrid'/></w:tblPr><w:tblGrid/>"
        f"<w:tr><w:tc>{first}<w:tbl><w:tblPr/><w:tblGrid/><w:tr><w:tc>{second}</w:tc></w:tr>"
        f"</w:tbl><w:p/></w:tc></w:tr></w:tbl>"
    ),
    _paragraphs,
    _paragraphs,
)
_boxed = st.builds(lambda inner, box: paragraph(*inner, box), _contents, _boxes)
_items = _words.map(lambda text: paragraph(run(text), properties="<w:pStyle w:val='ListBullet'/>"))
stories = st.lists(
    st.one_of(_paragraphs, _paragraphs, _boxed, _tables, _items), min_size=1, max_size=5
).map("\n".join)
"""The XML of what can stand in a body, a footer or a note."""


@cache
def _empty() -> dict[str, bytes]:
    """Return the members of a file with all of Word's styles, a footer and a note."""

    def build(document: Document) -> None:
        document.sections[0].footer.paragraphs[0].text = "FOOTER"
        _add_notes(document, paragraph(run("NOTE")))
        document.add_paragraph("BODY")

    with zipfile.ZipFile(BytesIO(built(build))) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def word_file(body: str, footer: str, notes: str) -> bytes:
    """Return a Word file with these stories as XML."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        for name, content in _empty().items():
            for mark, story in (("BODY", body), ("FOOTER", footer), ("NOTE", notes)):
                found = _MARKED.search(content) if name.endswith(".xml") else None
                if found is not None and mark.encode() in found[0]:
                    content = content[: found.start()] + story.encode() + content[found.end() :]
            parts.writestr(name, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
