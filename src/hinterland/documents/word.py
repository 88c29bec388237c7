"""The text of a Word file as Markdown, in the order of the document; runs in the child process of
`child`.

The XML is walked here, because python-docx leaves out what stands in content controls, insertions
under revision, text boxes and footnotes. Headers and footers of the page are left out.
"""

from __future__ import annotations

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from hinterland.confined import UnreadableError
from hinterland.documents.child import Extracted, bounded

if TYPE_CHECKING:
    from docx.document import Document

_MOST_UNPACKED = 256 << 20  # bytes; a zip bomb says how large it is
_MOST_PARTS = 10_000

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VALUE = f"{_W}val"
# Deleted under revision, moved away, field codes, and the second copy of a text box for old readers.
_UNSEEN = {"del", "moveFrom", "instrText", "Fallback", "pPr", "rPr", "tblPr", "sdtPr"}
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "sym": "\ufffd"}


def extract(data: bytes) -> Extracted:
    """Return headings, paragraphs, lists, tables and notes; raises UnreadableError."""
    _check(data)
    import docx

    try:
        document = docx.Document(BytesIO(data))
    except ValueError as error:  # a template, or a file with macros
        raise UnreadableError(
            "is not a plain Word document", "Save it as .docx without macros."
        ) from error
    text = _Walk(document).text()
    if not text.strip():
        raise UnreadableError("has no text", "If it holds pictures of text, convert them first.")
    return Extracted(bounded(text))


