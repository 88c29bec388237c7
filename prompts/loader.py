"""Reads a prompt file: a header of `key: value` lines, a system prompt, and a template of the user's message.

A file of the same name in the config folder takes the place of the shipped one. Templates are Jinja
in its sandbox, where a name that the caller does not give is an error and never an empty string.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from hinterland.errors import ConfigError, InputError

if TYPE_CHECKING:
    import jinja2

_SHIPPED = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_SECTIONS = {"# system": "system", "# user": "user"}
# What an expression in a template can raise of itself: 1/0, a missing key, a macro without end.
_MISTAKES = (ArithmeticError, LookupError, TypeError, ValueError, RecursionError)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt file, read and checked."""

    name: str
    description: str
    """One line for people who choose a prompt."""
    system: str
    """The system prompt; empty leaves it to the model."""
    template: str
    """The user's message, as a Jinja template; empty when the file has none."""
    file: Path
    template_line: int = 1
    """Where the template begins in the file, counted from 1."""

    def render(self, /, **values: object) -> str:
        """Return the user's message; raises ConfigError naming file and line when it cannot be made."""
        if "{" not in self.template:
            return self.template
        import jinja2

        template = _compiled(self)
        try:
            return template.render(values)
        except (jinja2.TemplateError, *_MISTAKES) as error:
            line = self.template_line + _line_in_template(error) - 1
            raise _unusable(self.file, line, str(error)) from error


def load(name: str, config_folder: Path | None) -> Prompt:
    """Return the prompt `name`, from `config_folder`/prompts if it is there.

    Raises InputError for a name that is unknown, ConfigError for a file that cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be the name of a prompt.",
            "Use lower-case letters, digits, '-' and '_'.",
        )
    own = [config_folder / "prompts"] if config_folder else []
    for folder in (*own, _SHIPPED):
        file = folder / f"{name}.md"
        try:
            text = _text(file)
        except ConfigError as error:
            if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                continue
            raise
        return _parse(name, text, file)
    raise InputError(
        f"There is no prompt named {name!r}.",
        f"Put it at {own[0] / name}.md." if own else "",
    )


def read_template(file: Path) -> Prompt:
    """Return the prompt in `file`, wherever it is; raises InputError for one without a template, or
    that cannot be used."""
    try:
        text = _text(file)
        prompt = _parse(file.stem, text, file)
        if not prompt.template:
            raise _unusable(file, len(text.splitlines()), "it has no text under '# user'")
        _compiled(prompt)
    except ConfigError as error:
        if isinstance(error.__cause__, OSError):
            raise InputError(error.message, "Check its name and permissions.") from error
        raise InputError(
            error.message, "docs/prompts.md says how such a file is written."
        ) from error
    return prompt


def load_role(name: str, config_folder: Path | None, more: Sequence[Path] = ()) -> Prompt:
    """Return the role `name`: a prompt file under `roles/` that says who the model is to be.

    `more` are folders of prompt files that plugins bring. Raises as `load` does, and ConfigError for
    a file that is no role.
    """
    for folder in _role_folders(config_folder, more):
        file = folder / f"{name}.md"
        if _NAME.fullmatch(name) and file.is_file():
            return _role(name, _text(file), file)
    known, _ = roles(config_folder, more)
    names = ", ".join(each.name for each in known)
    raise InputError(f"There is no role named {name!r}.", f"There are: {names}.")


def roles(config_folder: Path | None, more: Sequence[Path] = ()) -> tuple[list[Prompt], list[str]]:
    """Return the roles by name, and a sentence for every file that should be one and is not."""
    found: dict[str, Prompt] = {}
    problems: dict[str, str] = {}
    for folder in _role_folders(config_folder, more):
        for file in sorted(folder.glob("*.md")):
            if file.stem in found or file.stem in problems:
                continue
            try:
                if not _NAME.fullmatch(file.stem):
                    raise _unusable(file, 1, "its name has to be lower-case letters and digits")
                found[file.stem] = _role(file.stem, _text(file), file)
            except ConfigError as error:
                problems[file.stem] = error.message
    return [found[name] for name in sorted(found)], list(problems.values())


def _role_folders(config_folder: Path | None, more: Sequence[Path]) -> list[Path]:
    own = [config_folder / "prompts"] if config_folder else []
    return [folder / "roles" for folder in (*own, *more, _SHIPPED)]


def _role(name: str, text: str, file: Path) -> Prompt:
    role = _parse(name, text, file)
    if not role.system:
        raise _unusable(file, len(text.splitlines()), "a role needs text under '# system'")
    if role.template:
        raise _unusable(file, role.template_line, "a role has no '# user'")
    return role


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"The prompt file {file} is not UTF-8 text (byte {error.start}).", "Save it as UTF-8."
        ) from error
    except OSError as error:
        raise ConfigError(
            f"The prompt file {file} cannot be read: {error.strerror}.",
            "Mend its permissions or move it away.",
        ) from error


def _parse(name: str, text: str, file: Path) -> Prompt:
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if lines[0].rstrip() != "---":
        raise _unusable(file, 1, "it has to begin with a line '---' and a header")
    header: dict[str, str] = {}
    number = 1
    for number, line in enumerate(lines[1:], start=2):
        if line.rstrip() == "---":
            break
        key, colon, value = line.partition(":")
        key = key.strip()
        if not colon:
            raise _unusable(file, number, "a line of the header is written 'key: value'")
        if key != "description":
            raise _unusable(file, number, f"the header has no key {key!r}, only 'description'")
        if key in header:
            raise _unusable(file, number, f"{key!r} is given twice")
        header[key] = value.strip()
    else:
        raise _unusable(file, number, "the header is not closed by a line '---'")
    if not header.get("description"):
        raise _unusable(file, number, "the header lacks a 'description'")
    system, _ = _section("system", lines, number, file)
    template, template_line = _section("user", lines, number, file)
    return Prompt(name, header["description"], system, template, file, template_line)


def _section(wanted: str, lines: list[str], start: int, file: Path) -> tuple[str, int]:
    """Return the text under one heading and the line it begins at; '' and 1 without that heading."""
    current, found, first = "", None, 1
    kept: list[str] = []
    for number, line in enumerate(lines[start:], start=start + 1):
        section = _SECTIONS.get(line.rstrip())
        if section is not None:
            if section == wanted and found is not None:
                raise _unusable(file, number, f"there is a second '# {wanted}'")
            current = section
            found = number if section == wanted else found
        elif not current and line.strip():
            raise _unusable(file, number, "text has to stand under '# system' or '# user'")
        elif current == wanted and (kept or line.strip()):
            first = first if kept else number
            kept.append(line)
    return "\n".join(kept).rstrip(), first


@lru_cache(maxsize=8)
def _compiled(prompt: Prompt) -> jinja2.Template:
    """Return the template; raises ConfigError where it is none. A batch fills it a million times."""
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    try:
        return environment.from_string(prompt.template)
    except jinja2.TemplateSyntaxError as error:
        line = prompt.template_line + error.lineno - 1
        raise _unusable(prompt.file, line, error.message or "it is not a template") from error


def _line_in_template(error: BaseException) -> int:
    """Return the template's line where rendering failed: Jinja puts its own frames on the traceback."""
    line, step = 1, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return line


def _unusable(file: Path, line: int, reason: str) -> ConfigError:
    return ConfigError(
        f"The prompt file {file} cannot be used, line {line}: {reason.rstrip('.')}.",
        "Mend it, or move it away to have the one that came with Hinterland.",
    )
