"""A chat template rendered as its maker's library does: transformers' settings for jinja2.

These are the settings of `transformers.utils.chat_template_utils` (Apache-2.0): a sandbox,
`trim_blocks`, `lstrip_blocks`, loop controls, `tojson` without escapes for HTML, `strftime_now`
and `raise_exception`.
"""

from __future__ import annotations

import json
import time
from typing import Any, NoReturn

from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment


def render(template: str, messages: list[dict[str, str]], begin: str, **variables: Any) -> str:
    """Return the prompt that `template` makes of `messages`, ready for an answer."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = time.strftime
    return environment.from_string(template).render(
        messages=messages, bos_token=begin, add_generation_prompt=True, **variables
    )


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)
