"""Web pages: what people read changes, and the page around it stays byte for byte."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.errors import InputError
from hinterland.plugins.translation.formats import open_document
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.units import Code, Kind, Parts, Unit, text_of
from tests.translation_documents import (
    RealFile,
    accented,
    identity,
    marked,
    nasty,
    read,
    real_files,
    written,
)

_READ = {"alt", "title", "placeholder", "aria-label"}
_TEXT = st.sampled_from(
    [
        "Hello ",
        " world.",
        "a < b",
        "5 &lt; 6 &amp; &eacute;",
        "\n  and\n  more ",
        " ",
        "&nbsp;",
        "12 %",
    ]
) | st.text(
    st.characters(codec="utf-8", exclude_characters="<>&\0\r", exclude_categories=["C"]), max_size=9
)
_ATTRIBUTES = st.sampled_from(
    [
        "",
        ' class="x y"',
        " title='It is \"it\"'",
        ' alt="A &amp; B"',
        " alt=Cat",
        ' href="?a=1&b=2"',
        " hidden",
    ]
)


def _element(inner: st.SearchStrategy[str], names: list[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda name, attributes, words: f"<{name}{attributes}>{words}</{name}>",
        st.sampled_from(names),
        _ATTRIBUTES,
        inner,
    )


_RUN = st.recursive(
    _TEXT
    | st.sampled_from(
        ["<br>", "<code>x &lt; y</code>", "<!-- <b>no</b> -->", '<img alt="A cat" src=x>']
    )
    | st.sampled_from(
        ["<script>'<p>no</p>'</script>", "</b>", "<i>", "<kbd translate=no>Esc</kbd>"]
    ),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4).map("".join)
        | _element(inner, ["b", "i", "a", "span"])
    ),
    max_leaves=8,
)
_BLOCK = _element(_RUN, ["p", "h1", "li", "td", "div"]) | st.sampled_from(
    [
        "<pre>a\n b</pre>",
        "<style>p{}</style>",
        "<p translate='no'>Capra</p>",
        "<hr>",
        "<textarea>x</textarea>",
    ]
)
_PAGE = st.lists(_BLOCK | _RUN, max_size=6).map("\n".join)


class _Shape(HTMLParser):
    """All of a page but its texts and the attributes that are read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [(name, None if name in _READ else it) for name, it in attrs]))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(tag)

    def handle_comment(self, data: str) -> None:
        self.found.append(data)

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self.found.append(data)


@settings(max_examples=60)
@given(_PAGE)
def test_any_page_changes_in_its_texts_alone(page: str) -> None:
    data = page.encode()
    identity(data, "html")
    for mark in (accented, nasty):
        new = marked(data, "html", mark=mark)
        assert _Shape(new.decode()).found == _Shape(page).found


@given(st.text(st.sampled_from("<>/!-='\"& \nabpi?[]x"), max_size=60))
def test_no_page_is_too_broken(page: str) -> None:
    data = page.encode()
    assert written(data, "html", lambda _unit: None) == data
    for unit in open_document(data, "html", Wishes()).units():
        assert 0 <= unit.start <= unit.end <= len(data)
    written(data, "html", lambda unit: accented(unit.parts))


@pytest.mark.parametrize("file", real_files("html"), ids=str)
def test_real_pages_come_back(file: RealFile) -> None:
    data = file.path.read_bytes()
    identity(data, "html")
    for mark in (accented, nasty):
        new = marked(data, "html", mark=mark)
        assert len(_Shape(new.decode()).found) == len(_Shape(data.decode()).found)


def _texts(page: str) -> list[str]:
    return [text_of(unit.parts) for unit in open_document(page.encode(), "html", Wishes()).units()]


def test_the_tags_of_a_sentence_are_codes_and_those_around_it_are_not() -> None:
    page = '<div><a href="x"> One <b>two &amp;\n <i>3</i></b> <br> <code>f()</code> four</a><img></div>'
    (unit,) = read(page.encode(), "html")
    assert unit.parts == (
        "One ",
        Code("<b>", Kind.OPEN, 1),
        "two & ",
        Code("<i>", Kind.OPEN, 2),
        "3",
        Code("</i>", Kind.CLOSE, 2),
        Code("</b>", Kind.CLOSE, 1),
        " ",
        Code("<br>", is_space=True),
        " ",
        Code("<code>f()</code>"),
        " four",
    )


