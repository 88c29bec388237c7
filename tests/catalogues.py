"""The catalogues in `src/hinterland/locale`, and what the source says has to be in them.

`make messages` runs this: it puts new texts into every catalogue, takes out what no source has any
more, compiles, and prints what is not translated. With `NEW=pt` it begins another.
"""

from __future__ import annotations

import ast
import io
import re
import string
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from hinterland import errors

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "src/hinterland/locale"
_SOURCES = ("src/hinterland", "tui", "engine", "models", "plugins", "prompts")

_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""A compiled catalogue is the same for the same texts."""

Text = str | tuple[str, str]
"""A message, or its forms for one and for many."""
_MARKS = {"_": 1, "N_": 1, "n_": 2}
"""Calls whose first so many arguments are texts."""
_SHOWN = {"Binding": (2,), "Command": (2,)}
"""Calls that are shown translated without a mark: which of their arguments is a text."""
_TOLD = {"Failed": (1, 2), "Note": (0,), "_warn": (0,), "UnlikelyValueError": (0, 1), "Unfit": (1,)}
_TOLD |= {"for_disk": (0,), "__init__": (0, 1)}
_ERROR = (0, 1)
"""Sentences with values in them, which are translated where they are told; so are those of errors."""
_HELP = ("command", "group", "option", "argument")
"""What click's decorators are called: their `help` and the docstring below them are texts."""


def sources() -> Iterator[Path]:
    """Yield every file of the program."""
    for folder in _SOURCES:
        yield from sorted((ROOT / folder).rglob("*.py"))


@cache
def texts() -> dict[Text, set[str]]:
    """Return every text that people see, with the files it stands in."""
    found: dict[Text, set[str]] = {}
    for path in sources():
        for text in texts_in(ast.parse(path.read_text())):
            if text:
                found.setdefault(text, set()).add(path.relative_to(ROOT).as_posix())
    return found


@cache
def _errors() -> frozenset[str]:
    """Return the names of the errors that people are told: those of `errors`, and any made of them."""
    bases = {
        node.name: {_name(base) for base in node.bases}
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }
    found: set[str] = set()
    more = set(errors.__all__)
    while more:
        found |= more
        more = {name for name, above in bases.items() if above & found} - found
    return frozenset(found)


def texts_in(module: ast.Module) -> Iterator[Text]:
    """Yield the texts of one file."""
    values = _values(module)
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            yield from _of_call(node, values)
        elif isinstance(node, ast.FunctionDef) and _is_command(node):
            yield ast.get_docstring(node) or ""


