"""Which language a text is in: by its script where that says it, else by the detector.

The detector is CLD3, see docs/adr/025. What it does not know it takes for something else, so that
what small words say, which some of those languages have here, weighs more.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter, defaultdict
from importlib import resources
from typing import Any

import msgspec

from hinterland.plugins.languages.scripts import letters_by_script, scripts_of
from hinterland.plugins.languages.table import Language, are_alike, known, known_code

_ENOUGH = 12
"""Letters, at least, that say anything; a Chinese letter counts for three."""
_PIECE = 400
"""Characters that are looked at together: another language may begin with the next paragraph."""
_PIECES = 60
"""Pieces of a long text that are looked at, spread over all of it."""
_SHARE = 0.15
"""Of a text, at least: what is another language besides the first."""
_LEAST_SURE = 0.7
_LEAST_HITS = 2
"""Small words, at least, that say which language a text is in; and what share of all words."""
_LEAST_SHARE = 0.2
_TELLING_SHARE = 0.3
"""From this share on they say it better than the detector."""
_NOISE = re.compile(r"\S*[\d@/\\_<>{}=]\S*")
"""Words that belong to no language: addresses, numbers, code."""
_WEIGHT = {"Hani": 3, "Hang": 2, "Hira": 2, "Kana": 2, "Ethi": 2}


class Detected(msgspec.Struct, frozen=True):
    """What a text seems to be written in."""

    language: Language | None
    """None where it is too short, or in a language that nothing here knows."""
    sure: float
    """0 to 1."""
    mixed: tuple[Language, ...] = ()
    """The languages of a text that is in several, the most frequent one first; () where it is not."""


def detect(text: str) -> Detected:
    """Return the language of a text, however long it is."""
    weights: Counter[str] = Counter()
    sure: dict[str, float] = defaultdict(float)
    unknown = 0.0
    for piece in _sampled(text):
        language, certainty, weight = _detected(piece)
        if language is None:
            unknown += weight
        else:
            weights[language.code] += weight
            sure[language.code] += certainty * weight
    if not weights:
        return Detected(None, 0.0)
    total = sum(weights.values())
    ranked = [code for code, weight in weights.most_common() if weight >= _SHARE * total]
    first = ranked[0]
    certain = [
        code for code in ranked if sure[code] / weights[code] >= _LEAST_SURE or code == first
    ]
    return Detected(
        known()[first],
        round(sure[first] / (total + unknown), 3),
        tuple(known()[code] for code in certain) if len(certain) > 1 else (),
    )


def can_detect(language: Language) -> bool:
    """Whether a text in this language would be taken for one."""
    return (
        language.base in _detectable()
        or _only_of_its_scripts(language)
        or any(language.base in codes for codes in _small_words().values())
    )


def _sampled(text: str) -> list[str]:
    """Return paragraphs of a text, short ones together, from all over it."""
    if len(text) <= _PIECE:
        return [text]
    step = max(len(text) // _PIECES, _PIECE)
    pieces: list[str] = []
    for start in range(0, len(text), step):
        window = text[start : start + _PIECE]
        paragraphs = [each for each in re.split(r"\n\s*\n", window) if each.strip()]
        pieces += paragraphs if all(len(each) >= 40 for each in paragraphs) else [window]
    return pieces


def _detected(text: str) -> tuple[Language | None, float, int]:
    """Return the language of a short text, how sure that is, and how many letters say so."""
    words = _NOISE.sub(" ", text)
    letters = letters_by_script(words)
    weight = sum(many * _WEIGHT.get(script, 1) for script, many in letters.items())
    if weight < _ENOUGH:
        return None, 0.0, weight
    if alone := _by_script(letters):
        return alone, 1.0, weight
    language, sure = _by_detector(words, letters)
    by_words, share = _by_words(words)
    if by_words is not None and (share >= _TELLING_SHARE or sure < _LEAST_SURE):
        return by_words, max(_LEAST_SURE, sure if by_words is language else 0.0), weight
    return language, sure, weight


def _by_detector(text: str, letters: Counter[str]) -> tuple[Language | None, float]:
    found = _detector().FindLanguage(text=text.replace("\0", " "))
    language = known_code(found.language)
    if language is None or "-" in found.language:  # und, and languages in letters not their own
        return None, 0.0
    if not set(letters) & scripts_of(language.scripts):
        return None, 0.0
    sure = found.probability if found.is_reliable else found.probability / 2
    return _chinese(language, text), sure


def _by_words(text: str) -> tuple[Language | None, float]:
    """Return the language whose small words a text has, and what share of its words they are."""
    words = unicodedata.normalize("NFC", text.casefold()).split()
    hits: Counter[str] = Counter()
    for word in words:
        hits.update(_small_words().get(word.strip(".,;:!?።፣"), ()))
    (first, many), (_second, fewer) = (*hits.most_common(2), ("", 0), ("", 0))[:2]
    if many < _LEAST_HITS or many == fewer or many < _LEAST_SHARE * len(words):
        return None, 0.0
    return known_code(first), many / len(words) if many > fewer + 1 else 0.0


@functools.cache
def _small_words() -> dict[str, tuple[str, ...]]:
    """Return the languages of each small word."""
    data = resources.files(__package__).joinpath("words.toml").read_bytes()
    words: dict[str, tuple[str, ...]] = {}
    for code, listed in msgspec.toml.decode(data, type=dict[str, str]).items():
        for word in listed.split():
            words[word] = (*words.get(word, ()), code)
    return words


def _by_script(letters: Counter[str]) -> Language | None:
    """Return the language of a text in whose script no other is written."""
    script, many = letters.most_common(1)[0]
    if many < 0.6 * letters.total():
        return None
    if script in ("Hira", "Kana", "Hani") and letters["Hira"] + letters["Kana"] > 0.1 * many:
        return known()["ja"]
    return _alone_in_script().get(script)


@functools.cache
def _alone_in_script() -> dict[str, Language]:
    writers: dict[str, list[Language]] = {}
    for each in known().values():
        for script in scripts_of(each.scripts):
            writers.setdefault(script, []).append(each)
    alone = {
        script: many[0]
        for script, many in writers.items()
        if len(many) == 1 or (script == "Tibt" and are_alike(many[0], many[1]))
    }
    return alone | {"Hang": known()["ko"], "Hira": known()["ja"], "Kana": known()["ja"]}


def _only_of_its_scripts(language: Language) -> bool:
    return any(each.code == language.code for each in _alone_in_script().values())


@functools.cache
def _detector() -> Any:
    import gcld3

    return gcld3.NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=2000)


_ONLY_TRADITIONAL = frozenset(
    "這個們來時說國會對為學過還沒後與無關開發現長東車馬見問間門話語讀書寫電腦應該當點兩從樣動實體頭機麼經樂買賣錢飛號"
    "單雙類試驗認識讓請誰證據網頁檔選擇輸設變線圖聲視訊處備執啟閉儲載傳連結戶碼醫藥療護劑熱燒壓減輕貧"
)
_ONLY_SIMPLIFIED = frozenset(
    "这个们来时说国会对为学过还没后与无关开发现长东车马见问间门话语读书写电脑应该当点两从样动实体头机么经乐买卖钱飞号"
    "单双类试验认识让请谁证据网页档选择输设变线图声视讯处备执启闭储载传连结户码医药疗护剂热烧压减轻贫"
)


def _chinese(language: Language, text: str) -> Language:
    """Return which of the two ways of writing Chinese a text in Chinese is in."""
    if language.base != "zh":
        return language
    return known()["zh-Hant" if chinese_writing(text) == "Hant" else "zh"]


def chinese_writing(text: str) -> str:
    """Return Hant or Hans for text with letters that only one way of writing Chinese has, else ""."""
    letters = set(text)
    traditional = len(letters & _ONLY_TRADITIONAL)
    simplified = len(letters & _ONLY_SIMPLIFIED)
    if traditional == simplified:
        return ""
    return "Hant" if traditional > simplified else "Hans"


@functools.cache
def _detectable() -> frozenset[str]:
    """Return the codes of the languages that the detector knows and this project has."""
    return frozenset(each.base for code in _CLD3.split() if (each := known_code(code)))


_CLD3 = (
    "af am ar az be bg bn bs ca ceb co cs cy da de el en eo es et eu fa fi fil fr fy ga gd gl gu ha "
    "haw hi hmn hr ht hu hy id ig is it iw ja jv ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn "
    "mr ms mt my ne nl no ny pa pl ps pt ro ru sd si sk sl sm sn so sq sr st su sv sw ta te tg th tr "
    "uk ur uz vi xh yi yo zh zu"
)
"""The languages of CLD3, from the table in its README."""
