"""Cards that somebody has already, from a table or from Anki, as lessons of their own.

A card has no second source: what proves its answer is the card itself, which stands in the list
that the lesson begins with. Whoever imports cards answers for them, and the lesson says whose file
it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from hinterland import durable, paths
from hinterland.errors import InputError
from hinterland.language import _
from hinterland.plugins import languages
from hinterland.plugins.tutoring import words as wording
from hinterland.plugins.tutoring.lessons import AnswerKind, Exercise, Lesson
from hinterland.plugins.tutoring.making import anki, cards, exercises, taming
from hinterland.plugins.tutoring.making.cards import Card, Cards
from hinterland.plugins.tutoring.making.quotes import folded
from hinterland.plugins.tutoring.making.texts import Wishes
from hinterland.plugins.tutoring.making.writing import lessons_text
from hinterland.plugins.tutoring.words import Words
from hinterland.text import clean_line

OF_A_LESSON = 12
"""Cards of one lesson: what can be learned at once."""
_OF_AN_OBJECTIVE = 2
"""Cards of one objective: the tutor asks for each of so few."""
_LONGEST_TYPED = 60  # characters of an answer that is typed
_MOST_TYPED = 8  # words of it
_CHOICES = 4
_LONGEST_SIDE = 600  # characters
_ASKS = "?.!:;…？。！؟։।"


class Imported(msgspec.Struct, frozen=True):
    """What came of a file of cards."""

    files: tuple[Path, ...]
    count: int
    """Cards that are exercises now."""
    problems: tuple[str, ...]
    """A sentence for each row that could not be used, with its line."""
    notes: tuple[str, ...]
    """What was done with the others, in sentences."""


def import_cards(
    file: Path,
    folder: Path,
    wishes: Wishes,
    *,
    replace: bool = False,
    config_folder: Path | None = None,
) -> Imported:
    """Write the cards of a file as lessons below `folder`, and return what came of them.

    Raises InputError for a file that holds none or cannot be read, and where lessons of that name
    are there already, unless they are to be replaced.
    """
    read = read_cards(file)
    title = taming.line(wishes.title) or clean_line(file.stem.replace("_", " "), 120)
    name = taming.name(title, "cards")
    place = folder / name
    if place.exists() and not replace:
        raise InputError(
            f"Lessons made of {title!r} are there already, in {clean_line(str(place))}.",
            "Give them another title, or add --overwrite.",
        )
    language, about = _language(read.cards, wishes.language)
    words = wording.load(language, config_folder)
    lesson = Lesson(
        id=name,
        title=title,
        subject=taming.line(wishes.subject) or title,
        topic=title,
        level=wishes.level,
        language=language,
        objectives={},
        explanation="",
        example="",
        exercises=(),
        sources=(clean_line(_("imported from {file}").format(file=file.name), 200),),
    )
    unique, notes = _unique(read.cards)
    made, problems = _made(unique, lesson, words)
    if not made:
        first = problems[0] if problems else (*read.problems, "")[0]
        raise InputError(f"No card of {clean_line(file.name)} can be used. {first}".strip())
    texts = [lessons_text(each) for each in _lessons(made, lesson, words)]
    files = _written(texts, place, name)
    problems = [*read.problems, *problems]
    return Imported(files, len(made), tuple(problems), (*read.notes, *notes, *about))


def read_cards(file: Path) -> Cards:
    """Return the cards of a file, whichever program wrote it; raises InputError."""
    text = cards.text_of(file).replace("\r\n", "\n").replace("\r", "\n")
    found = anki.notes(text) if anki.is_export(text) else cards.table(text)
    if not found.cards:
        first = (*found.problems, _("There is no card in it."))[0]
        raise InputError(f"No card of {clean_line(file.name)} can be used.", first)
    return found


def _language(found: Sequence[Card], wished: str) -> tuple[str, tuple[str, ...]]:
    if wished:
        return languages.find(wished).code, ()
    detected = languages.detect("\n".join(each.front for each in found)).language
    language = detected or languages.find("en")
    said = _("The tutor speaks {language} with these cards; --language says otherwise.")
    return language.code, (said.format(language=language.name),)


def _unique(found: Sequence[Card]) -> tuple[list[Card], list[str]]:
    """Return cards of which no two ask the same: what several answer is accepted in each way."""
    first: dict[str, Card] = {}
    again = several = 0
    for card in found:
        key = folded(card.front)
        known = first.get(key)
        if known is None:
            first[key] = card
        elif card.back in (known.back, *known.accepted):
            again += 1
        else:
            several += 1
            more = (*known.accepted, card.back, *card.accepted)
            first[key] = msgspec.structs.replace(known, accepted=tuple(dict.fromkeys(more)))
    notes = []
    if again:
        notes.append(_("{count} cards were there twice.").format(count=again))
    if several:
        said = _("{count} cards ask what another asks: each of their answers is accepted.")
        notes.append(said.format(count=several))
    return list(first.values()), notes


class _Made(msgspec.Struct, frozen=True):
    card: Card
    exercise: Exercise
    shown: str
    """The card in the list that the lesson begins with."""


def _made(found: Sequence[Card], lesson: Lesson, words: Words) -> tuple[list[_Made], list[str]]:
    long = [taming.line(each.back) for each in found if _is_long(each.back)]
    made: list[_Made] = []
    problems: list[str] = []
    names: set[str] = set()
    for card in found:
        exercise = _exercise(card, lesson, words, long)
        if isinstance(exercise, _Made):
            name = _free(exercise.exercise.id, names)
            names.add(name)
            made.append(
                msgspec.structs.replace(
                    exercise, exercise=msgspec.structs.replace(exercise.exercise, id=name)
                )
            )
        else:
            problems.append(
                _("Line {line}: {why}.").format(line=card.line, why=exercise.rstrip("."))
            )
    return made, problems


def _exercise(card: Card, lesson: Lesson, words: Words, long: Sequence[str]) -> _Made | str:
    front, back = taming.line(card.front), taming.line(card.back)
    if max(len(front), len(back), len(card.sentence)) > _LONGEST_SIDE:
        return _("a side has more than {most} characters").format(most=_LONGEST_SIDE)
    options = _options(card, back, long)
    if card.options and back not in options:
        return _("its answer is not among its options")
    if _is_long(back) and len(options) < 2:
        return _("its answer is too long to be typed, and there are no others to choose from")
    kind = AnswerKind.CHOICE if options else _kind(back, lesson.language)
    sentence = taming.line(card.sentence)
    sides = f"{taming.plain(front)} — {taming.plain(back)}"
    shown = taming.plain(sentence) if sentence else sides
    exercise = Exercise(
        id=taming.name(front, "card"),
        objective="",
        prompt=_prompt(front, kind, words, has_gap=bool(sentence)),
        kind=kind,
        answers=exercises.accepted(back, card.accepted) if kind is AnswerKind.WORDS else (back,),
        options=options,
        quote="" if sentence else shown,
        sentence=shown if sentence else "",
    )
    alone = msgspec.structs.replace(lesson, explanation=shown)
    own = [taming.hint(each) for each in card.hints]
    fit = exercises.with_hints(exercise, alone, exercises.of_card(exercise, own, words))
    return fit if isinstance(fit, str) else _Made(card, fit, shown)


def _kind(back: str, language: str) -> AnswerKind:
    return exercises.kind_of(back, language, spelt_numbers=False)


def _is_long(back: str) -> bool:
    return len(back) > _LONGEST_TYPED or len(back.split()) > _MOST_TYPED


def _options(card: Card, back: str, long: Sequence[str]) -> tuple[str, ...]:
    """Return what can be chosen from: the card's own options, or long answers of other cards."""
    if card.options:
        return tuple(dict.fromkeys(map(taming.line, card.options)))
    if not _is_long(back):
        return ()
    at = long.index(back)
    others = [*long[at + 1 : at + 3 * _CHOICES], *long[max(0, at - 3 * _CHOICES) : at]]
    picked = [each for each in dict.fromkeys(others) if each != back][: _CHOICES - 1]
    # Where the answer stands has to be the same whenever the cards are imported.
    picked.insert(len(back) % (len(picked) + 1), back)
    return tuple(picked)