def _values(module: ast.Module) -> dict[str, list[ast.expr]]:
    """Return what names may stand for: what is assigned to them, what functions return."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
        elif isinstance(node, ast.FunctionDef):
            returned = (each.value for each in ast.walk(node) if isinstance(each, ast.Return))
            found.setdefault(node.name, []).extend(filter(None, returned))
    return found


def _of_call(call: ast.Call, values: dict[str, list[ast.expr]]) -> Iterator[Text]:
    name = _name(call.func)
    if name in _MARKS:
        yield from _marked(call, name)
    elif name in _SHOWN:
        for place in _SHOWN[name]:
            if len(call.args) > place and (text := _constant(call.args[place])):
                yield text
    elif name in _TOLD or name in _errors():
        places = _TOLD.get(name, _ERROR)
        told = [argument for place, argument in enumerate(call.args) if place in places]
        told += [keyword.value for keyword in call.keywords if keyword.arg in {"message", "hint"}]
        for argument in told:
            name = _name(argument.func if isinstance(argument, ast.Call) else argument)
            for said_there in [argument, *values.get(name, ())]:
                yield from filter(_has_words, _sentences(said_there))
    elif name in _HELP and isinstance(call.func, ast.Attribute):
        for keyword in call.keywords:
            if keyword.arg == "help" and (text := _constant(keyword.value)):
                yield text


def _marked(call: ast.Call, name: str) -> Iterator[Text]:
    count = _MARKS[name]
    said = [_constant(argument) for argument in call.args[:count]]
    if name == "_" and said == [None] and not isinstance(call.args[0], ast.JoinedStr):
        return  # marked elsewhere
    if None in said or not said:
        raise ValueError(f"{ast.unparse(call)}: a catalogue can only have a plain text")
    yield said[0] or "" if count == 1 else (said[0] or "", said[1] or "")


def _sentences(node: ast.expr) -> Iterator[str]:
    """Yield the sentences an expression may be, with names in braces where it puts in values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _sentences(node.body)
        yield from _sentences(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for each in node.values:
            yield from _sentences(each)
    elif isinstance(node, ast.JoinedStr):
        names: list[str] = []
        text = ""
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                name = _name(part.value) or "value"
                names.append(name)
                again = names.count(name)
                text += f"{{{name}{again if again > 1 else ''}}}"
            elif isinstance(part, ast.Constant):
                text += str(part.value).replace("{", "{{").replace("}", "}}")
        yield text


def _has_words(text: str) -> bool:
    """Whether there is something to translate besides the values."""
    return len(re.sub(r"{\w+}|\W", "", text)) > 1


def _is_command(function: ast.FunctionDef) -> bool:
    decorators = (each.func for each in function.decorator_list if isinstance(each, ast.Call))
    return any(_name(each) in {"command", "group"} for each in decorators)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.IfExp):  # `raise (InputError if given else ModelError)(…)`
        node = node.body
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _constant(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def template() -> Catalog:
    """Return what every catalogue has to have, untranslated."""
    catalog = Catalog(domain="hinterland", fuzzy=False)
    for text, files in texts().items():
        catalog.add(text, locations=[(file, 0) for file in sorted(files)])
    return catalog


def languages() -> list[str]:
    """Return the codes of the languages there are."""
    return sorted(folder.name for folder in LOCALE.iterdir() if folder.is_dir())


def place(language: str) -> Path:
    """Return where the catalogue of a language is; the compiled one is beside it, as `.mo`."""
    return LOCALE / language / "LC_MESSAGES" / "hinterland.po"


def read(language: str) -> Catalog:
    """Return a catalogue as it is on the disk; an empty one for a new language."""
    if not place(language).exists():
        return Catalog(language, domain="hinterland", fuzzy=False)
    return read_po(io.BytesIO(place(language).read_bytes()), language, "hinterland")


def compiled(catalog: Catalog) -> bytes:
    """Return the bytes of the `.mo` file."""
    catalog.creation_date = catalog.revision_date = _NO_DATE
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def problems(catalog: Catalog) -> Iterator[str]:
    """Yield a line for each text that is missing, unsure or cannot be right."""
    for text in texts():
        message = catalog.get(text[0] if isinstance(text, tuple) else text)
        first = text if isinstance(text, str) else text[0]
        if message is None or not all(_forms(message)):
            yield f"untranslated: {first}"
        elif message.fuzzy:
            yield f"fuzzy: {first}"
        elif isinstance(text, tuple) and len(_forms(message)) != catalog.num_plurals:
            yield f"not {catalog.num_plurals} forms: {first}"
        else:
            yield from _different(text, message)


def _different(text: Text, message: Message) -> Iterator[str]:
    allowed = [placeholders(each) for each in ([text] if isinstance(text, str) else text)]
    for form in _forms(message):
        if placeholders(form) not in allowed:
            yield f"other placeholders: {form}"
        if form.count("`") != allowed_backticks(text):
            yield f"other commands in backticks: {form}"


def allowed_backticks(text: Text) -> int:
    """Return how many backticks a translation has: what stands between them is typed, not read."""
    return (text if isinstance(text, str) else text[0]).count("`")


def placeholders(text: str) -> list[str]:
    """Return what `format` puts into a text, sorted; for a text that is not formatted, its braces.

    A translation may leave out the comma of `{tokens:,}`, which some languages take for a point.
    """
    try:
        fields = [field for field in string.Formatter().parse(text) if field[1] is not None]
    except ValueError:
        return sorted(re.findall(r"[{}]", text))
    return sorted(
        f"{name}!{conversion}:{'' if spec == ',' else spec}" for _, name, spec, conversion in fields
    )


def _forms(message: Message) -> tuple[str, ...]:
    said = message.string or ""
    return (said,) if isinstance(said, str) else tuple(said)


def update(language: str) -> Catalog:
    """Bring the catalogue of a language up to date, compile it, and return it."""
    catalog = read(language)
    catalog.update(template(), no_fuzzy_matching=False, update_creation_date=False)
    catalog.obsolete.clear()
    place(language).parent.mkdir(parents=True, exist_ok=True)
    place(language).write_bytes(written(catalog, language))
    place(language).with_suffix(".mo").write_bytes(compiled(catalog))
    return catalog


def written(catalog: Catalog, language: str) -> bytes:
    """Return the bytes of the `.po` file, the same for the same texts."""
    plural = f'"Plural-Forms: {catalog.plural_forms}\\n"\n'
    head = f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n'
    head += '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    head += '"Content-Transfer-Encoding: 8bit\\n"\n' + plural + "\n"
    file = io.BytesIO()
    write_po(file, catalog, width=100, omit_header=True, include_lineno=False, sort_by_file=True)
    return head.encode() + file.getvalue()


if __name__ == "__main__":
    for each in sorted({*languages(), *sys.argv[1:]}):
        wrong = list(problems(update(each)))
        print(f"{each}: {len(texts()) - len(wrong)} of {len(texts())} texts", *wrong, sep="\n  ")
