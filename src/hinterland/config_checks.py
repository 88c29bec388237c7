"""What is wrong with the value of a setting: what its type cannot tell, and what msgspec finds, in
plain words."""

from __future__ import annotations

import re

import msgspec

# The name of a remote engine is part of a setting's key, so without a dot.
_ENGINE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TYPES = {
    "`str`": "text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "true or false",
    "`array`": "a list",
    "`object`": "a section",
}

_CHOICES = {
    "think": "off, low, high or nothing",
    "ui.theme": "terminal, dark, light, contrast or none",
    "ui.slow": "auto, on or off",
    "ui.shaping": "auto, on or off",
    "diagnosis.setting": "lay or facility",
    "diagnosis.role": "lay or health-worker",
}
"""What a setting may be that is one of a few words."""


def check_engine_name(name: str) -> None:
    """Raise ValueError where a remote engine cannot be called `name`."""
    if name == "echo" or not _ENGINE_NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot be the name of a remote engine (letters, digits, - and _)"
        )


def check_language(code: str) -> None:
    """Raise ValueError where Hinterland does not speak a language."""
    from hinterland import language

    if not language.known(code):
        raise ValueError(f"the languages are {', '.join(language.available())}")


def check_engine_url(name: str, url: str) -> None:
    """Raise ValueError where no endpoint of the remote engine `name` can be at `url`."""
    from hinterland import address

    if not url:
        raise ValueError(f"engines.{name} has no url")
    try:
        address.parse(url)
    except ValueError as error:
        raise ValueError(f"engines.{name}.url: {error}") from error


def reason_of(error: msgspec.ValidationError) -> tuple[str, str]:
    """Return what is wrong, and the key it is wrong at."""
    reason, _, place = str(error).partition(" - at `$")
    key = place.rstrip("`").lstrip(".")
    if reason.startswith("Invalid enum value"):
        return f"expected {_CHOICES[key]}", key
    if reason == "Expected `str` of length >= 1":
        return "expected a word", key
    return in_words(reason).replace("Expected", "expected"), key


def in_words(reason: str) -> str:
    """Return what msgspec says with types called as people call them."""
    for kind, words in _TYPES.items():
        reason = reason.replace(kind, words)
    return reason
