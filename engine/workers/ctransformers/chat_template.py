"""Messages made into the text that a model was trained on: its own template, a named one, or that of
its type (templates.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import jinja2
import jinja2.sandbox
import msgspec

from hinterland.engine.protocol import Message, begun
from hinterland.errors import InputError, ModelError

_NAMED = Path(__file__).with_name("templates.toml")


class _Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str
    source: str
    stop: tuple[str, ...] = ()
    trim: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: int
    types: dict[str, str]
    template: dict[str, _Named]


class ChatTemplate:
    """A compiled template and what belongs to it."""

    def __init__(self, text: str, stop: tuple[str, ...] = (), *, trim: bool = False) -> None:
        self.stop = stop
        """Texts that end an answer."""
        self.trim = trim
        """Whether the space before an answer is dropped."""
        # The settings that Hugging Face compiles chat templates with.
        environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.globals["raise_exception"] = _refuse
        try:
            self._template = environment.from_string(text)
        except jinja2.TemplateError as error:
            raise ModelError(f"its chat template cannot be used: {error}") from error

    def render(self, messages: Sequence[Message], bos: str, eos: str) -> str:
        """Return the prompt, the beginning of the answer with it where there is one; raises
        InputError when the template refuses the messages."""
        said = begun(messages)
        if said:
            messages = messages[:-1]
        values: dict[str, Any] = {
            "messages": [{"role": each.role, "content": each.content} for each in messages],
            "add_generation_prompt": True,
            "bos_token": bos,
            "eos_token": eos,
        }
        try:
            prompt = self._template.render(values)
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise InputError(
                f"The model's chat template refuses these messages: {error}.",
                "`hint models show NAME` names its template; another one can be given to it.",
            ) from error
        # The space before the answer is the model's own where it is dropped from what was said.
        gap = " " if said and self.trim and not prompt[-1:].isspace() else ""
        return prompt + gap + said


def find(wanted: str, kind: str) -> ChatTemplate:
    """Return the template `wanted`, a name or Jinja2, or without one that of models of type `kind`.

    Raises ModelError, whose sentence ends a worker's log.
    """
    file = named()
    name = wanted or file.types.get(kind, "dialogue")
    if name in file.template:
        found = file.template[name]
        return ChatTemplate(found.text, found.stop, trim=found.trim)
    if "{" not in name:
        raise ModelError(
            f"there is no chat template called {name}; there are {', '.join(file.template)}"
        )
    return ChatTemplate(name)


def named() -> _File:
    """Return templates.toml."""
    return msgspec.convert(tomllib.loads(_NAMED.read_text("utf-8")), _File)


def _refuse(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)
