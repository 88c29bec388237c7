"""What every format of translation promises, proved on any document of it.

`identity` and `marked` take the bytes of a document and fail where a promise is broken; `real_files`
gives the real documents under tests/data/translation, each with its licence.
"""

from __future__ import annotations

import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from hinterland.plugins.translation.formats import open_document
from hinterland.plugins.translation.formats.document import Document, Wishes
from hinterland.plugins.translation.units import Code, Kind, Parts, Unit, codes_of, text_of

FOLDER = Path(__file__).parent / "data" / "translation"

Change = Callable[[Unit], Parts | None]
"""What becomes of a unit; None leaves it as it stands."""

_ZIPPED = {"docx", "epub"}
"""Formats whose units have no span in the file itself."""
_NOT_READ_BACK = {"po"}
"""Formats whose units are the source text even where there is a translation."""
_NO_ESCAPES = {"text", "srt", "vtt"}
"""Formats in which a sign that is mark-up cannot be written otherwise."""
_CODES_BY_LENGTH = {"docx"}
"""Formats where the look of most characters has no code: a longer text can be coded otherwise."""
NO_WISHES = Wishes()
_ALONE = 200  # units that are translated alone, to see what each of them changes

_ACCENTED = str.maketrans("aeiouyAEIOUY", "àéîõûýÀÉÎÕÛÝ")
_NASTY = " *a* _b_ `c` <d> &e; &amp; \"f\" 'g' \\h | i, {j} #k --> l ; [m](n) %o $p = q ~r~ \\"
_NASTY_STARTS = (
    "# ",
    "- ",
    "1. ",
    "> ",
    "+ ",
    "NOTE ",
    '"',
    "=",
    "<!-- ",
    "|",
    "{",
    "--> ",
    "* * *",
)


@dataclass(frozen=True, slots=True)
class RealFile:
    """A document that somebody made for people, as LICENCES.toml beside it describes it."""

    path: Path
    form: str
    wishes: Wishes

    def __str__(self) -> str:
        return f"{self.form}/{self.path.name}"


def real_files(form: str) -> list[RealFile]:
    """Return the documents in tests/data/translation/<form>; all have a licence and a source.

    LICENCES.toml has a table [[file]] for each: name, source, licence, and columns or keys where
    the format needs them.
    """
    folder = FOLDER / form
    entries = tomllib.loads((folder / "LICENCES.toml").read_text(encoding="utf-8"))["file"]
    described = {entry["name"] for entry in entries}
    assert described == {path.name for path in folder.iterdir()} - {"LICENCES.toml"}
    assert all(entry["source"] and entry["licence"] for entry in entries)
    return [
        RealFile(
            folder / entry["name"],
            form,
            Wishes(columns=tuple(entry.get("columns", ())), keys=tuple(entry.get("keys", ()))),
        )
        for entry in entries
    ]


def forms_with_files() -> list[str]:
    """Return the formats that have real documents here."""
    return sorted(path.parent.name for path in FOLDER.glob("*/LICENCES.toml"))


def read(data: bytes, form: str, wishes: Wishes = NO_WISHES) -> list[Unit]:
    """Return the units of a document; they are the same each time, well nested and in order."""
    return _read(open_document(data, form, wishes), data, form)


def written(data: bytes, form: str, change: Change, wishes: Wishes = NO_WISHES) -> bytes:
    """Return a document with what `change` makes of its units."""
    document = open_document(data, form, wishes)
    return _written(document, list(document.units()), change)


def identity(data: bytes, form: str, wishes: Wishes = Wishes()) -> list[Unit]:  # noqa: B008 - frozen
    """Prove that a document whose translation is its own text stays as it is, to the byte.

    A text that is encoded anew, because its parts are cut otherwise, reads the same again.
    """
    document = open_document(data, form, wishes)
    units = _read(document, data, form)
    assert _written(document, units, lambda unit: None) == data
    if form not in _NOT_READ_BACK:  # a message that is its own translation is no untranslated one
        assert _written(document, units, lambda unit: unit.parts) == data
    marked(data, form, wishes, mark=recut, document=document)
    return units


def marked(
    data: bytes,
    form: str,
    wishes: Wishes = Wishes(),  # noqa: B008 - frozen
    mark: Callable[[Parts], Parts] | None = None,
    document: Document | None = None,
) -> bytes:
    """Return a document with every unit translated by `mark` (accents, if it is not given).

    Proves that nothing outside of the units changed, and that every translation reads back as it
    was put: as text, and not as mark-up. `document` is the open one, if there is one already.
    """
    mark = mark or accented
    document = document or open_document(data, form, wishes)
    units = list(document.units())

    def change(unit: Unit) -> Parts | None:
        return None if unit.done else mark(unit.parts)

    out = _written(document, units, change)
    if form in _ZIPPED:
        _same_members(data, out)
    else:
        _same_outside(data, document, units, change)
    if form not in _NOT_READ_BACK and not (mark is nasty and form in _NO_ESCAPES):
        again = read(out, form, wishes)
        assert len(again) == len(units), f"{form}: {len(units)} units became {len(again)}"
        for unit, found in zip(units, again, strict=True):
            wanted = unit.parts if unit.done else mark(unit.parts)
            if form in _CODES_BY_LENGTH:
                assert plain((text_of(found.parts),)) == plain((text_of(wanted),)), unit.note
            else:
                assert plain(found.parts) == plain(wanted), unit.note
    return out