def _prompt(front: str, kind: AnswerKind, words: Words, *, has_gap: bool) -> str:
    shown = taming.inline(front)
    if has_gap:
        return f"{words.say('card-gap')}\n\n{taming.plain(front)}"
    if front[-1] in _ASKS:
        return taming.plain(front)
    return words.say("card-choice" if kind is AnswerKind.CHOICE else "card-ask", front=shown)


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"


def _lessons(made: Sequence[_Made], lesson: Lesson, words: Words) -> Iterator[Lesson]:
    """Yield lessons of a few cards each."""
    count = -(-len(made) // OF_A_LESSON)
    digits = len(str(count))
    for number in range(count):
        some = made[number * OF_A_LESSON : (number + 1) * OF_A_LESSON]
        own = f"{lesson.id}-{number + 1:0{digits}}" if count > 1 else lesson.id
        objectives: dict[str, str] = {}
        placed: list[Exercise] = []
        for at in range(0, len(some), _OF_AN_OBJECTIVE):
            pair = some[at : at + _OF_AN_OBJECTIVE]
            name = f"cards-{at // _OF_AN_OBJECTIVE + 1}"
            fronts = ", ".join(clean_line(each.card.front, 40) for each in pair)
            objectives[name] = words.say("card-objective", fronts=fronts)
            placed += [
                msgspec.structs.replace(
                    each.exercise, id=f"{own}/{each.exercise.id}", objective=name
                )
                for each in pair
            ]
        listed = "\n".join(dict.fromkeys(f"- {each.shown}" for each in some))
        yield msgspec.structs.replace(
            lesson,
            id=own,
            title=f"{lesson.title} ({number + 1}/{count})" if count > 1 else lesson.title,
            objectives=objectives,
            explanation=f"{words.say('card-explanation')}\n\n{listed}",
            exercises=tuple(placed),
        )


def _written(texts: Sequence[str], place: Path, name: str) -> tuple[Path, ...]:
    """Write the lessons of a file of cards, and take away those that it had more of before."""
    paths.private_folder(place)
    digits = len(str(len(texts)))
    files = []
    for number, text in enumerate(texts, 1):
        own = f"{name}-{number:0{digits}}.md" if len(texts) > 1 else f"{name}.md"
        with durable.locked(place / own):
            durable.replace_file(place / own, text.encode())
        files.append(place / own)
    for old in sorted(place.glob(f"{name}*.md")):
        if old not in files:
            durable.remove_file(old)
    return tuple(files)
