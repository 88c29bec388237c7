"""Reads the parts of a Word file that hold text; runs in a confined child process.

Expat tells the byte at which each element stands, so that the file can be patched: python-docx
leaves out text boxes, content controls and revisions, and writes all of the XML anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.parsers import expat

import msgspec

from hinterland.confined import UnreadableError
from hinterland.plugins.translation.formats.docx.elements import (
    DROPPED,
    HYPHENS,
    LAST_EDIT,
    SPACE_SIGNS,
    UNSEEN,
    WRAP_PROPERTIES,
    WRAPS,
    XML_SPACE,
    Frame,
    In,
    name_of,
    value_of,
)
from hinterland.plugins.translation.formats.docx.fields import Fields, is_text
from hinterland.plugins.translation.formats.docx.layout import lay_out
from hinterland.plugins.translation.formats.docx.shapes import Paragraph, Part, Property, Run
from hinterland.plugins.translation.formats.docx.tokens import Raw, Token, What

_DEEPEST = 1_000
_TAG = re.compile(rb"<[^\s/>]+(?:[^>\"']|\"[^\"]*\"|'[^']*')*+>")
_SPACES = re.compile(r"[\t\r\n]+")

_Handler = Callable[[Frame, Frame, dict[str, str]], None]
"""Told of an element, of the one around it and of its attributes."""


def read(data: bytes) -> list[Part]:
    """Return the parts in a msgpack list of [name, XML] pairs; raises UnreadableError."""
    parts = []
    for name, xml in msgspec.msgpack.decode(data, type=list[tuple[str, bytes]]):
        try:
            parts.append(_Reader(xml).part())
        except expat.ExpatError as error:
            raise UnreadableError(
                f"is broken in line {error.lineno} of its part {name}",
                "Open it in a word processor and save it anew.",
            ) from error
    return parts


class _Reader:
    """One pass over the XML of a part."""

    def __init__(self, xml: bytes) -> None:
        self._xml = xml
        self._stack = [Frame(In.BLOCK, "", 0, -1)]
        self._paragraphs: list[Raw] = []
        self._runs: list[Run] = []
        self._names: dict[str, str] = {}
        self._fresh = False
        self._text: list[str] = []
        # Of what is being read just now; a text box inside begins anew.
        self._paragraph = Raw(0)
        self._fields = Fields()
        self._branches: list[list[list[int]]] = []
        self._bookmarks: set[str] = set()
        self._handlers: dict[In, _Handler] = {
            In.BLOCK: self._in_block,
            In.PARAGRAPH: self._in_paragraph,
            In.CONTROL: self._in_control,
            In.RUN: self._in_run,
            In.RUBY: self._in_ruby,
            In.TEXT: self._in_leaf,
            In.LEAF: self._in_leaf,
            In.KEPT: self._in_kept,
            In.PARAGRAPH_PROPERTIES: self._in_paragraph_properties,
            In.RUN_PROPERTIES: self._in_run_properties,
            In.RUN_PROPERTY: self._in_run_property,
        }
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    def part(self) -> Part:
        self._parser.Parse(self._xml, True)
        paragraphs: list[Paragraph] = []
        places: dict[int, int] = {}
        for at, raw in enumerate(self._paragraphs):
            paragraph = lay_out(raw, self._runs)
            if paragraph is None:
                continue
            original = places.get(raw.twin, -1)
            if original >= 0 and paragraphs[original].parts == paragraph.parts:
                paragraph.twin = original
            places[at] = len(paragraphs)
            paragraphs.append(paragraph)
        return Part(paragraphs, self._runs)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._stack) > _DEEPEST:
            raise UnreadableError(
                "is nested too deeply", "Open it in a word processor and save it."
            )
        start = self._parser.CurrentByteIndex
        name = self._names.get(tag) or self._name(tag)
        above = self._stack[-1]
        frame = Frame(above.mode, name, start, above.run)
        self._stack.append(frame)
        self._fresh = True
        if name.startswith("mc:"):
            self._alternative(frame)
        handle = self._handlers.get(above.mode)
        if handle is not None:
            handle(frame, above, attributes)

    def _end(self, _tag: str) -> None:
        at = self._parser.CurrentByteIndex
        frame = self._stack.pop()
        if frame.name == "mc:AlternateContent":
            self._branches.pop()
        if frame.finish is not None:
            empty = self._fresh and self._xml[at - 2 : at] == b"/>"
            frame.finish(at, at if empty else self._xml.index(b">", at) + 1)
        self._fresh = False

    def _characters(self, text: str) -> None:
        self._fresh = False
        frame = self._stack[-1]
        if frame.mode is In.TEXT or (frame.mode is In.RUBY and frame.name == "t"):
            self._text.append(text)

    def _name(self, tag: str) -> str:
        return self._names.setdefault(tag, name_of(tag))

    def _tag_end(self, start: int) -> int:
        found = _TAG.match(self._xml, start)
        assert found is not None
        return found.end()

    # Paragraphs

    def _in_block(self, frame: Frame, _above: Frame, _attributes: dict[str, str]) -> None:
        if frame.name == "p":
            self._begin_paragraph(frame)

    def _in_kept(self, frame: Frame, _above: Frame, _attributes: dict[str, str]) -> None:
        if frame.name == "txbxContent":
            self._begin_box(frame)

    def _begin_paragraph(self, frame: Frame) -> None:
        frame.mode = In.PARAGRAPH
        outer = self._paragraph
        paragraph = self._paragraph = Raw(len(self._paragraphs) + 1)
        at = len(self._paragraphs)
        self._paragraphs.append(paragraph)
        begin = self._tag_end(frame.start)
        paragraph.span = (begin, begin)
        if self._branches and len(self._branches[-1]) > 1:
            first, here = self._branches[-1][0], self._branches[-1][-1]
            paragraph.twin = first[len(here)] if len(here) < len(first) else -1
        if self._branches and self._branches[-1]:
            self._branches[-1][-1].append(at)

        def finish(end: int, _after: int) -> None:
            paragraph.span = (paragraph.span[0], max(end, paragraph.span[0]))
            self._paragraph = outer

        frame.finish = finish

    def _begin_box(self, frame: Frame) -> None:
        frame.mode = In.BLOCK
        fields, self._fields = self._fields, Fields()
        branches, self._branches = self._branches, self._branches[-1:]

        def finish(_end: int, _after: int) -> None:
            self._fields, self._branches = fields, branches

        frame.finish = finish

    def _alternative(self, frame: Frame) -> None:
        """Note which paragraphs are copies of one another, for newer programs and for older ones."""
        if frame.name == "mc:AlternateContent":
            self._branches.append([])
        elif self._branches:
            self._branches[-1].append([])

    def _in_paragraph(self, frame: Frame, above: Frame, attributes: dict[str, str]) -> None:
        name = frame.name
        if name == "r":
            self._begin_run(frame)
        elif name == "pPr" and above.name == "p" and not self._paragraph.tokens:
            frame.mode = In.PARAGRAPH_PROPERTIES

            def finish(_end: int, after: int) -> None:
                self._paragraph.properties_span = (frame.start, after)
                self._paragraph.span = (after, after)

            frame.finish = finish
        elif name in WRAPS or (name == "fldSimple" and is_text(value_of(attributes, "instr"))):
            self._wrap(frame, frame.start)
        elif name == "sdt":
            frame.mode = In.CONTROL
            frame.finish = self._keep_control(frame)
        elif name in DROPPED:
            frame.mode = In.LEAF
        elif name in WRAP_PROPERTIES and self._begins_wrap():
            frame.mode = In.DROPPED
            frame.finish = self._until(self._paragraph.tokens[-1])
        else:
            token = self._keep(frame, -1)
            if name == "bookmarkStart" and value_of(attributes, "name") == LAST_EDIT:
                self._bookmarks.add(value_of(attributes, "id"))
                token.what = What.ASIDE
            elif name == "bookmarkEnd" and value_of(attributes, "id") in self._bookmarks:
                token.what = What.ASIDE

    def _in_control(self, frame: Frame, above: Frame, _attributes: dict[str, str]) -> None:
        """Wrap the content of a content control; what stands before it is part of its opening."""
        if frame.name != "sdtContent":
            frame.mode = In.DROPPED
            return
        self._wrap(frame, above.start)
        wrapped = frame.finish
        assert wrapped is not None

        def finish(end: int, _after: int) -> None:
            above.finish = lambda _end, after: wrapped(end, after)

        frame.finish = finish

    def _keep_control(self, frame: Frame) -> Callable[[int, int], None]:
        """Keep a content control as it is, unless it turns out to have content."""
        within = self._fields.within

        def finish(_end: int, after: int) -> None:
            token = Token(What.SIGN, frame.start, label="sdt", within=within)
            token.end = after
            self._paragraph.tokens.append(token)

        return finish

    def _wrap(self, frame: Frame, start: int) -> None:
        frame.mode = In.PARAGRAPH
        tokens = self._paragraph.tokens
        token = Token(What.OPEN, start, label=frame.name, within=self._fields.within)
        token.end = self._tag_end(frame.start)
        tokens.append(token)

        def finish(end: int, after: int) -> None:
            if end == after and tokens[-1] is token:  # an empty element
                token.what = What.SIGN
                token.end = after
                return
            closing = Token(What.CLOSE, end, within=token.within)
            closing.end = after
            tokens.append(closing)

        frame.finish = finish

    def _begins_wrap(self) -> bool:
        tokens = self._paragraph.tokens
        return bool(tokens) and tokens[-1].what is What.OPEN

    def _keep(self, frame: Frame, run: int) -> Token:
        """Have an element kept as it is; there may be a text box with paragraphs in it."""
        deleted = frame.name in {"del", "moveFrom"}
        frame.mode = In.DELETED if deleted else In.KEPT
        token = Token(What.SIGN, frame.start, run, within=self._fields.within)
        token.label = frame.name.rpartition(":")[2]
        frame.finish = self._until(token)
        self._paragraph.tokens.append(token)
        return token

    def _until(self, token: Token) -> Callable[[int, int], None]:
        def finish(_end: int, after: int) -> None:
            token.end = after

        return finish

    # Runs

    def _begin_run(self, frame: Frame) -> None:
        frame.mode = In.RUN
        frame.run = len(self._runs)
        self._runs.append(Run((frame.start, self._tag_end(frame.start)), [], ""))

    def _in_run(self, frame: Frame, _above: Frame, attributes: dict[str, str]) -> None:
        name = frame.name
        if name == "rPr":
            frame.mode = In.RUN_PROPERTIES
        elif name in {"t", "ruby"} or name in HYPHENS:
            self._begin_text(frame, attributes)
        elif name in DROPPED:
            frame.mode = In.LEAF
        elif name == "instrText":
            self._keep(frame, frame.run)
            frame.mode = In.TEXT
            finish = frame.finish
            assert finish is not None
            self._text = []

            def instructed(end: int, after: int) -> None:
                self._fields.instruct("".join(self._text))
                finish(end, after)

            frame.finish = instructed
        else:
            token = self._keep(frame, frame.run)
            token.is_space = name in SPACE_SIGNS
            token.label = SPACE_SIGNS.get(name, token.label)
            if name == "fldChar":
                kind = value_of(attributes, "fldCharType")
                field = self._fields.mark(kind)
                token.mark = (field, kind) if field is not None else None

    def _begin_text(self, frame: Frame, attributes: dict[str, str]) -> None:
        frame.mode = In.RUBY if frame.name == "ruby" else In.TEXT
        token = Token(What.TEXT, frame.start, frame.run, within=self._fields.within)
        self._paragraph.tokens.append(token)
        self._text = []
        keeps = attributes.get(XML_SPACE) == "preserve" or frame.name == "ruby"

        def finish(_end: int, after: int) -> None:
            text = HYPHENS.get(frame.name, "".join(self._text))
            token.text = _SPACES.sub(" ", text if keeps else text.strip(" \t\r\n"))
            token.end = after

        frame.finish = finish

    def _in_ruby(self, frame: Frame, _above: Frame, _attributes: dict[str, str]) -> None:
        if frame.name in {"rt", "rubyPr"}:
            frame.mode = In.DROPPED

    def _in_leaf(self, _frame: Frame, above: Frame, _attributes: dict[str, str]) -> None:
        """Refuse what would be lost, as `above` is written anew or not at all."""
        raise UnreadableError(
            f"is broken: its XML has elements inside of <w:{above.name}>",
            "Open it in a word processor and save it anew.",
        )

    # Properties

    def _in_paragraph_properties(
        self, frame: Frame, _above: Frame, _attributes: dict[str, str]
    ) -> None:
        frame.mode = In.DROPPED
        self._note_property(frame, self._paragraph.properties)

    def _in_run_properties(self, frame: Frame, _above: Frame, attributes: dict[str, str]) -> None:
        frame.mode = In.RUN_PROPERTY
        self._look(frame, "", attributes)
        self._note_property(frame, self._runs[frame.run].properties)

    def _in_run_property(self, frame: Frame, _above: Frame, attributes: dict[str, str]) -> None:
        self._look(frame, "/", attributes)

    def _look(self, frame: Frame, depth: str, attributes: dict[str, str]) -> None:
        """Note a property of a run, if it can be seen."""
        if frame.name in UNSEEN:
            return
        seen = sorted(
            (key, value)
            for key, value in attributes.items()
            if not key.endswith(" hint") and " rsid" not in key
        )
        self._runs[frame.run].look += f"{depth}{frame.name}{seen or ''};"

    def _note_property(self, frame: Frame, properties: list[Property]) -> None:
        def finish(_end: int, after: int) -> None:
            properties.append(Property(frame.name, (frame.start, after)))

        frame.finish = finish


def _refuse_doctype(*_: object) -> None:
    raise UnreadableError(
        "declares XML entities, which no word processor does", "Do not trust where it came from."
    )