def test_what_is_read_and_what_is_not() -> None:
    assert _texts(
        '<html><head><title>A &lt;b&gt; title</title><meta name="description" content="About it">'
        '<meta name="viewport" content="width=device-width"><script>var a = "No"</script></head>'
        '<body aria-label="Main part"><p>Text<pre>no</pre><p class="x notranslate">no <b>no</b></p>'
        '<p>Yes <span translate="no">Linux</span> yes</p><svg><title>no</title></svg>'
        '<input type="submit" value="Send" placeholder="Your name"><input value="no">'
        "<textarea placeholder=Words>no</textarea><!-- no --><img alt='logo.png'><style>no</style>"
        "First<br><br>Second<table><tr><td>1<td>Cell</table>"
    ) == [
        "A <b> title",
        "About it",
        "Main part",
        "Text",
        "Yes  yes",
        "Send",
        "Your name",
        "Words",
        "First",
        "Second",
        "Cell",
    ]


def test_attributes_within_a_sentence_are_translated_with_it() -> None:
    page = '<p>See <a title="The map" href="m">the <img alt="Map" src=a> map</a> and <b>go</b>.</p>'
    units = read(page.encode(), "html")
    assert [text_of(unit.parts) for unit in units] == ["See the  map and go.", "The map", "Map"]

    def only_attributes(unit: Unit) -> Parts | None:
        return None if unit.start < unit.end else ('"Carte"',)

    def reordered(unit: Unit) -> Parts:
        codes = [part for part in unit.parts if isinstance(part, Code)]
        return (*codes[3:], "Va ", *codes[:3], " !") if codes else ('"Carte"',)

    assert written(page.encode(), "html", only_attributes).decode() == page.replace(
        "The map", "&quot;Carte&quot;"
    ).replace('"Map"', '"&quot;Carte&quot;"')
    assert written(page.encode(), "html", reordered).decode() == (
        '<p><b></b>Va <a title="&quot;Carte&quot;" href="m"><img alt="&quot;Carte&quot;" src=a></a> !</p>'
    )


@pytest.mark.parametrize(
    ("page", "target", "wanted"),
    [
        ("<!doctype html><html lang=en><p>A", "fr", '<!doctype html><html lang="fr"><p>Àŋ'),
        ("<HTML class='a'><p>A", "ar", '<HTML dir="rtl" lang="ar" class=\'a\'><p>Àŋ'),
        ('<html lang="fa" dir="rtl">A', "fr", '<html lang="fr" dir="ltr">Àŋ'),
        (
            '<?xml version="1.0"?><html xml:lang="en" xmlns="y">A</html>',
            "zh-Hant",
            '<?xml version="1.0"?><html lang="zh-Hant" xml:lang="zh-Hant" xmlns="y">Àŋ</html>',
        ),
        ("<p>A", "fr", "<p>Àŋ"),
    ],
)
def test_a_page_says_the_language_it_is_translated_into(
    page: str, target: str, wanted: str
) -> None:
    wishes = Wishes(target=target)
    assert written(page.encode(), "html", lambda _unit: None, wishes).decode() == page
    new = written(page.encode(), "html", lambda unit: accented(unit.parts), wishes).decode()
    assert sorted(new.split()) == sorted(wanted.split()) or new == wanted


def test_pages_keep_their_encoding_and_write_what_it_lacks_as_references() -> None:
    for charset, start in (("windows-1252", b""), ("utf-16-le", b"\xff\xfe"), ("gb18030", b"")):
        page = f'<meta charset="{charset}"><p>café</p><b>x</b>'
        data = start + page.encode(charset)
        identity(data, "html")
        new = written(data, "html", lambda unit: ("café Ж",) if unit.parts == ("café",) else None)
        wanted = "café &#1046;" if charset == "windows-1252" else "café Ж"
        assert new == start + page.replace("café", wanted).encode(charset)


def test_bytes_that_are_no_text_stay() -> None:
    data = b"<p>one \xff\xfe two</p><p>three</p>"
    first, _second = read(data, "html")
    assert first.parts == ("one ", Code("\udcff\udcfe"), " two")
    assert written(data, "html", lambda unit: accented(unit.parts)) == (
        "<p>õnéŋ ".encode() + b"\xff\xfe" + " twõŋ</p><p>thrééŋ</p>".encode()
    )


def test_an_encoding_that_nobody_knows_is_said() -> None:
    with pytest.raises(InputError, match="x-nothing, an encoding that is not known"):
        open_document(b'<meta charset="x-nothing">', "html", Wishes())


def test_a_megabyte_on_one_line_and_tags_that_never_end_are_read_once() -> None:
    for page, units in (
        ("<p>" + "word " * 200_000, 1),
        ("<b>" * 2_000 + "x", 1),
        ('<a b="' * 2_000, 0),
        ("<!--" * 2_000, 0),
        ("<code>" * 2_000 + "x", 1),
        ("<p translate=no>" * 2_000 + "</p>x", 1),
        ("x<br>" * 2_000, 1),
        ("<b title=x>a" * 1_000, 1_001),
    ):
        assert len(list(open_document(page.encode(), "html", Wishes()).units())) == units
