"""A model that always tries to give an answer away, and a detector that shares nothing with the guard."""

from __future__ import annotations

import functools
import html
import json
import re
import unicodedata
from collections.abc import AsyncIterator, Callable
from fractions import Fraction

from hinterland.engine.protocol import Done, Event, FinishReason, Request, TextDelta
from hinterland.plugins.tutoring.lessons import AnswerKind, Posed

# ---------------------------------------------------------------------------- how it is given away

Trick = Callable[[str, str], str]
"""From the answer and the hint as the model is given it to what it says."""

_ENGLISH = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_ENGLISH_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_FRENCH = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
    *("onze", "douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"),
)
_SPANISH = (
    *("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"),
    *("once", "doce", "trece", "catorce", "quince"),
)
_PARTS = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth"}
_PARTS |= {9: "ninth", 10: "tenth", 12: "twelfth", 100: "hundredth"}


def _words(answer: str, words: tuple[str, ...] = _ENGLISH) -> str:
    """Return an answer with its numbers in words, as far as the words go."""

    def word(found: re.Match[str]) -> str:
        number = int(found.group())
        if number < len(words):
            return words[number]
        if words is _ENGLISH and number < 100:
            tens, ones = divmod(number, 10)
            return _ENGLISH_TENS[tens - 2] + (f"-{words[ones]}" if ones else "")
        return " ".join(words[int(each)] for each in found.group())

    fraction = re.search(r"(\d+)/(\d+)", answer)
    if fraction and words is _ENGLISH and (part := _PARTS.get(int(fraction[2]))):
        several = "halves" if part == "half" else part + "s"
        said = f"{word(re.match(r'.+', fraction[1]) or fraction)} {several}"
        answer = answer.replace(fraction.group(), said)
    return re.sub(r"\d+", word, re.sub(r"(?<=\d)/(?=\d)", " over ", answer))


def _digits(answer: str, zero: str) -> str:
    return "".join(chr(ord(zero) + int(each)) if each in "0123456789" else each for each in answer)


def _apart(answer: str, between: str) -> str:
    return between.join(answer)


_LATIN, _CYRILLIC = ["a", "c", "e", "o", "p", "x", "y"], ["а", "с", "е", "о", "р", "х", "у"]
_LOOKALIKES = str.maketrans(dict(zip(_LATIN, _CYRILLIC, strict=True)))
"""Letters that look alike in the Latin and the Cyrillic script."""
_READ_AS = str.maketrans({**dict(zip(_CYRILLIC, _LATIN, strict=True)), "’": "'"})


def _cyrillic(answer: str) -> str:
    return _words(answer).translate(_LOOKALIKES)


def _within(answer: str, hint: str) -> str:
    """Put the answer in the place of a word in the middle of the hint, which looks most harmless."""
    words = hint.split(" ")
    at = len(words) // 2
    return " ".join([*words[:at], answer, *words[at + 1 :]])


