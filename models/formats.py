"""Which engine runs a model file: its first bytes decide, unless somebody says otherwise."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

from hinterland.errors import InputError, ModelError
from hinterland.models import header
from hinterland.models.header import Facts
from hinterland.text import clean_line


class Backend(StrEnum):
    """What runs a model."""

    LLAMACPP = "llamacpp"
    CTRANSFORMERS = "ctransformers"


# Architecture and tokenizer of the GGUF files that ctransformers loads; of others it says nothing.
_KNOWN = frozenset({("llama", "llama"), ("falcon", "gpt2")})


class Wishes(msgspec.Struct, frozen=True):
    """What somebody says about a file that does not say it itself; empty leaves it to the file."""

    type: str = ""
    backend: Backend | None = None
    template: str = ""
    """A chat template's name or its text."""


NO_WISHES = Wishes()


class Format(msgspec.Struct, frozen=True):
    """A usable model file: what it says, and what runs it."""

    facts: Facts
    backend: Backend
    type: str = ""
    """For ctransformers, in its words."""


def read(path: Path, wishes: Wishes = NO_WISHES) -> Format:
    """Return what the model file at `path` is.

    Raises ModelError when it is not a usable one, InputError when it is not what it is said to be.
    """
    if path.is_file() and _is_legacy(path):
        from hinterland.models import legacy

        if wishes.backend is Backend.LLAMACPP:
            raise InputError(
                f"llama.cpp does not read {clean_line(path.name)}: it is of the GGML era.",
                "Leave `--backend` out.",
            )
        return Format(legacy.read(path, wishes.type), Backend.CTRANSFORMERS, wishes.type)
    facts = header.read(path)
    if wishes.type:
        raise InputError(
            f"{clean_line(path.name)} is a GGUF file, which says its type itself: "
            f"{clean_line(facts.architecture, 60)}.",
            "Leave `--type` out.",
        )
    backend = wishes.backend or (Backend.CTRANSFORMERS if facts.form else Backend.LLAMACPP)
    if facts.form and backend is Backend.LLAMACPP:
        raise InputError(
            f"llama.cpp does not read {clean_line(path.name)}: it is {facts.form}.",
            "Leave `--backend` out.",
        )
    if backend is Backend.CTRANSFORMERS and (facts.architecture, facts.tokenizer) not in _KNOWN:
        raise ModelError(
            f"ctransformers cannot run {clean_line(path.name)}: of GGUF files it knows Llama with a "
            "SentencePiece vocabulary, and Falcon.",
            "`hint models add` without `--backend` gives it to llama.cpp.",
        )
    if wishes.template and backend is Backend.LLAMACPP:
        raise InputError(
            f"llama.cpp takes the chat template of {clean_line(path.name)} from the file itself.",
            "Leave `--template` out, or add `--backend ctransformers`.",
        )
    return Format(facts, backend, "gguf" if backend is Backend.CTRANSFORMERS else "")


def _is_legacy(path: Path) -> bool:
    from hinterland.models import legacy

    try:
        return legacy.is_legacy(path)
    except OSError as error:
        raise ModelError(
            f"The model file {path} cannot be read: {error.strerror or error}.",
            "Check its path and its permissions.",
        ) from error
