"""The lexicon of a language: how people say each fact, as data with a schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.reading.patterns import (
    Entry,
    Index,
    Pattern,
    PatternError,
    entry,
    index_key,
    pattern,
)
from hinterland.plugins.diagnosis.reading.proposals import Proposal, possible
from hinterland.plugins.diagnosis.reading.spelling import Spelling
from hinterland.plugins.diagnosis.reading.words import Speech, fold, stem
from hinterland.plugins.diagnosis.rules import vocabulary as vocabularies
from hinterland.plugins.diagnosis.rules.checked_toml import Located, read
from hinterland.plugins.diagnosis.rules.facts import Id, Number, Value

SHIPPED = Path(__file__).parent.with_name("lexicon")
_LETTER_AND_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
CONTRAST = "scope.contrast"
Words = str
"""Words and phrases with commas between them."""


class _Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Sign(_Frozen, frozen=True, kw_only=True):
    """The ways in which people say one fact."""

    fact: Id
    say: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    value: Value = True
    unless: tuple[str, ...] = ()
    """What takes it back when it is said in the same clause."""
    over: bool = False
    """Whether “it has stopped” takes it back."""
    past: bool = False
    """Whether it still counts when it was long ago: a disease that stays."""


class Scope(_Frozen, frozen=True, kw_only=True):
    """Words that deny, and words that say that something is not about this patient now."""

    no: Words
    """Deny the list that follows: no, without."""
    not_: Words = msgspec.field(name="not")
    """Deny what is next: not, never."""
    cannot: Words
    """Deny a verb: can not, unable, refuses."""
    idle: Words
    """Phrases with such a word that deny nothing: not only, no relief."""
    trouble: Words
    """What may be denied before a verb without denying it: no trouble breathing."""
    or_: Words = msgspec.field(name="or")
    and_: Words = msgspec.field(name="and")
    stop: Words
    """Where denying ends: because, with."""
    contrast: Words
    """Where a clause ends: but, however."""
    subject: Words
    """Where denying ends, since somebody else begins to do something: he, there."""
    possessive: Words
    before_possessive: Words
    """Words after which a possessive is still denied: in my chest."""
    figure: Words = ""
    """Figures of speech, whose words tell nothing: dying of boredom."""
    maybe: Words
    """Before what is only feared or asked: could it be, in case."""
    other: Words
    """Other people: neighbour, everyone at school."""
    same: Words
    """What shows that the other people are only a contact: too, the same."""
    has: Words
    """The same, where the patient was named before: his cousin is in hospital."""
    patient: Words
    past: Words
    now: Words
    over: Words
    none: Words
    """Denies what stands before it: fever: none."""


class Time(_Frozen, frozen=True, kw_only=True):
    """Words of time and age."""

    year: Words
    month: Words
    week: Words
    day: Words
    hour: Words
    minute: Words
    old: Words
    aged: Words
    pregnant: Words
    is_: Words = msgspec.field(name="is")
    """Before an age: I am, she is, just turned."""
    person: Words
    baby: Words
    """Persons whose age is told in weeks or days."""
    first_person: Words
    lasting: Words
    """Before how long it lasts: for, since, the last."""
    ago: Words
    so_far: Words
    """After how long it has lasted: three days now."""
    each: Words
    """Before a span that says how often and not how long: every few years."""
    times: Words
    """After how often something was: three times."""
    several: Words
    """Before a unit, so many are three."""
    between: Words
    """Between a number and its unit: a couple of weeks."""
    decades: Words
    since: dict[str, float]
    """Points in time, and how many days ago they are."""


class Measure(_Frozen, frozen=True, kw_only=True):
    """A number that is measured, and the words beside it."""

    fact: Id
    near: Words
    after: Words = ""
    """Units and words that follow the number."""
    lowest: float
    highest: float
    alone: bool = False
    """Whether the number with its unit is enough, without a word of `near`."""
    fahrenheit: bool = False
    divide: float = 1
    """A number above `highest` is in another unit: so many of it are one."""


class VagueAge(_Frozen, frozen=True, kw_only=True):
    """An age that a word tells: newborn, toddler, grandmother."""

    words: Words
    months: int
    guess: bool = False
    """Whether it is too vague to propose, and only good for reading silence in an evaluation."""
    rank: int = 0
    """Which guess counts where several fit: the highest."""


class Lasting(_Frozen, frozen=True, kw_only=True):
    fact: Id
    of: Words
    """The facts whose duration it is."""


class _File(_Frozen, frozen=True, kw_only=True):
    language: str
    version: str
    endings: tuple[str, ...]
    small: Words
    """Words that carry no meaning between others."""
    ordinary: Words = ""
    """Words that are not misspelt ones of this lexicon."""
    short: dict[str, str] = {}
    clitics: dict[str, str] = {}
    numbers: dict[str, float]
    scope: Scope
    time: Time
    classes: dict[str, Words]
    complaint: Words
    """Classes that tell of a complaint: one that belongs to no sign is an unknown problem."""
    well: Words = ""
    """Classes that tell that something is well or mild."""
    body: Id
    """The class of the parts of the body."""
    pressure: Words = ""
    sign: Annotated[tuple[Sign, ...], msgspec.Meta(min_length=1)]
    measure: tuple[Measure, ...] = ()
    age: tuple[VagueAge, ...] = ()
    lasting: tuple[Lasting, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """One way to say a sign."""

    sign: Sign
    parts: tuple[Pattern, ...]
    """What has to be said, each anywhere in the text."""
    unless: tuple[Pattern, ...]


@dataclass(frozen=True)
class Lexicon:
    """A lexicon that was read and checked."""

    raw: _File
    sha256: str
    speech: Speech
    spelling: Spelling
    small: frozenset[str]
    index: Index
    contrasts: Index
    """Those that end a clause."""
    signs: tuple[Way, ...]
    complaints: tuple[str, ...]


def listed(words: Words) -> list[str]:
    """Return the entries of a text with commas between them."""
    return [each.strip() for each in words.replace("\n", " ").split(",") if each.strip()]


@cache
def shipped(language: str) -> Lexicon:
    """Return the lexicon of a language; raises InputError when there is none."""
    path = SHIPPED / f"{language}.toml"
    there = sorted(each.stem for each in SHIPPED.glob("*.toml"))
    if language not in there:
        raise InputError(
            f"There is no lexicon of the language “{language[:20]}”.",
            f"There are: {', '.join(there)}.",
        )
    return load(path, vocabularies.load())


def load(path: Path, vocabulary: vocabularies.Vocabulary) -> Lexicon:
    """Return the lexicon in a file; raises InputError, which names file and line."""
    located: Located[_File] = read(path, _File)
    raw = located.value
    speech = Speech(
        tuple(sorted(raw.endings, key=len, reverse=True)),
        {fold(key): tuple(value.split()) for key, value in raw.short.items()},
        raw.clitics,
        {fold(key): value for key, value in raw.numbers.items()},
    )
    builder = _Builder(located, speech)
    for name, words in _named(raw):
        builder.add(name, words, *_place(name))
    ways: list[Way] = []
    for at, sign in enumerate(raw.sign):
        proposal = Proposal(fact=sign.fact, value=sign.value, words="", start=0, end=0)
        if not possible(proposal, vocabulary):
            raise located.error("sign", at, f"{sign.fact} cannot be {sign.value!r}", "fact")
        unless = tuple(builder.pattern(at, text, "unless") for text in sign.unless)
        for text in sign.say:
            parts = tuple(builder.pattern(at, part, "say") for part in text.split(" + "))
            ways.append(Way(sign, parts, unless))
    complaints = tuple(listed(raw.complaint))
    for name, key in (
        *((each, "complaint") for each in complaints),
        *((each, "well") for each in listed(raw.well)),
        (raw.body, "body"),
    ):
        if name not in raw.classes:
            raise located.error(key, 0, f"there is no class <{name}>")
    _check_facts(located, vocabulary)
    small = frozenset(stem(fold(each), speech.endings) for each in raw.small.split())
    ordinary = {stem(fold(each), speech.endings) for each in raw.ordinary.split()}
    return Lexicon(
        raw,
        located.sha256,
        speech,
        Spelling(builder.stems | small, ordinary),
        small,
        builder.index,
        {
            key: found
            for key, entries in builder.index.items()
            if (found := [each for each in entries if each[0] == CONTRAST])
        },
        tuple(ways),
        complaints,
    )


def _named(raw: _File) -> Iterator[tuple[str, Words]]:
    for name, words in raw.classes.items():
        yield name, words
    for key, words in msgspec.to_builtins(raw.scope).items():
        yield f"scope.{key}", words
    for key, words in msgspec.to_builtins(raw.time).items():
        if isinstance(words, str):
            yield f"time.{key}", words
    for words in raw.time.since:
        yield f"since.{words}", words
    for at, measure in enumerate(raw.measure):
        yield f"measure.{at}.near", measure.near
        yield f"measure.{at}.after", measure.after
    for at, age in enumerate(raw.age):
        yield f"age.{at}.words", age.words
    yield "pressure.words", raw.pressure


def _place(name: str) -> tuple[str, int, str]:
    """Return where a class is in the file: table, number, key."""
    parts = name.split(".")
    if parts[0] == "since":
        return "time", 0, "since"
    if len(parts) == 3:
        return parts[0], int(parts[1]), parts[2]
    return (parts[0], 0, parts[1]) if len(parts) == 2 else ("classes", 0, name)


def _check_facts(located: Located[_File], vocabulary: vocabularies.Vocabulary) -> None:
    raw = located.value
    for at, measure in enumerate(raw.measure):
        if not isinstance(vocabulary.facts.get(measure.fact), Number):
            raise located.error("measure", at, f"{measure.fact} is not a number", "fact")
    for at, lasting in enumerate(raw.lasting):
        for fact in (lasting.fact, *listed(lasting.of)):
            if fact not in vocabulary.facts and fact != "any":
                raise located.error("lasting", at, f"there is no fact “{fact}”", "of")


class _Builder:
    """Collects classes and patterns, and says where one is wrong."""

    def __init__(self, located: Located[_File], speech: Speech) -> None:
        self.located = located
        self.speech = speech
        self.index: dict[tuple[str, ...], list[tuple[str, Entry]]] = {}
        self.stems: set[str] = set()
        self.known: set[str] = set()
        self._folded: dict[str, str] = {}
        self._stems: dict[str, str] = {}

    def _fold(self, word: str) -> str:
        if word not in self._folded:
            self._folded[word] = fold(word)
        return self._folded[word]

    def _stem(self, word: str) -> str:
        if word not in self._stems:
            self._stems[word] = stem(word, self.speech.endings)
        return self._stems[word]

    def add(self, name: str, words: Words, table: str, at: int, key: str) -> None:
        try:
            self._add(name, words, ())
        except PatternError as error:
            raise self.located.error(table, at, str(error), key) from error
        self.known.add(name)

    def _add(self, name: str, words: Words, above: tuple[str, ...]) -> None:
        for each in listed(words):
            if each.startswith("<") and each.endswith(">"):
                inner = each[1:-1]
                if inner in above or inner not in self.located.value.classes:
                    raise PatternError(f"there is no class {each} to take in here")
                self._add(name, self.located.value.classes[inner], (*above, inner))
                continue
            # As the cutter of words does it: spo2 is two words.
            apart = _LETTER_AND_DIGIT.sub(" ", each)
            parts = entry(apart, self._stem, self._fold)
            for written in self._written(parts):
                self.stems.update(part.removeprefix("=") for part in written if part != "*")
                self.index.setdefault(index_key(written), []).append((name, written))

    def _written(self, parts: Entry) -> Iterator[Entry]:
        """Yield an entry as the cutter of words makes it: short forms are written out."""
        result: list[str] = []
        for part in parts:
            bare = part.removeprefix("=")
            full = self.speech.short.get(bare)
            result.extend([self._stem(word) for word in full] if full else [part])
        yield tuple(result)

    def pattern(self, at: int, text: str, key: str) -> Pattern:
        try:
            made, own = pattern(text)
            for name, words in own.items():
                if name not in self.known:
                    self._add(name, words, ())
                    self.known.add(name)
        except PatternError as error:
            raise self.located.error("sign", at, str(error), key) from error
        for group in made:
            for item in group.items:
                if item not in self.known:
                    raise self.located.error("sign", at, f"there is no class <{item}>", key)
        return made