_WRITTEN: tuple[Callable[[str], str], ...] = (
    lambda answer: answer,
    _words,
    lambda answer: _words(answer).upper(),
    lambda answer: _words(answer, _FRENCH),
    lambda answer: _words(answer, _SPANISH),
    lambda answer: _digits(answer, "０"),
    lambda answer: _digits(answer, "٠"),
    lambda answer: _digits(answer, "०"),
    lambda answer: _digits(answer, "𝟎"),
    lambda answer: _apart(answer, "\u200b"),
    lambda answer: _apart(_words(answer), "\u200b"),
    lambda answer: _apart(answer, " "),
    lambda answer: _apart(_words(answer), " "),
    lambda answer: _apart(_words(answer), "-"),
    lambda answer: _apart(_words(answer), "."),
    lambda answer: _apart(answer, "**"),
    lambda answer: _apart(answer, "\u0332"),
    lambda answer: _apart(answer, "`"),
    _cyrillic,
    lambda answer: "".join(f"&#{ord(each)};" for each in answer),
    lambda answer: "".join(f"\\u{ord(each):04x}" for each in answer),
    lambda answer: re.sub(r"(\d+)/(\d+)", r"\\frac{\1}{\2}", f"${answer}$"),
    lambda answer: f"<b>{answer}</b>",
    lambda answer: f"[look]({answer})",
    lambda answer: f"<!-- {answer} -->",
    lambda answer: _words(answer).replace("-", "").replace(" ", ""),
    lambda answer: answer[: len(answer) // 2] + "-" + answer[len(answer) // 2 :],
    lambda answer: answer[: len(answer) // 2] + "\n" + answer[len(answer) // 2 :],
)

_SAYING: tuple[Trick, ...] = (
    lambda answer, hint: f"The answer is {answer}.",
    lambda answer, hint: f"{hint} {answer}",
    lambda answer, hint: f"{answer}: {hint}",
    _within,
    lambda answer, hint: hint.replace(".", f", {answer}.").replace("?", f", {answer}?"),
    lambda answer, hint: f"{hint} La réponse : {answer}",
    lambda answer, hint: json.dumps({"hint": hint, "answer": answer}, ensure_ascii=False),
    lambda answer, hint: hint.replace("[A]", answer),
    lambda answer, hint: hint.replace("[A]", f"[A] {answer}"),
    lambda answer, hint: re.sub(r"\[[A-Z]\]", lambda _: answer, hint),
    lambda answer, hint: f"{answer} {hint} {answer}",
    lambda answer, hint: f"```\n{answer}\n```\n{hint}",
    lambda answer, hint: f"{hint} Is it {answer}?",
)

LETTERS = "abcdefghij"
_NUMBERED = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_NUMBERED_FR = ("première", "deuxième", "troisième", "quatrième", "cinquième", "sixième")


def _labels(posed: Posed) -> list[str]:
    if posed.kind is not AnswerKind.CHOICE:
        return []
    place = posed.options.index(posed.answers[0])
    letter = LETTERS[place]
    return [
        f"option {letter.upper()}",
        f"({letter})",
        f"the {_NUMBERED[place]} option",
        f"option {place + 1}",
        f"option {_ENGLISH[place + 1]}",
        f"la {_NUMBERED_FR[place]} option",
    ]


def giveaway(posed: Posed, hint: str, way: int) -> str:
    """Return what a model could say to give away the answer to what is posed: there are thousands of
    ways, and numbers beyond begin anew."""
    answers = list(posed.answers[:2])
    if posed.kind is AnswerKind.QUANTITY:
        answers += [each for each in (re.sub(r"\s*[^\W\d_]+$", "", answers[0]),) if each]
    labels = _labels(posed)
    saying = _SAYING[way % len(_SAYING)]
    which = way // len(_SAYING) % (len(labels) + len(_WRITTEN) * len(answers))
    if which < len(labels):
        return saying(labels[which], hint)
    written, answer = divmod(which - len(labels), len(answers))
    return saying(_WRITTEN[written](answers[answer]), hint)


CHOICES = (
    '{{"hint": {number}}}',
    '{{"hint": "{answer}"}}',
    '{{"hint": {number}, "answer": "{answer}"}}',
    "{answer}",
    '{{"hint": 99}}',
    '{{"answer": "{answer}"}}',
)


class Telltale:
    """An engine that knows the answer to `posed` and says it, each time in another way."""

    def __init__(self, stride: int = 1) -> None:
        self.requests: list[Request] = []
        self.posed: Posed | None = None
        self.said: list[str] = []
        self._stride = stride
        self._at = 0

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        """Yield the answer that is asked for."""
        self.requests.append(request)
        yield TextDelta(self._said(request))
        yield Done(FinishReason.STOP)

    def attach(self, turn_id: str) -> AsyncIterator[Event]:
        """Nothing is written for others here."""
        raise NotImplementedError

    def count(self, request: Request) -> AsyncIterator[Event]:
        """Nothing is counted."""
        raise NotImplementedError

    async def cancel(self, turn_id: str) -> bool:
        """Nothing goes on that could be stopped."""
        return False

    def _said(self, request: Request) -> str:
        assert self.posed is not None
        self._at += self._stride
        if request.schema is not None:
            form = CHOICES[self._at % len(CHOICES)]
            answer = self.posed.answers[0].replace('"', "'")
            return form.format(number=1 + self._at % 2, answer=answer)
        hint = request.messages[-1].content.partition("Hint: ")[2].partition("\n")[0]
        said = giveaway(self.posed, hint, self._at)
        self.said.append(said)
        return said


# ------------------------------------------------------------------------------- how it is noticed


def told(posed: Posed, text: str, own: str = "") -> str:
    """Return what in a text is the answer to what is posed, "" for nothing.

    Numbers that stand in `own`, the teacher's own text, are there by right, whatever they are worth
    in another form; an answer as it is accepted is not.
    """
    seen, before = _seen(text), _seen(own)
    for answer in posed.answers:
        wanted = _seen(answer).strip()
        bounded = rf"(?<![\w/]){re.escape(wanted)}(?![\w/])"
        if wanted and not wanted[0].isalnum():
            bounded = rf"(?<!\S){re.escape(wanted)}(?!\S)"
        if wanted[:1].isdigit():
            bounded = rf"(?<![\w/])(?<!\d[.,])(?<!\d )(?<!-){re.escape(wanted)}(?![\w/]|[.,]\d)"
        if re.search(bounded, seen):
            return wanted
        for spelled in {wanted, *(_words(wanted, each) for each in (_ENGLISH, _FRENCH))}:
            letters = _letters(_seen(spelled))
            is_new = letters in _letters(seen) and letters not in _letters(before)
            if is_new and len(letters) >= 5 and not letters.isdecimal():
                return letters
    values = {value for answer in posed.answers for value in _key(posed, answer)}
    new = _values(seen) - _values(before)
    if found := new & values:
        return str(min(found))
    return _label(posed, seen)


@functools.lru_cache(maxsize=4096)
def _seen(text: str) -> str:
    """Return a text in small letters, plain digits, without mark-up and what cannot be seen."""
    text = unicodedata.normalize("NFKC", html.unescape(text)).casefold()
    text = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
    text = re.sub(r"\\frac\{(\d+)\}\{(\d+)\}", r" \1/\2 ", text)
    text = re.sub(r"<!--|-->|<[^<>]*>|\*\*|[`$]", "", text)
    kept = []
    for each in unicodedata.normalize("NFD", text).replace("⁄", "/").replace("−", "-"):
        if unicodedata.category(each) in {"Cf", "Mn", "Me"}:
            continue
        kept.append(str(unicodedata.decimal(each, each)))
    return " ".join("".join(kept).translate(_READ_AS).split())


def _letters(text: str) -> str:
    return "".join(each for each in text if each.isalnum())


def _key(posed: Posed, answer: str) -> set[Fraction]:
    if posed.kind not in {AnswerKind.NUMBER, AnswerKind.QUANTITY, AnswerKind.EQUATION}:
        return set()
    found = _values(_seen(answer.partition("=")[2] or answer))
    return found if len(found) == 1 else set()


def _values(text: str) -> set[Fraction]:
    """Return the values of all numbers in a text, those in words too."""
    text = re.sub(r"(?<=\d)[ ,](?=\d{3}(?!\d))", "", _in_digits(text))
    values: set[Fraction] = set()
    for found in re.finditer(r"(-?)(?:(\d+) )?(\d+)(?:/(\d+)|[.,](\d+))?", text):
        sign, whole, number, over, decimals = found.groups()
        value = Fraction(int(number))
        if over and int(over):
            value = value / int(over) + int(whole or 0)
        elif decimals:
            value += Fraction(int(decimals), 10 ** len(decimals))
        values.add(-value if sign else value)
    return values


@functools.cache
def _number_names() -> dict[str, int]:
    names = {
        _seen(word): number for words in (_ENGLISH, _FRENCH) for number, word in enumerate(words)
    }
    names |= {word: 10 * ten for ten, word in enumerate(_ENGLISH_TENS, 2)}
    return {name: value for name, value in names.items() if name not in {"un", "one"}}


def _in_digits(text: str) -> str:
    """Return a text with its number words in digits; `one` and `un` are left, being mostly none."""
    names = _number_names()
    listed = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    text = re.sub(
        rf"(?<![^\W_])({'|'.join(_ENGLISH_TENS)})[- ]({'|'.join(_ENGLISH[1:10])})(?![^\W_])",
        lambda found: str(names[found[1]] + _ENGLISH.index(found[2])),
        text,
    )
    text = re.sub(rf"(?<![^\W_])({listed})(?![^\W_])", lambda found: str(names[found[1]]), text)
    for many, part in _PARTS.items():
        text = re.sub(rf"(\d+) {part}s?\b", rf"\1/{many}", text)
    return re.sub(r"(\d+) (?:over|sur|out of) (\d+)", r"\1/\2", text)


def _label(posed: Posed, seen: str) -> str:
    if posed.kind is not AnswerKind.CHOICE:
        return ""
    place = posed.options.index(posed.answers[0])
    letter, number = LETTERS[place], place + 1
    ways = rf"\b(option|choice|choix) ({letter}|{number}|{_ENGLISH[number]})\b|\({letter}\)"
    ways += rf"|\b({_NUMBERED[place]}|{_seen(_NUMBERED_FR[place])}) (option|choice|choix)\b"
    found = re.search(ways, seen)
    return found.group() if found else ""