def _check(data: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as parts:
            listed = parts.infolist()
    except zipfile.BadZipFile as error:
        raise UnreadableError(
            "is a broken Word or ZIP file", "Copy it again from where it came."
        ) from error
    if len(listed) > _MOST_PARTS or sum(part.file_size for part in listed) > _MOST_UNPACKED:
        raise UnreadableError(
            f"unpacks to more than {_MOST_UNPACKED >> 20} MB", "Attach the text of it instead."
        )
    members = {part.filename for part in listed}
    if "word/document.xml" not in members:
        what = "a spreadsheet" if "xl/workbook.xml" in members else "a ZIP archive"
        raise UnreadableError(
            f"is {what} or another format, not a text, PDF or Word file",
            "Save it as .docx, .pdf or .txt first.",
        )


def _name(element: Any) -> str:
    """Return an element's name without its namespace; comments have none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


class _Walk:
    """One pass over a document, with the counters of its numbered lists."""

    def __init__(self, document: Document) -> None:
        self._body = document.element.body
        self._part = document.part
        self._styles = {style.style_id: style for style in document.styles}
        self._formats = self._list_formats()
        self._counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * 9)

    def text(self) -> str:
        lines = ""
        in_list = False
        for block, is_item in (*self._blocks(self._body), *self._notes()):
            if lines:
                lines += "\n" if in_list and is_item else "\n\n"
            lines += block
            in_list = is_item
        return lines

    def _blocks(self, parent: Any) -> Iterator[tuple[str, bool]]:
        """Yield each block of text, and whether it is an item of a list."""
        for child in parent:
            name = _name(child)
            if name == "p":
                yield from self._paragraph(child)
            elif name == "tbl":
                yield from self._table(child)
            elif name not in _UNSEEN:
                yield from self._blocks(child)

    def _paragraph(self, paragraph: Any) -> Iterator[tuple[str, bool]]:
        boxes: list[Any] = []
        text = "".join(self._inline(paragraph, boxes)).strip()
        if text:
            marker, is_item = self._marker(paragraph)
            yield marker + text, is_item
        for box in boxes:
            yield from self._blocks(box)

    def _inline(self, parent: Any, boxes: list[Any]) -> Iterator[str]:
        for child in parent:
            name = _name(child)
            if name == "t":
                yield child.text or ""
            elif name in _SIGNS:
                yield _SIGNS[name]
            elif name in {"footnoteReference", "endnoteReference"}:
                yield f"[^{name[0]}{child.get(f'{_W}id')}]"
            elif name == "txbxContent":
                boxes.append(child)
            elif name not in _UNSEEN:
                yield from self._inline(child, boxes)

    def _table(self, table: Any) -> Iterator[tuple[str, bool]]:
        rows = [list(row.iter(f"{_W}tc")) for row in table.iter(f"{_W}tr") if _owner(row) is table]
        rows = [[cell for cell in row if _owner(cell) is table] for row in rows]
        if [len(row) for row in rows] == [1]:  # a frame around text
            yield from self._blocks(rows[0][0])
            return
        grid: list[list[str]] = []
        for row in rows:
            grid.append([])
            for cell in row:
                text = " ".join(block for block, _ in self._blocks(cell))
                grid[-1].append(" ".join(text.split()).replace("|", "\\|"))
                span = cell.find(f"{_W}tcPr/{_W}gridSpan")
                columns = int(span.get(_VALUE, 1)) if span is not None else 1
                grid[-1] += [""] * (min(columns, 63) - 1)  # Word's own limit of columns
        if not any(any(row) for row in grid):
            return
        width = max(map(len, grid))
        lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in grid]
        yield "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]]), False

    def _marker(self, paragraph: Any) -> tuple[str, bool]:
        """Return what stands before a heading or an item of a list, and whether it is an item."""
        properties = paragraph.find(f"{_W}pPr")
        identity = properties.find(f"{_W}pStyle") if properties is not None else None
        style = self._styles.get(identity.get(_VALUE)) if identity is not None else None
        title = (style.name or "").lower() if style is not None else ""
        if heading := re.fullmatch(r"heading ([1-9])", title):
            return "#" * min(int(heading[1]), 6) + " ", False
        if title == "title":
            return "# ", False
        inherited = style.element.find(f"{_W}pPr") if style is not None else None
        for where in (properties, inherited):
            numbers = where.find(f"{_W}numPr") if where is not None else None
            if numbers is not None and numbers.find(f"{_W}numId") is not None:
                depth = numbers.find(f"{_W}ilvl")
                level = int(depth.get(_VALUE)) if depth is not None else 0
                return self._item(numbers.find(f"{_W}numId").get(_VALUE), min(max(level, 0), 8))
        return "", False

    def _item(self, number: str, level: int) -> tuple[str, bool]:
        kind = self._formats.get((number, level), "none" if number == "0" else "bullet")
        if kind == "none":
            return "", False
        counts = self._counts[number]
        counts[level] += 1
        counts[level + 1 :] = [0] * (8 - level)
        sign = "-" if kind == "bullet" else f"{counts[level]}."
        return "   " * level + sign + " ", True

    def _list_formats(self) -> dict[tuple[str, int], str]:
        """Return (numbering id, level) → "bullet", "decimal", …, "none"."""
        found = [rel.target_part for rel in self._rels("numbering")]
        if not found:
            return {}
        root = found[0].element
        abstract: dict[str, dict[int, str]] = {}
        for entry in root.iter(f"{_W}abstractNum"):
            levels = abstract.setdefault(entry.get(f"{_W}abstractNumId"), {})
            for level in entry.iter(f"{_W}lvl"):
                form = level.find(f"{_W}numFmt")
                levels[int(level.get(f"{_W}ilvl"))] = (
                    form.get(_VALUE) if form is not None else "decimal"
                )
        formats: dict[tuple[str, int], str] = {}
        for number in root.iter(f"{_W}num"):
            source = number.find(f"{_W}abstractNumId")
            if source is not None:
                for depth, kind in abstract.get(source.get(_VALUE), {}).items():
                    formats[number.get(f"{_W}numId"), depth] = kind
        return formats

    def _notes(self) -> Iterator[tuple[str, bool]]:
        from docx.oxml import parse_xml

        for kind in ("footnote", "endnote"):
            for rel in self._rels(f"{kind}s"):
                for note in parse_xml(rel.target_part.blob).iter(f"{_W}{kind}"):
                    text = " ".join(block for block, _ in self._blocks(note))
                    if text:
                        yield f"[^{kind[0]}{note.get(f'{_W}id')}]: {text}", True

    def _rels(self, kind: str) -> list[Any]:
        rels = self._part.rels.values()
        return [rel for rel in rels if rel.reltype.endswith(f"/{kind}") and not rel.is_external]


def _owner(element: Any) -> Any:
    """Return the table that an element stands in."""
    return next(element.iterancestors(f"{_W}tbl"), None)
