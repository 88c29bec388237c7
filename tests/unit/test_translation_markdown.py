"""Markdown: what is a unit, and that a translation of it is Markdown of the same structure."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hinterland.plugins.translation.units import Code, Kind, Parts, Unit
from tests.translation_documents import RealFile, identity, marked, read, real_files, written

_ACCENTS = str.maketrans("aeiouy", "àéîõûý")
_FRAGMENTS = [
    *("word ", "text", "Ein Satz. ", "\n", "\n\n", "\n\n", "  \n", "\\\n", "\r\n", "    ", "\t"),
    *("*", "**", "_", "`", "``", "~~", "[", "](x)", "]", "![", "[a]: /u\n", "[a]", "\\*", "&amp;"),
    *("> ", "- ", "1. ", "# ", "---\n", "===\n", "```\n", ":::note\n", "!!! note\n    ", "|"),
    *("\n|---|---|\n", "| a | b |", "Term\n: Def", "[^1]", "[^1]: n", "$x$", "$", "{{x}}"),
    *("<b>", "</b>", "<br>", "<!-- c -->", "<div>\n", "<code>x</code>", "&nbsp;", ":tada:"),
    *("https://a.b/c_d", "汉字", "。", "**注**"),
]
_NASTY = (
    "*a* _b_ `c` <d> &e; &amp; &lt; \\h | [m](n) ![o](p) [^1] ~~q~~ $r$ {{s}} :tada: https://t.u"
    " www.v.w x@y.z <https://a.b> <!-- c --> [[d]] ** ` [a] \\\\ #"
)
_STARTS = ["# ", "- ", "12. ", "> ", "+ ", "=", "| ", "[^a]: ", ": ", "``` ", "<!-- ", "--> "]


def accents(parts: Parts) -> Parts:
    return tuple(part if isinstance(part, Code) else part.translate(_ACCENTS) for part in parts)


def nasty(parts: Parts) -> Parts:
    """Return a translation with mark-up around its first letter; its last sign is as it was."""
    first = next(at for at, part in enumerate(parts) if isinstance(part, str) and part.strip())
    text = str(parts[first]).lstrip()
    start = _STARTS[len(text) % len(_STARTS)]
    return (*parts[:first], f"{start}{text[:1]} {_NASTY} {text[1:]}", *parts[first + 1 :])


def shown(data: str) -> list[str]:
    return [
        "".join(
            part if isinstance(part, str) else f"⟨{part.kind.value[0]} {part.source}⟩"
            for part in unit.parts
        )
        for unit in read(data.encode(), "markdown")
    ]


def put(data: str, *texts: str) -> str:
    """Return a document with the texts of its one unit replaced."""
    left = iter(texts)

    def change(unit: Unit) -> Parts:
        return tuple(part if isinstance(part, Code) else next(left) for part in unit.parts)

    return written(data.encode(), "markdown", change).decode()


@pytest.mark.parametrize("file", real_files("markdown"), ids=str)
def test_real_documents_keep_everything_but_their_words(file: RealFile) -> None:
    data = file.path.read_bytes()
    identity(data, "markdown")
    marked(data, "markdown", mark=accents)


def test_mark_up_in_a_translation_is_read_as_words() -> None:
    (file,) = (file for file in real_files("markdown") if file.path.name == "chapter.md")
    marked(file.path.read_bytes(), "markdown", mark=nasty)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(_FRAGMENTS), max_size=14).map("".join))
def test_any_markdown_keeps_everything_but_its_words(text: str) -> None:
    identity(text.encode(), "markdown")
    marked(text.encode(), "markdown", mark=accents)


def test_what_is_not_read_as_words_is_no_unit() -> None:
    assert (
        shown(
            "---\ntitle: Not me\n---\n\n```\ncode\n```\n\n    code\n\n<div>html</div>\n\n"
            "[a]: /url 'title'\n\n$$\nx\n$$\n\n`code` https://a.b <c@d.e>\n\n| `x` | 1 |\n|---|---|\n"
        )
        == []
    )


def test_mark_up_within_a_text_is_codes() -> None:
    (found,) = shown(
        'A **bold _move_**, [link](to "t"), ![alt](i.png), [ref], `co*de*`, <kbd>C</kbd>+<b>x</b>,\n'
        "a\\*b &amp; c&nbsp;d[^1], https://e.org/f_g $h^2$  \nand on\n\n[ref]: /x\n"
    )
    assert found == (
        'A ⟨o **⟩bold ⟨o _⟩move⟨c _⟩⟨c **⟩, ⟨o [⟩link⟨c ](to "t")⟩, ⟨o ![⟩alt⟨c ](i.png)⟩, '
        "⟨o [⟩ref⟨c ][ref]⟩, ⟨a `co*de*`⟩, ⟨a <kbd>C</kbd>⟩+⟨o <b>⟩x⟨c </b>⟩, "
        "a*b & c⟨a &nbsp;⟩d⟨a [^1]⟩, ⟨a https://e.org/f_g⟩ ⟨a $h^2$⟩⟨a   \n⟩and on"
    )


def test_rows_of_badges_are_their_descriptions() -> None:
    assert shown("[![Build state](https://a/b.svg)](https://c)\n![Licence](d.svg)\n") == [
        "Build state",
        "Licence",
    ]


def test_sentences_on_their_own_lines_stay_there_and_wrapped_ones_are_joined() -> None:
    assert shown("> One ends.\n> Two ends.\n\nOne goes\non. Two\nends.\n") == [
        "One ends.",
        "Two ends.",
        "One goes on. Two ends.",
    ]


def test_pairs_are_numbered() -> None:
    (unit,) = read(b"*a* **b**", "markdown")
    codes = [part for part in unit.parts if isinstance(part, Code)]
    assert [(code.kind, code.pair) for code in codes] == [
        (Kind.OPEN, 1),
        (Kind.CLOSE, 1),
        (Kind.OPEN, 2),
        (Kind.CLOSE, 2),
    ]


@pytest.mark.parametrize(
    ("source", "texts", "result"),
    [
        ("It *is* so\n", ["Es ", " ist ", "so"], "Es *ist* so\n"),
        ("see _word_ now\n", ["Wort", "teil", "e"], "Wort*teil*e\n"),
        ("**Note:** text\n", ["注意：", "请看。"], "**注意：** 请看。\n"),
        (
            "See [docs].\n\n[docs]: /x\n",
            ["Siehe ", "Doku", "."],
            "Siehe [Doku][docs].\n\n[docs]: /x\n",
        ),
        ("One\n", ["1. One"], "1\\. One\n"),
        ("# C\n", ["C #"], "# C \\#\n"),
        ("| a |\n|---|\n| b |\n", ["x", "c|d\\"], "| x |\n|---|\n| c\\|d&#92; |\n"),
        ("1\\. a\n", ["2. b. c"], "2\\. b. c\n"),
        ("snake\\_case one\n", ["une snake_case"], "une snake\\_case\n"),
    ],
)
def test_what_would_be_mark_up_is_written_so_that_it_is_none(
    source: str, texts: list[str], result: str
) -> None:
    assert put(source, *texts) == result


def test_lines_are_as_wide_as_they_were_behind_what_they_were_behind() -> None:
    source = (
        "- > the first line is wrapped here,\r\n  > and goes on *with emphasis*\r\n  > here\r\n"
    )
    out = put(
        source, "die erste Zeile ist hier umbrochen und geht weiter 1. ", "mit Betonung", " hier"
    )
    assert out == (
        "- > die erste Zeile ist hier\r\n  > umbrochen und geht weiter 1.\r\n"
        "  > *mit Betonung* hier\r\n"
    )
