"""Word files as units and back: nothing but the words changes."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import docx
import msgspec
import pytest
from hypothesis import given, settings
from lxml import etree  # type: ignore[import-untyped] # has no types

from hinterland.confined import Limits
from hinterland.errors import InputError
from hinterland.plugins.translation.formats import docx as word_format
from hinterland.plugins.translation.formats import open_document
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.docx.reading import read as read_parts
from hinterland.plugins.translation.units import Parts, Unit
from tests.translation_documents import RealFile, identity, marked, nasty, read, real_files, written
from tests.word_documents import (
    field,
    frames,
    paragraph,
    part,
    rewritten,
    run,
    seen,
    stories,
    text_box,
    word,
    word_file,
)
from tests.word_units import shown

_PLAIN = str.maketrans("àéîõûýÀÉÎÕÛÝ", "aeiouyAEIOUY", "ŋ")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BODY = "word/document.xml"
_BOLD = "<w:b/>"


@pytest.fixture(scope="class")
def in_this_process() -> Iterator[None]:
    """Read as the confined process does, without the time that a process takes to start."""

    def read_here(_reader: str, data: bytes, _limits: Limits) -> object:
        return msgspec.msgpack.decode(msgspec.msgpack.encode(read_parts(data)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_format, "run", read_here)
        yield


def replaced(data: bytes, words: dict[str, str], target: str = "") -> bytes:
    """Return a file translated word by word."""

    def change(unit: Unit) -> Parts:
        parts: list[object] = []
        for each in unit.parts:
            if isinstance(each, str):
                for old, new in words.items():
                    each = each.replace(old, new)
            parts.append(each)
        return tuple(parts)  # type: ignore[arg-type] # as drawn

    return written(data, "docx", change, Wishes(target=target))


def texts(data: bytes) -> list[str]:
    """Return the paragraphs that python-docx finds in the body."""
    return [each.text for each in docx.Document(BytesIO(data)).paragraphs]


@pytest.mark.usefixtures("in_this_process")
class TestAnyFile:
    @settings(max_examples=15)
    @given(stories, stories, stories)
    def test_stays_as_it_is_but_for_its_words(self, body: str, footer: str, notes: str) -> None:
        data = word_file(body, footer, notes)
        identity(data, "docx")
        out = marked(data, "docx")
        assert frames(out) == frames(data)
        unmarked = [[(look, text.translate(_PLAIN)) for look, text in each] for each in seen(out)]
        assert unmarked == seen(data)

    @pytest.mark.parametrize("real", real_files("docx"), ids=str)
    def test_of_somebody_does_so_too(self, real: RealFile) -> None:
        data = real.path.read_bytes()
        assert identity(data, "docx")
        marked(data, "docx", mark=nasty)
        out = marked(data, "docx")
        assert frames(out) == frames(data)
        unmarked = [[(look, text.translate(_PLAIN)) for look, text in each] for each in seen(out)]
        assert unmarked == seen(data)
        assert any("ŋ" in text for text in texts(out))


@pytest.mark.usefixtures("in_this_process")
class TestATextForTheTranslator:
    def test_is_whole_however_the_runs_are_cut(self) -> None:
        cut = [run("Bo", "<w:lang w:val='en-GB'/>"), "<w:proofErr w:type='spellStart'/>"]
        data = word(paragraph(*cut, run("il the wa"), run("ter.", "<w:noProof/>")))
        assert shown(data) == ["Boil the water."]
        assert texts(replaced(data, {"Boil the": "Kook het"})) == ["Kook het water."]

    def test_has_codes_for_another_look_only(self) -> None:
        data = word(
            paragraph(
                run("Wait for at least "),
                run("one", _BOLD),
                run(" ", _BOLD),
                run("minute", _BOLD),
                run("."),
            )
        )
        assert shown(data) == ["Wait for at least ⟨b⟩one minute⟨/b⟩."]
        assert shown(word(paragraph(run("All bold", _BOLD)))) == ["All bold"]

    def test_has_one_code_for_a_raised_number(self) -> None:
        low = run("2", "<w:vertAlign w:val='subscript'/>")
        assert shown(word(paragraph(run("H"), low, run("O")))) == ["H⟨text1⟩O"]

    def test_has_hyphens_as_signs_and_breaks_as_codes(self) -> None:
        first = "<w:t>non</w:t><w:noBreakHyphen/><w:t>stop</w:t><w:tab/>"
        second = "<w:t>co</w:t><w:softHyphen/><w:t>de</w:t>"
        assert shown(word(paragraph(f"<w:r>{first}{second}</w:r>"))) == ["non\u2011stop⟨tab1⟩code"]

    def test_leaves_what_stands_at_the_ends_aside(self) -> None:
        mark = "<w:bookmarkStart w:id='1' w:name='_Toc1'/>", "<w:bookmarkEnd w:id='1'/>"
        link = "<w:hyperlink w:anchor='x'>", "</w:hyperlink>"
        page = field("PAGEREF _Toc1", run("7"))
        entry = paragraph(link[0], run("Water"), "<w:r><w:tab/></w:r>", page, link[1])
        data = word(paragraph(mark[0], run("Water"), mark[1]), entry)
        assert shown(data) == ["Water", "Water"]
        assert [text.split() for text in texts(replaced(data, {"Water": "Eau"}))] == [
            ["Eau"],
            ["Eau", "7"],
        ]

    def test_is_nowhere_without_a_letter(self) -> None:
        assert shown(word(paragraph(run("12.5 %")), paragraph(), paragraph(run(" – ")))) == []

    def test_may_have_its_codes_in_another_order(self) -> None:
        note = "<w:r><w:footnoteReference w:id='2'/></w:r>"
        link = f"<w:hyperlink w:anchor='x'>{run('link')}</w:hyperlink>"
        data = word(
            paragraph(
                run("A "), run("bold", _BOLD), run(" and "), link, run(" word"), note, run(".")
            ),
            notes=paragraph(run("Note")),
        )

        def backwards(unit: Unit) -> Parts:
            if len(unit.parts) == 1:
                return unit.parts
            _a, b, _bold, c, and_, d, _link, e, word_, note, dot = unit.parts
            return (note, d, "LINK", e, and_, b, "BOLD", c, word_, dot)

        out = written(data, "docx", backwards)
        assert shown(out)[0] == "⟨hyperlink⟩LINK⟨/hyperlink⟩ and ⟨b⟩BOLD⟨/b⟩ word."
        assert texts(out) == ["LINK and BOLD word."]
        hyperlink = docx.Document(BytesIO(out)).paragraphs[0].hyperlinks[0]
        assert hyperlink.text == "LINK"

    @pytest.mark.parametrize("wrong", ["none", "twice", "crossed"])
    def test_is_refused_with_codes_that_do_not_fit(self, wrong: str) -> None:
        data = word(paragraph(run("A "), run("bold", _BOLD), run(" word")))

        def change(unit: Unit) -> Parts:
            a, b, _bold, c, word_ = unit.parts
            return {"none": (a, word_), "twice": (b, a, b, c, c), "crossed": (c, a, b)}[wrong]

        with pytest.raises(ValueError, match="code"):
            written(data, "docx", change)

    def test_cannot_break_the_file(self) -> None:
        data = word(paragraph(run("text")))
        out = replaced(data, {"text": "<w:p> & ]]> \0\x0b\ud800\uffff\n\u2028 end "})
        assert texts(out) == ["<w:p> & ]]>   end "]


@pytest.mark.usefixtures("in_this_process")
class TestFieldsAndRevisions:
    def test_a_field_is_not_translated_but_for_a_link(self) -> None:
        data = word(
            paragraph(run("See "), field("HYPERLINK http://x", run("the page")), run(" now")),
            paragraph(run("Page "), field("PAGE", run("seven")), run(" of the book")),
        )
        assert shown(data) == [
            "See ⟨hyperlink⟩the page⟨/hyperlink⟩ now",
            "Page ⟨fldChar1⟩ of the book",
        ]

    def test_a_field_may_begin_in_one_paragraph_and_end_in_another(self) -> None:
        whole = field("BIBLIOGRAPHY", run("first"), "|", run("second"))
        first, second = whole.split("|")
        toc = field('TOC \\o "1-3"', run("Chapter"), "|", run("Other"))
        data = word(
            paragraph(run("Before "), first),
            paragraph(second, run(" after")),
            *(paragraph(each) for each in toc.split("|")),
        )
        assert shown(data) == ["Before ", " after", "Chapter", "Other"]

    def test_a_field_without_an_end_hides_nothing(self) -> None:
        begun = field("PAGE", run("7")).rpartition("<w:r>")[0]
        assert shown(word(paragraph(run("Here "), begun), paragraph(run("Text")))) == [
            "Here ⟨fldChar1⟩7",
            "Text",
        ]

    def test_revisions_stay_revisions(self) -> None:
        data = word(
            paragraph(
                run("Boil for "),
                "<w:del w:id='1' w:author='A'><w:r><w:delText>five</w:delText></w:r></w:del>",
                f"<w:ins w:id='2' w:author='A'>{run('one')}</w:ins>",
                run(" minute"),
            )
        )
        assert shown(data) == ["Boil for ⟨del1⟩⟨ins⟩one⟨/ins⟩ minute"]
        body = part(replaced(data, {"one": "une"}))
        assert [each.text for each in body.iter(f"{_W}delText")] == ["five"]
        assert ["".join(each.itertext()) for each in body.iter(f"{_W}ins")] == ["une"]

    def test_a_text_box_is_translated_in_both_of_its_forms(self) -> None:
        inner = paragraph(run("In "), run("the", _BOLD), run(" box"))
        data = word(paragraph(run("Around"), text_box(inner, paragraph(run("More"))), run(" it")))
        assert shown(data) == ["Around⟨AlternateContent1⟩ it", "In ⟨b⟩the⟨/b⟩ box", "More"]
        body = part(replaced(data, {"Around": "Autour", "box": "boîte", "More": "Plus"}))
        boxes = ["".join(box.itertext()) for box in body.iter(f"{_W}txbxContent")]
        assert boxes == ["In the boîtePlus"] * 2

    def test_headers_and_notes_come_after_the_body(self) -> None:
        data = word(paragraph(run("Body")), header="Header", notes=paragraph(run("Note")))
        assert [(unit.parts[0], unit.note) for unit in read(data, "docx")] == [
            ("Body", "paragraph 1"),
            ("Header", "header 1, paragraph 1"),
            ("Note", "footnotes, paragraph 2"),
        ]


@pytest.mark.usefixtures("in_this_process")
class TestTheLanguage:
    def test_written_from_the_right_is_said_to_be(self) -> None:
        data = word(
            paragraph(run("plain")),
            paragraph(
                run("mid"), run("bold", _BOLD), properties="<w:keepNext/><w:jc w:val='both'/>"
            ),
        )
        body = part(replaced(data, {"plain": "عادي", "mid": "وسط", "bold": "عريض"}, target="ar"))
        for each in list(body.iter(f"{_W}p")):
            assert each.find(f"{_W}pPr/{_W}bidi") is not None
            assert all(run.find(f"{_W}rPr/{_W}rtl") is not None for run in each.iter(f"{_W}r"))
        order = [child.tag.rpartition("}")[2] for child in body.find(f".//{_W}jc").getparent()]
        assert order == ["keepNext", "bidi", "jc"]
        bold = [child.tag.rpartition("}")[2] for child in body.find(f".//{_W}b").getparent()]
        assert bold == ["b", "bCs", "rtl", "lang"]

    def test_written_from_the_left_is_said_to_be_too(self) -> None:
        arabic = run("نص", "<w:rtl/><w:lang w:bidi='ar-EG'/>")
        data = word(paragraph(arabic, properties="<w:bidi/><w:jc w:val='left'/>"))
        body = part(replaced(data, {"نص": "texte"}, target="fr"))
        assert not list(body.iter(f"{_W}bidi", f"{_W}rtl"))
        assert [dict(each.attrib) for each in body.iter(f"{_W}lang")] == [{f"{_W}val": "fr"}]

    def test_is_not_said_of_what_was_not_translated(self) -> None:
        data = word(paragraph(run("kept")))
        assert replaced(data, {}, target="ar") == data


@pytest.mark.usefixtures("in_this_process")
class TestXml:
    def test_may_be_in_utf_16_and_have_other_prefixes(self) -> None:
        data = rewritten(
            word(paragraph(run("Text"))),
            _BODY,
            lambda xml: xml.decode().replace("w:", "ns0:").replace(":w=", ":ns0=")
            .replace("UTF-8", "UTF-16").encode("utf-16"),
        )  # fmt: skip
        assert shown(data) == ["Text"]
        assert texts(replaced(data, {"Text": "Texte"})) == ["Texte"]

    def test_may_be_of_the_strict_kind_without_a_prefix(self) -> None:
        xml = (
            "<document xmlns='http://purl.oclc.org/ooxml/wordprocessingml/main'><body><p><r><t>One</t>"
            "</r><r><rPr><b/></rPr><t xml:space='preserve'> two</t></r></p></body></document>"
        )
        data = rewritten(word(), _BODY, lambda _xml: xml.encode())
        out = replaced(data, {"One": "Un", "two": "deux"}, target="ar")
        assert "".join(part(out).itertext()) == "Un deux"
        assert b"xmlns:" not in etree.tostring(part(out))

    def test_that_cannot_be_parsed_is_refused_with_its_line(self) -> None:
        data = rewritten(word(paragraph(run("x"))), _BODY, lambda xml: xml[:-20])
        with pytest.raises(InputError, match="broken") as caught:
            open_document(data, "docx", Wishes())
        assert _BODY in caught.value.message
