"""Term bases as TBX (ISO 30042): its version 2 (`martif`), and version 3 (`tbx`) in both styles.

Only concepts, languages, terms, their status and notes are read. Files come from strangers: nothing
is fetched, and one that declares entities is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from hinterland.plugins.translation.terms.base import Term
from hinterland.plugins.translation.terms.codes import closest

_CONCEPTS = {"termEntry", "conceptEntry"}
_LANGUAGES = {"langSet", "langSec"}
_TERMS = {"tig", "ntig", "termSec"}
_ROOTS = {"martif", "tbx"}
_STATUS = "administrativeStatus"
_BAD = ("deprecated", "superseded")
_BEST = ("preferred",)
_LONGEST = 10_000  # characters of a term or note
_DEEPEST = 100  # elements


def terms_in(data: bytes, source: str, target: str) -> list[Term]:
    """Return the terms of a file for two languages; raises ValueError with what is wrong."""
    reader = _Reader(source, target)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = parser.SkippedEntityHandler = _refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise ValueError(f"line {error.lineno}: {reason}") from error
    except (_WrongError, LookupError) as error:  # LookupError: an encoding nobody knows
        raise ValueError(f"line {parser.CurrentLineNumber}: {error}") from error
    if not reader.terms and not {source, target} <= reader.covered:
        said = ", ".join(sorted(reader.languages)[:20]) or "none"
        raise ValueError(f"it has no terms in {source} and {target}; its languages are: {said}")
    return reader.terms


class _WrongError(Exception):
    """What is wrong with a file."""


def _refuse(*_: object) -> None:
    raise _WrongError("it has entities of its own, which a term base does not need")


class _Reader:
    """Takes a file in as it is read, one concept at a time."""

    def __init__(self, source: str, target: str) -> None:
        self.terms: list[Term] = []
        self.languages: set[str] = set()
        self.covered: set[str] = set()
        """Which of the two there are."""
        self._source = source
        self._target = target
        self._path: list[str] = []
        self._text: list[str] | None = None
        self._length = 0
        self._concept: dict[str, list[tuple[str, str]]] = {}
        """Terms with their status, by language."""
        self._notes: list[str] = []
        self._language = ""
        self._term = self._status = ""
        self._keep: Callable[[str], None] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take in the beginning of an element."""
        name = name.rpartition(" ")[2]
        if not self._path and name not in _ROOTS:
            raise _WrongError(f"it is XML, but not TBX: it begins with {name}")
        self._path.append(name)
        if len(self._path) > _DEEPEST:
            raise _WrongError("its elements stand in one another too deeply")
        if name in _CONCEPTS:
            self._concept, self._notes, self._language = {}, [], ""
        elif name in _LANGUAGES:
            self._language = attributes.get("http://www.w3.org/XML/1998/namespace lang", "")
            if not self._language:
                raise _WrongError(f"a {name} does not say its language")
            self.languages.add(self._language)
        elif name in _TERMS:
            self._term = self._status = ""
        elif self._text is None and any(each in _CONCEPTS for each in self._path):
            self._keep = self._keeper(name, attributes.get("type", ""))
            if self._keep is not None:
                self._text, self._length = [], 0

    def _keeper(self, name: str, kind: str) -> Callable[[str], None] | None:
        """Return what takes the text of an element; None where nobody needs it."""
        if name == "term":
            return self._take_term
        if name == _STATUS or (name == "termNote" and kind == _STATUS):
            return self._take_status
        if name == "note" or (name == "descrip" and kind == "definition") or name == "definition":
            return self._notes.append if not self._language else None
        return None

    def _take_term(self, text: str) -> None:
        self._term = text

    def _take_status(self, text: str) -> None:
        self._status = text.lower()

    def text(self, text: str) -> None:
        """Take in characters."""
        if self._text is not None:
            self._length += len(text)
            if self._length > _LONGEST:
                raise _WrongError(f"a term or note is longer than {_LONGEST} characters")
            self._text.append(text)

    def end(self, name: str) -> None:
        """Take in the end of an element."""
        name = name.rpartition(" ")[2]
        self._path.pop()
        if self._text is not None and self._keep is not None and self._is_kept(name):
            self._keep(" ".join("".join(self._text).split()))
            self._text = self._keep = None
        elif name in _TERMS:
            if self._term:
                self._concept.setdefault(self._language, []).append((self._term, self._status))
        elif name in _LANGUAGES:
            self._language = ""
        elif name in _CONCEPTS:
            self._finish()

    @staticmethod
    def _is_kept(name: str) -> bool:
        return name in {"term", _STATUS, "termNote", "note", "descrip", "definition"}

    def _finish(self) -> None:
        there = list(self._concept)
        one, other = closest(self._source, there), closest(self._target, there)
        self.covered |= {
            code for code, found in ((self._source, one), (self._target, other)) if found
        }
        if one is None or other is None or one == other:
            return
        forms = sorted(
            (each for each in self._concept[other] if not each[1].startswith(_BAD)),
            key=lambda each: not each[1].startswith(_BEST),
        )
        if not forms:
            return
        target, *also = (form for form, _status in forms)
        note = "; ".join(filter(None, self._notes))
        for form, _status in self._concept[one]:
            self.terms.append(Term(form, target, tuple(also), note))