def accented(parts: Parts) -> Parts:
    """Return a translation: every text with letters has accents, and one letter more."""
    return tuple(_accented(part) if isinstance(part, str) else part for part in parts)


def nasty(parts: Parts) -> Parts:
    """Return a translation full of signs that are mark-up in one format or another."""
    start = _NASTY_STARTS[len("".join(map(str, parts))) % len(_NASTY_STARTS)]
    changed = list(accented(parts))
    first = next(i for i, part in enumerate(changed) if isinstance(part, str) and part.strip())
    last = max(i for i, part in enumerate(changed) if isinstance(part, str) and part.strip())
    changed[first] = start + str(changed[first]).lstrip()
    body = str(changed[last]).rstrip()
    end = body[-1] if body[-1] in ".:!?" else ""  # by which some formats know a whole sentence
    changed[last] = body.removesuffix(end) + _NASTY + end
    return tuple(changed)


def recut(parts: Parts) -> Parts:
    """Return the same text in other pieces, so that no format can take it for unchanged."""
    pieces: list[str | Code] = []
    for part in parts:
        pieces += (part[:1], part[1:]) if isinstance(part, str) else (part,)
    return (*pieces, "")


def plain(parts: Parts) -> tuple[object, ...]:
    """Return parts to compare: pieces of text joined, white space and codes that are it as one space.

    Codes are compared by what they do; how they are written is the affair of the format.
    """
    joined: list[object] = []
    for part in parts:
        text = part if isinstance(part, str) else " " if part.is_space else ""
        if not isinstance(part, str) and not part.is_space:
            joined.append((part.kind, part.pair))
        elif joined and isinstance(joined[-1], str):
            joined[-1] += text
        else:
            joined.append(text)
    texts = (" ".join(f"|{x}|".split()) if isinstance(x, str) else x for x in joined)
    return tuple(x for x in texts if x != "||")


def _accented(text: str) -> str:
    last = max((at for at, letter in enumerate(text, start=1) if letter.isalpha()), default=0)
    return text[:last].translate(_ACCENTED) + "ŋ" + text[last:] if last else text


def _read(document: Document, data: bytes, form: str) -> list[Unit]:
    units = list(document.units())
    assert list(document.units()) == units
    for unit in units:
        _nested(unit.parts)
        assert any(isinstance(part, str) and part.strip() for part in unit.parts), unit
    if form not in _ZIPPED:
        ends = [0, *(at for unit in units for at in (unit.start, unit.end))]
        assert ends == sorted(ends), f"{form}: units overlap or are out of order"
        assert ends[-1] <= len(data)
    return units


def _written(document: Document, units: list[Unit], change: Change) -> bytes:
    out = BytesIO()
    writer = document.writer(out)
    for unit in units:
        writer.put(unit, change(unit))
    writer.close()
    return out.getvalue()


def _nested(parts: Parts) -> None:
    """Fail where codes do not come in pairs, one within the other."""
    stack: list[int] = []
    pairs: list[int] = []
    for code in codes_of(parts):
        if code.kind is Kind.ALONE:
            assert code.pair == 0, code
        elif code.kind is Kind.OPEN:
            stack.append(code.pair)
            pairs.append(code.pair)
        else:
            assert stack.pop() == code.pair, parts
    assert not stack, parts
    assert sorted(pairs) == list(range(1, len(pairs) + 1)), parts


def _same_outside(data: bytes, document: Document, units: list[Unit], change: Change) -> None:
    """Fail unless each unit's translation changes its span alone, and all together no more."""
    # A unit without a span has its place within the one before it.
    chosen = [unit for unit in units if not unit.done and unit.start < unit.end]
    chosen = chosen[:: len(units) // _ALONE + 1]
    expected, at = b"", 0
    for one in chosen:
        alone = _written(document, units, _only({id(one)}, change))
        tail = data[one.end :]
        assert alone.startswith(data[: one.start]), one.note
        assert alone.endswith(tail), one.note
        assert len(alone) >= one.start + len(tail), one.note
        expected += data[at : one.start] + alone[one.start : len(alone) - len(tail)]
        at = one.end
    together = _written(document, units, _only({id(unit) for unit in chosen}, change))
    assert together == expected + data[at:]


def _only(chosen: set[int], change: Change) -> Change:
    return lambda unit: change(unit) if id(unit) in chosen else None


def _same_members(data: bytes, out: bytes) -> None:
    """Fail unless both archives hold the same members, alike but for the bytes of XML texts."""
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(BytesIO(out)) as new:
        assert new.testzip() is None
        assert old.comment == new.comment
        assert old.namelist() == new.namelist()
        for before, after in zip(old.infolist(), new.infolist(), strict=True):
            for field in ("date_time", "compress_type", "external_attr", "comment"):
                assert getattr(before, field) == getattr(after, field), before.filename
            if old.read(before) == new.read(after):
                assert _packed(data, before) == _packed(out, after), before.filename
            else:
                assert before.filename.endswith((".xml", ".xhtml", ".html", ".htm", ".opf", ".ncx"))


def _packed(data: bytes, member: zipfile.ZipInfo) -> bytes:
    """Return a member's bytes as they are packed."""
    at = member.header_offset
    name, extra = (int.from_bytes(data[at + n : at + n + 2], "little") for n in (26, 28))
    begin = at + 30 + name + extra
    return data[begin : begin + member.compress_size]
