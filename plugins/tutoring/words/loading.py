"""Reads the words of a language: those that ship, and over them those of the configuration folder."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec

from hinterland import toml_text
from hinterland.errors import InputError
from hinterland.plugins.tutoring.words.wording import Text, Words, fields_of, texts_of

_FOLDER = Path(__file__).parent
SHIPPED = tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))
"""Languages whose words ship."""
_FIRST = "en"
"""The language that has every key, and says which values each may hold."""
_LONGEST = 2_000
"""Characters of one text."""
_LARGEST = 1_000_000
"""Bytes of a file."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file as it is written."""

    language: str
    words: dict[str, Text]
    one: tuple[int, ...] = (1,)
    """Numbers that take the text for one: 0 too in French."""


def load(language: str, config_folder: Path | None = None) -> Words:
    """Return the words of a language, a BCP 47 code; English where it has none.

    Texts of `config_folder`/tutor/LANGUAGE.toml stand in for those that ship; a language that does
    not ship may be there alone, and what it leaves out is said in English. Raises InputError with
    file and line for a file that cannot be used.
    """
    code = _known(language, config_folder)
    first = _read(_FOLDER / f"{_FIRST}.toml")
    texts, one = dict(first.words), first.one
    shipped, own = _FOLDER / f"{code}.toml", _own(code, config_folder)
    for path in (shipped, own):
        if path is not None and path.is_file():
            file = _read(path)
            if path == own:
                _check(path, file, first)
            texts |= file.words
            one = file.one
    return Words(code, texts, frozenset(one))


def _known(language: str, config_folder: Path | None) -> str:
    """Return the code that there are words for: the language's, its main one's, or English."""
    code = language.replace("_", "-").lower()
    for each in (code, code.split("-", maxsplit=1)[0]):
        own = _own(each, config_folder)
        if each in SHIPPED or (own is not None and own.is_file()):
            return each
    return _FIRST


def _own(code: str, config_folder: Path | None) -> Path | None:
    if config_folder is None or not re.fullmatch(r"[a-z0-9-]+", code):
        return None
    return config_folder / "tutor" / f"{code}.toml"


def _read(path: Path) -> _File:
    try:
        with path.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise _error(path, 1, f"it is larger than {_LARGEST:,} bytes")
        text = data.decode()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}.", "Mend its permissions."
        ) from error
    except UnicodeDecodeError as error:
        raise _error(path, 1, "it is not UTF-8 text") from error
    try:
        raw = toml_text.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        problem = str(error).split(" (at ", maxsplit=1)[0]
        at = int(line[1]) if line else text.count("\n") + 1
        raise _error(path, at, f"this is not TOML: {problem}") from error
    words = raw.get("words")
    for key, value in words.items() if isinstance(words, dict) else ():
        try:
            msgspec.convert(value, Text)
        except msgspec.ValidationError as error:
            raise _error(path, _line(text, key), f"{key} is no text: {error}") from error
    try:
        file: _File = msgspec.convert(raw, _File)
    except msgspec.ValidationError as error:
        raise _error(path, 1, str(error)) from error
    for key, said in file.words.items():
        if not all(each.strip() and len(each) <= _LONGEST for each in texts_of(said) or ("",)):
            problem = f"{key} needs a text of 1 to {_LONGEST:,} characters"
            raise _error(path, _line(text, key), problem)
    return file


def _check(path: Path, file: _File, first: _File) -> None:
    """Raise InputError for a key that nothing says, or for a place that no value fills."""
    text = path.read_text()
    for key, said in file.words.items():
        if key not in first.words:
            raise _error(path, _line(text, key), f"the tutor has no words named {key}")
        if unknown := fields_of(said) - fields_of(first.words[key]):
            names = ", ".join(f"{{{each}}}" for each in sorted(unknown))
            raise _error(path, _line(text, key), f"{key} has no value for {names}")


def _line(text: str, key: str) -> int:
    begins = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*(=|\.)")
    return next((n for n, line in enumerate(text.splitlines(), 1) if begins.match(line)), 1)


def _error(path: Path, line: int, problem: str) -> InputError:
    return InputError(f"{path}, line {line}: {problem.rstrip('.')}.", "Mend it and try again.")
