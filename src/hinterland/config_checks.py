"""What is wrong with the value of a setting: what its type cannot tell, and what msgspec finds, in
plain words."""

from __future__ import annotations

import re

import msgspec

from hinterland.language import N_

# The name of a remote engine is part of a setting's key, so without a dot.
_ENGINE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TYPES = {
    "`str`": "text",
    "`int`": N_("a whole number"),
    "`float`": N_("a number"),
    "`bool`": N_("true or false"),
    "`array`": N_("a list"),
    "`object`": N_("a section"),
    "`date`": N_("a date"),
    "`datetime`": N_("a date with a time"),
    "`time`": N_("a time"),
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
    """Return what msgspec says with types called as people call them; null is not a thing of TOML."""
    reason = reason.replace(" | null`", "`")
    for kind, words in _TYPES.items():
        reason = reason.replace(kind, words)
    return reason


def msgspec_texts() -> None:
    """What msgspec says, in words, for the catalogues."""
    N_("expected {what}, got {found}")
    N_("expected text, got {found}")
    N_("expected {what}, got text")
    N_("expected {what} >= {least}")
    N_("expected {what} <= {most}")
    N_("expected text of length >= {least}")
    N_("expected text of length <= {most}")
