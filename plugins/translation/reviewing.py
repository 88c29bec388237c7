"""Segments that somebody should look at, as a PO file: people fill it in and feed it back.

What they wrote goes into the memory as reviewed, and beats what any model makes of it. A file needs
no job and no document to be read: the shape of a segment is in its marks, and its key stands by it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from hinterland import durable, reading
from hinterland.errors import InputError, StorageError
from hinterland.plugins.translation.memory import Remembered, key_of
from hinterland.plugins.translation.pipeline.asking import LAST_STYLE
from hinterland.plugins.translation.segments import Segment, mask
from hinterland.plugins.translation.segments.masking import is_in_order
from hinterland.plugins.translation.segments.protected import stretches
from hinterland.plugins.translation.units import Code, Kind, Parts, codes_of, text_of
from hinterland.text import clean_line

MOST = 64_000_000
"""Bytes of a file that is read."""
_WRONG = 5
"""Entries that an error tells of."""
_DEPTHS = range(1, 20)
_IS_STRING = re.compile(rb'\s*(?:msg[a-z]+(?:\[[0-9]+\])?\s*)?"|\s*msg[a-z]+\b')
_STRING = re.compile(rb'\s*(?:msg[a-z]+(?:\[[0-9]+\])?\s*)?"(?:[^"\\]|\\.)*"\s*')
_SURROGATES = re.compile("[\ud800-\udfff]")
_HEADING = """\
# Segments that were kept in their own language. Write the translation of each into its msgstr: every
# mark, such as <1>…</1> or <2/>, has to be in it once. An empty msgstr is left as it is.
msgid ""
msgstr ""
"Project-Id-Version: hinterland review 1\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Language: {language}\\n"
"X-Source-Language: {source}\\n"
"X-Target-Language: {target}\\n"
"""


class Item(msgspec.Struct, frozen=True):
    """A segment to be looked at."""

    parts: Parts
    """Its source."""
    reason: str = ""
    """Why, in words for people."""
    tried: str = ""
    """What a model made of it, as it said that."""
    where: str = ""
    """Where it is: the document, and the place in it."""
    context: str = ""
    """What the document says about it."""


class Review(msgspec.Struct, frozen=True):
    """What a file says that was fed back."""

    source: str
    """The code of the language that was translated from."""
    target: str
    done: tuple[tuple[Parts, Remembered], ...]
    """Segments and their translations, for `Memory.add`; the codes of these parts say what they do,
    not how a document writes them."""
    left: int
    """Entries that nobody has filled in, or that are marked as fuzzy."""


def write(
    path: Path, items: Iterable[Item], source: str, target: str, *, replace: bool = False
) -> int:
    """Write a file with each segment once, and return how many; all or nothing. A segment that such
    a file cannot hold, such as half a surrogate pair, is left out.

    `replace` says that a file of this name may go, and with it what was written into it. Raises
    InputError where there is one and it may not, StorageError where none can be written.
    """
    if path.exists() and not replace:
        raise InputError(
            f"There is a file {path}, which may hold somebody's work.",
            "Feed it back first, or name another file.",
        )
    seen: set[str] = set()
    heading = _HEADING.format(language=target.replace("-", "_"), source=source, target=target)
    try:
        with durable.held(path), durable.replacing(path) as file:
            file.write(heading.encode())
            for item in items:
                if (key := key_of(item.parts)) in seen or not (entry := _entry(key, item)):
                    continue
                seen.add(key)
                file.write(entry)
    except OSError as error:
        raise StorageError(
            f"The review {path} cannot be written: {error.strerror or error}.",
            "Free some space, or name a file in a folder that you may write to.",
        ) from error
    return len(seen)


def _entry(key: str, item: Item) -> bytes:
    """Return an entry; nothing where a PO file cannot hold it."""
    import polib

    depth = _depth(item.parts)
    if depth is None:
        return b""
    text = _with_marks(item.parts, depth)
    tried = _as_marked(item.parts, item.tried, depth)
    told = [("Reason", item.reason), ("Tried", tried), ("Context", item.context)]
    where = clean_line(item.where).replace("·", " ")
    lines = [
        *(f"#. {name}: {clean_line(text, 2000)}" for name, text in told if text),
        f'msgctxt "{polib.escape(f"{where} · {key}" if where else key)}"',
        f'msgid "{polib.escape(text)}"',
        'msgstr ""',
    ]
    return ("\n" + "\n".join(lines) + "\n").encode()


def read(path: Path) -> Review:
    """Return what people wrote; raises InputError, with the lines, where it cannot be used."""
    import polib

    subject = f"The review {path}"
    data = reading.read_file(
        path,
        MOST,
        subject=subject,
        wanted="Name a file that --review has written.",
        too_large="Part it into smaller ones.",
    )
    for number, line in enumerate(data.splitlines(), start=1):
        if _IS_STRING.match(line) and not _STRING.fullmatch(line):  # polib would cut it silently
            raise InputError(
                f"{subject} cannot be used: line {number}: its quotes or backslashes do not match.",
                'Close it with ", and write \\" for a quote within.',
            )
    try:
        entries = polib.pofile(str(path), encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise InputError(
            f"{subject} is not a PO file: {clean_line(str(error))}.",
            "Mend it, or have --review write it anew.",
        ) from error
    source = entries.metadata.get("X-Source-Language", "")
    target = entries.metadata.get("X-Target-Language", "")
    if not source or not target:
        raise InputError(
            f"{subject} does not say its languages: another program wrote it.",
            "Name a file that --review has written.",
        )
    done, wrong, left = [], [], 0
    for entry in entries:
        if entry.obsolete:
            continue
        if not entry.msgstr.strip() or entry.fuzzy:
            left += 1
            continue
        try:
            done.append(_translated(entry.msgctxt or "", entry.msgid, entry.msgstr))
        except ValueError as error:
            wrong.append(f"line {entry.linenum}: {error}")
    if wrong:
        more = f"; and {len(wrong) - _WRONG} more" if len(wrong) > _WRONG else ""
        raise InputError(
            f"{subject} cannot be used: {'; '.join(wrong[:_WRONG])}{more}.",
            "Mend these lines, and feed it back again.",
        )
    return Review(source, target, tuple(done), left)


def _translated(context: str, source: str, target: str) -> tuple[Parts, Remembered]:
    key = context.rpartition("·")[2].strip()
    for depth in _DEPTHS:
        parts, numbers = _read_marks(source, depth)
        if key_of(parts) == key:
            break
    else:
        raise ValueError("its msgid or its msgctxt was changed")
    if not source[:1].isspace():
        target = target.lstrip()
    if not source[-1:].isspace():
        target = target.rstrip()
    translated, theirs = _read_marks(target, depth)
    missing = [mark for mark in numbers if theirs.count(mark) != 1]
    strange = [mark for mark in theirs if mark not in numbers]
    if missing or strange:
        mark = (missing or strange)[0]
        times = theirs.count(mark)
        how = "is not in the source" if strange and not missing else f"is in it {times} times"
        raise ValueError(f"the mark {mark} {how}")
    if not _is_nested(codes_of(translated)):
        raise ValueError("its marks cross each other")
    ours, ours_in_order = _placeholders(text_of(parts))
    given, in_order = _placeholders(text_of(translated))
    if lost := ours - given:
        raise ValueError(f"the placeholder {next(iter(lost))} is missing")
    if new := given - ours:
        raise ValueError(f"the placeholder {next(iter(new))} is once more in it than in the source")
    if in_order != ours_in_order:
        raise ValueError(f"the placeholders {' '.join(in_order)} are in another order")
    places = iter(theirs)
    text = tuple(
        part if isinstance(part, str) else numbers.index(next(places)) for part in translated
    )
    return parts, Remembered(text, reviewed=True)


def _placeholders(text: str) -> tuple[Counter[str], list[str]]:
    """Return what a program fills in, without which it may fail, and what of it by its place."""
    stretched = (match.group() for match in stretches(text))
    found = [each for each in stretched if each[0] in "%{$" and each != "%%"]
    return Counter(found), list(filter(is_in_order, found))


def _depth(parts: Parts) -> int | None:
    """Return in how many brackets a segment's marks have to stand to be told; None where that does
    not help, or UTF-8 cannot hold it."""
    if any(map(_SURROGATES.search, (part for part in parts if isinstance(part, str)))):
        return None
    key = key_of(parts)
    for depth in _DEPTHS:
        text = _with_marks(parts, depth)
        if key_of(_read_marks(text, depth)[0]) == key:
            return depth
    return None


def _as_marked(parts: Parts, tried: str, depth: int) -> str:
    """Return what a model made of a segment, with the marks that people see in place of its own."""
    marks = iter(_marks(codes_of(parts), depth))
    shown = {
        mark.token: mark.kept if isinstance(mark.kept, str) else next(marks)
        for mark in mask(Segment(parts), LAST_STYLE).marks
    }
    if not shown:
        return tried
    return re.sub("|".join(map(re.escape, shown)), lambda found: shown[found.group()], tried)


def _with_marks(parts: Parts, depth: int) -> str:
    marks = iter(_marks(codes_of(parts), depth))
    return "".join(part if isinstance(part, str) else next(marks) for part in parts)


def _marks(codes: Iterable[Code], depth: int) -> Iterator[str]:
    before, after = "<" * depth, ">" * depth
    numbers: dict[int, int] = {}
    count = 0
    for part in codes:
        if part.kind is Kind.ALONE or part.pair not in numbers:
            count += 1
        if part.kind is Kind.ALONE:
            inner = f"br{count}/" if part.is_space else f"{count}/"
        else:
            number = numbers.setdefault(part.pair, count)
            inner = f"/{number}" if part.kind is Kind.CLOSE else f"{number}"
        yield f"{before}{inner}{after}"


def _read_marks(text: str, depth: int) -> tuple[Parts, list[str]]:
    """Return the parts of a text with marks, and those marks in their order."""
    mark = re.compile(rf"<{{{depth}}}(/[0-9]{{1,5}}|[0-9]{{1,5}}/?|br[0-9]{{1,5}}/)>{{{depth}}}")
    parts: list[str | Code] = []
    marks = []
    for at, piece in enumerate(mark.split(text)):
        if at % 2 == 0:
            if piece:
                parts.append(piece)
            continue
        marks.append(f"{'<' * depth}{piece}{'>' * depth}")
        number = int(piece.strip("br/"))
        if piece.endswith("/"):
            parts.append(Code("", is_space=piece.startswith("br")))
        else:
            kind = Kind.CLOSE if piece.startswith("/") else Kind.OPEN
            parts.append(Code("", kind, number))
    return tuple(parts), marks


def _is_nested(codes: tuple[Code, ...]) -> bool:
    """Whether what opens and closes here does so in order; what does only one of both may."""
    opened = {code.pair for code in codes if code.kind is Kind.OPEN}
    closed = {code.pair for code in codes if code.kind is Kind.CLOSE}
    waiting: list[int] = []
    for code in codes:
        if code.kind is Kind.ALONE or code.pair not in opened & closed:
            continue
        if code.kind is Kind.OPEN:
            waiting.append(code.pair)
        elif not waiting or waiting.pop() != code.pair:
            return False
    return True
