"""Mathematics that models write as LaTeX, as text a terminal can show: x², √(a+b), ∑ᵢ₌₁ⁿ, matrices.

It never fails: what it does not know stays as it was written, and what is cut off in the middle is
shown as far as it goes, because answers arrive that way. Time is linear in the length.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

_WORDS = Path(__file__).with_name("mathematics.toml")
_DEEPEST = 30
"""Groups within groups; what is deeper stays as it was written."""
_TOKEN = re.compile(r"\\([a-zA-Z]+)\*?|\\(.)|([{}^_&~\n])|(\s+)|(.)", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{\s*([a-zA-Z]+\*?)\s*\}(\s*\{[lcr|\s]*\})?")
_BRACKETS = {
    "pmatrix": ("⎛⎜⎝", "⎞⎟⎠", "()"),
    "bmatrix": ("⎡⎢⎣", "⎤⎥⎦", "[]"),
    "Bmatrix": ("⎧⎨⎩", "⎫⎬⎭", "{}"),
    "vmatrix": ("│││", "│││", "||"),
    "Vmatrix": ("‖‖‖", "‖‖‖", "‖‖"),
    "cases": ("⎧⎨⎩", "   ", "{ "),
}
_GRIDS = (*_BRACKETS, "matrix", "smallmatrix", "array")
_LINES = ("align", "aligned", "equation", "gather", "gathered", "split", "multline", "eqnarray")
_TEXT = ("text", "textbf", "textit", "textrm", "mathrm", "mathbf", "mathit", "mathsf", "mathtt")
_AS_IT_IS = (*_TEXT, "operatorname", "mbox", "boldsymbol", "bm", "boxed", "mathop", "mathscr")
_SPACES = {",": " ", ";": " ", ":": " ", " ": " ", "!": "", "{": "{", "}": "}", "|": "‖"}
_SIGNS = frozenset("=<>+-*/")


class _Letters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    characters: str
    shown: str

    def table(self) -> dict[str, str]:
        return dict(zip(self.characters, self.shown, strict=True))


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    symbols: dict[str, str]
    accents: dict[str, str]
    alphabets: dict[str, dict[str, str]]
    superscripts: _Letters
    subscripts: _Letters
    fractions: dict[str, str]


@cache
def _words() -> _Words:
    return msgspec.convert(tomllib.loads(_WORDS.read_text("utf-8")), _Words)


@cache
def _scripts(mark: str) -> dict[str, str]:
    return (_words().superscripts if mark == "^" else _words().subscripts).table()


def shown(latex: str) -> str:
    """Return what `latex` says, in one line."""
    return " ".join(_line(latex).split())


def shown_block(latex: str) -> list[str]:
    """Return what `latex` says set apart: a line for each of its lines, matrices with their shape."""
    parts: list[tuple[str, str]] = []  # environment, its inside
    depth, start, name = 0, 0, ""
    for mark in _ENVIRONMENT.finditer(latex):
        if mark[2].rstrip("*") not in _GRIDS:
            continue
        depth += 1 if mark[1] == "begin" else -1
        if mark[1] == "begin" and depth == 1:
            parts.append(("", latex[start : mark.start()]))
            start, name = mark.end(), mark[2].rstrip("*")
        elif depth == 0:
            parts.append((name, latex[start : mark.start()]))
            start, name = mark.end(), ""
        depth = max(0, depth)
    parts.append((name, latex[start:]))
    lines: list[str] = []
    box = _Box([""], 0)
    for number, (environment, inside) in enumerate(parts):
        if environment:
            box = box.beside(_grid(inside, environment))
            continue
        first, *others = _rows(inside)
        said = _tidy(_line(first))
        before = " " if number and said else ""
        after = " " if number < len(parts) - 1 and said and not others else ""
        box = box.beside(_Box([before + said + after], 0))
        for other in others:
            lines += box.lines
            box = _Box([_tidy(_line(other)) + (" " if other is others[-1] else "")], 0)
    lines += box.lines
    return [line.rstrip() for line in lines if line.strip()]


@dataclass(frozen=True)
class _Box:
    """Lines that stand side by side with others, at the height of one of them."""

    lines: list[str]
    middle: int

    def beside(self, other: _Box) -> _Box:
        above = max(self.middle, other.middle)
        below = max(len(self.lines) - self.middle, len(other.lines) - other.middle)
        width = max(map(len, self.lines))
        rows = []
        for row in range(-above, below):
            left, right = self._at(row), other._at(row)
            rows.append(left.ljust(width) + right)
        return _Box(rows, above)

    def _at(self, row: int) -> str:
        row += self.middle
        return self.lines[row] if 0 <= row < len(self.lines) else ""


def _rows(latex: str) -> list[str]:
    """Return the lines of an environment that only aligns, or of none."""
    latex = _ENVIRONMENT.sub(lambda mark: "" if mark[2].rstrip("*") in _LINES else mark[0], latex)
    return re.split(r"\\\\(?:\[[^\]\n]*\])?", latex)


def _grid(inside: str, environment: str) -> _Box:
    rows = [
        [_tidy(_line(cell)).strip() for cell in _cells(row)] for row in _rows(inside) if row.strip()
    ] or [[""]]
    columns = max(map(len, rows))
    rows = [row + [""] * (columns - len(row)) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(columns)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    if environment in _BRACKETS:
        left, right, single = _BRACKETS[environment]
        last = len(lines) - 1
        lines = [
            single[0] + line + single[1]
            if not last
            else _bracket(left, row, last) + line + _bracket(right, row, last)
            for row, line in enumerate(lines)
        ]
    return _Box(lines, (len(lines) - 1) // 2)


def _bracket(parts: str, row: int, last: int) -> str:
    if row in (0, last):
        return parts[0] if row == 0 else parts[2]
    straight = {"⎨": "⎪", "⎬": "⎪"}.get(parts[1], parts[1])
    return parts[1] if row == (last + 1) // 2 else straight


def _cells(row: str) -> list[str]:
    return re.split(r"(?<!\\)&", row)


def _tidy(text: str) -> str:
    """Take out the doubled spaces that symbols bring, and those at the ends."""
    return re.sub(r"(\S) +", r"\1 ", text).strip()


def _line(latex: str) -> str:
    latex = _ENVIRONMENT.sub(_mark_of_environment, latex)
    return _Reader(latex).all()


def _mark_of_environment(mark: re.Match[str]) -> str:
    left, _, single = _BRACKETS.get(
        mark[2].rstrip("*"), ("", "", "[]" if mark[2] in _GRIDS else "  ")
    )
    del left
    return single[0 if mark[1] == "begin" else 1].replace("{", r"\{")


class _Reader:
    """Reads LaTeX from left to right, once."""

    def __init__(self, latex: str) -> None:
        self._tokens = list(_TOKEN.finditer(latex))
        self._at = 0
        self._depth = 0

    def all(self) -> str:
        return self._until_closed()

    def _until_closed(self) -> str:
        """Return what is said up to the brace that closes this group, or to the end."""
        said: list[str] = []
        while self._at < len(self._tokens):
            if self._tokens[self._at][0] == "}" and self._depth:
                break
            said.append(self._next())
        return "".join(said)

    def _next(self) -> str:
        token = self._tokens[self._at]
        self._at += 1
        name, sign, special, space, other = token.groups()
        if name:
            return self._command(name)
        if sign:
            return "; " if sign == "\\" else _SPACES.get(sign, sign)
        if space or special in ("\n", "~", "&"):
            return " "
        if special == "{":
            return self._group()
        if special in ("^", "_"):
            return self._script(special)
        if special == "}":
            return ""
        if other == "'":
            return "′"
        return str(other)

    def _group(self) -> str:
        """Return what is in the group that has been opened, and step behind it."""
        if self._depth >= _DEEPEST:
            return "{"
        self._depth += 1
        inside = self._until_closed()
        self._depth -= 1
        self._at += 1
        return inside

    def _argument(self) -> str:
        """Return the next group, command or character."""
        while self._at < len(self._tokens) and self._tokens[self._at][0].isspace():
            self._at += 1
        if self._at >= len(self._tokens) or self._tokens[self._at][0] == "}":
            return ""
        self._depth += 1  # \frac\frac\frac… is a depth too
        if self._depth > _DEEPEST:
            said = self._tokens[self._at][0]
            self._at += 1
        else:
            said = self._next()
        self._depth -= 1
        return said.strip()

    def _optional(self) -> str:
        """Return what stands in square brackets here, if they do."""
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "[":
            return ""
        end = self._at
        while end < len(self._tokens) and self._tokens[end][0] != "]":
            end += 1
        inside = "".join(token[0] for token in self._tokens[self._at + 1 : end])
        self._at = end + 1
        return inside

    def _command(self, name: str) -> str:
        words = _words()
        if name in words.symbols:
            return self._spaced(words.symbols[name])
        if name in words.accents:
            return "".join(letter + words.accents[name] for letter in self._argument())
        if name in words.alphabets:
            return "".join(words.alphabets[name].get(each, each) for each in self._argument())
        return self._structure(name)

    def _structure(self, name: str) -> str:
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return _fraction(self._argument(), self._argument())
        if name == "sqrt":
            return self._root()
        if name in ("binom", "dbinom", "tbinom"):
            return f"C({self._argument()}, {self._argument()})"
        if name in _AS_IT_IS:
            return self._argument_as_text() if name in _TEXT else self._argument()
        if name == "pmod":
            return f" (mod {self._argument()})"
        if name in ("stackrel", "overset"):
            above = self._argument()
            return self._argument() + _script("^", above)
        if name in ("underset", "underbrace", "overbrace"):
            below = self._argument()
            return self._argument() + _script("_", below) if name == "underset" else below
        if name == "not":
            return self._argument() + "\u0338"
        if name in ("hline", "label", "tag"):
            return f" ({self._argument()})" if name == "tag" else ""
        follows = self._tokens[self._at][0] if self._at < len(self._tokens) else ""
        return f"\\{name}{{{self._argument()}}}" if follows == "{" else f"\\{name}"

    def _spaced(self, symbol: str) -> str:
        """Return a symbol; the space LaTeX wants behind a word is not one of the text."""
        at = self._at
        if symbol.isalpha() and len(symbol) > 1:  # sin x, log n
            following = self._tokens[at][0] if at < len(self._tokens) else ""
            return symbol + (" " if following[:1].isalnum() or following[:1] == "\\" else "")
        if at < len(self._tokens) and self._tokens[at][0].isspace() and symbol.strip() == symbol:
            self._at += 1
            following = self._tokens[self._at][0] if self._at < len(self._tokens) else ""
            if following[:1] in _SIGNS:
                return symbol + " "
        return symbol

    def _argument_as_text(self) -> str:
        while self._at < len(self._tokens) and self._tokens[self._at][0].isspace():
            self._at += 1
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "{":
            self._at += 1
            return self._group()
        return self._argument()

    def _root(self) -> str:
        degree = self._optional().strip()
        inside = self._argument()
        sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree) or f"{_script('^', degree)}√"
        return sign + _in_brackets(inside)

    def _script(self, mark: str) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "\\circ" and mark == "^":
            self._at += 1
            return "°"
        said = _script(mark, self._argument())
        follows = self._tokens[self._at][0] if self._at < len(self._tokens) else ""
        return f"{said} " if said[:1] in "^_" and follows[:1].isalnum() else said


def _script(mark: str, inside: str) -> str:
    """Return superscript or subscript characters where all of them exist, else `^(…)`."""
    if not inside:
        return ""
    inside = re.sub(r"\s*([=<>+\-→])\s*", r"\1", inside)
    letters: Mapping[str, str] = _scripts(mark)
    if all(letter in letters for letter in inside):
        return "".join(letters[letter] for letter in inside)
    if inside == "⊤":
        return "ᵀ"
    return mark + _in_brackets(inside)


def _in_brackets(inside: str) -> str:
    return inside if len(inside) <= 1 or re.fullmatch(r"\d+|\(.[^()]*\)", inside) else f"({inside})"


def _fraction(above: str, below: str) -> str:
    if plain := _words().fractions.get(f"{above}/{below}"):
        return plain

    def part(inside: str) -> str:
        simple = re.fullmatch(r"[\w.,′°∂∇√∞²³ⁿ!]+|[^\W\d]\([^()]*\)|\([^()]*\)", inside)
        return inside if simple else f"({inside})"

    return f"{part(above)}/{part(below)}" if below else part(above)
