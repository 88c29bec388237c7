"""Term bases: read from tables and TBX, found in texts, and looked for in translations."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.plugins.translation.terms import Term, TermBase, load
from hinterland.plugins.translation.terms.inflections import _all, inflection_of


def base_of(source: str, target: str, **terms: str) -> TermBase:
    made = (Term(one.replace("_", " "), other) for one, other in terms.items())
    return TermBase(made, source, target)


def sources(base: TermBase, text: str) -> list[str]:
    return [term.source for term in base.matching(text)]


MEDICAL = TermBase(
    [
        Term("fever", "fièvre"),
        Term("blood pressure", "tension artérielle"),
        Term("high blood pressure", "hypertension"),
        Term("child", "enfant"),
        Term("baby", "bébé"),
        Term("form", "formulaire"),
        Term("WHO", "OMS"),
        Term("breast-feeding", "allaitement"),
        Term("C++", "C++"),
        Term("dose", "dose"),
    ],
    "en",
    "fr",
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Check the FEVER.", ["fever"]),
        ("The child's fevers.", ["fever", "child"]),
        ("Babies, in any format.", ["baby"]),
        ("He is feverish, and performs.", []),
        ("High blood pressure", ["high blood pressure"]),
        ("High blood pressure is blood pressure.", ["high blood pressure", "blood pressure"]),
        ("Give blood. Pressure follows.", []),
        ("Those who care; the WHO's form.", ["form", "WHO"]),
        ("Those who care.", []),
        ("Breast feeding helps", ["breast-feeding"]),
        ("C is not C++ here.", ["C++"]),
        ("doses of a dose, dosed", ["dose"]),
        ("%(child)s, {fever}, ${dose} https://who.int/fever a@form.org /form/dose/x", []),
        ("a/b: child/baby {0} fever", ["child", "fever", "baby"]),
        ("", []),
    ],
)
def test_terms_are_found_in_their_forms_the_longest_first_and_not_within_words(
    text: str, wanted: list[str]
) -> None:
    assert sources(MEDICAL, text) == wanted


@pytest.mark.parametrize(
    ("language", "term", "text", "there"),
    [
        ("sw", "mtoto", "Watoto wana homa", True),
        ("sw", "homa", "Watoto wana homa", True),
        ("ar", "حمى", "هل لديه الحُمّى؟", True),
        ("ru", "лихорадка", "при высокой лихорадке", True),
        ("de", "Fieber", "Fiebers", True),
        ("de", "Haus", "Hausverstand", False),
        ("fr", "cheval", "les chevaux", True),
        ("fr", "homme", "l’homme", True),
        ("fr", "port", "la porte", False),
        ("tr", "ilaç", "İLAÇ alın", True),
        ("ko", "열", "열이 있습니다", True),
        ("hi", "बुखार", "तेज़ बुखार है", True),
        ("hi", "बुख", "तेज़ बुखार है", False),
        ("zh", "高血压", "病人有高血压病史", True),
        ("ja", "熱", "高い熱がある", True),
        ("th", "ไข้", "เด็กมีไข้สูง", True),
        ("zh", "B型肝炎", "有B型肝炎", True),
        ("zh", "X光", "MAX光", False),
        ("xx", "fever", "Fever", True),
        ("xx", "fever", "fevers", False),
    ],
)
def test_every_language_is_searched_by_its_own_rules(
    language: str, term: str, text: str, there: bool
) -> None:
    assert bool(TermBase([Term(term, "x")], language, "en").matching(text)) == there


@pytest.mark.parametrize(
    ("language", "target", "text", "there"),
    [
        ("fr", "fièvre", "LES FIÈVRES", True),
        ("fr", "hépatite", "une hepatite", True),
        ("fr", "tension artérielle", "les tensions artérielles", True),
        ("fr", "tension artérielle", "la pression artérielle", False),
        ("fr", "enfant", "enfin", False),
        ("fr", "sel", "le conseil", False),
        ("de", "Kind", "Kinderarzt", True),
        ("pl", "gorączka", "przy gorączce", True),
        ("sw", "mtoto", "watoto wagonjwa", True),
        ("ar", "حمى", "والحمى", True),
        ("zh", "发烧", "孩子 发 烧了", True),
        ("zh", "发烧", "孩子发热了", False),
        ("ru", "кровь", "крови", True),
        ("ru", "кровь", "кран", False),
        ("fr", "OMS", "l'OMS", True),
    ],
)
def test_a_translation_has_a_term_in_whatever_form_it_takes(
    language: str, target: str, text: str, there: bool
) -> None:
    term = Term("x", target)
    base = TermBase([term], "en", language)
    assert base.missing((term,), text) == (() if there else (term,))


def test_of_several_translations_the_first_is_asked_for_and_any_will_do() -> None:
    base = TermBase(
        [Term("Drug", "médicament"), Term("drug", "drogue"), Term("drug", "médicament")], "en", "fr"
    )
    (term,) = base.terms
    assert term == Term("Drug", "médicament", ("drogue",))
    assert base.missing((term,), "une drogue") == ()
    assert base.missing((term,), "un poison") == (term,)


def test_a_base_that_is_all_capitals_means_nothing_by_them() -> None:
    assert sources(base_of("en", "fr", VACCINE="VACCIN", MALARIA="PALUDISME"), "A vaccine.")


def test_the_hash_changes_with_the_terms_and_not_with_their_order() -> None:
    one = base_of("en", "fr", fever="fièvre", child="enfant")
    assert one.hash == base_of("en", "fr", child="enfant", fever="fièvre").hash
    assert one.hash != base_of("en", "fr", child="enfant", fever="température").hash
    assert base_of("en", "fr").hash == "" and base_of("en", "fr").matching("fever") == ()


def test_every_rule_of_inflection_is_one() -> None:
    for language in _all():
        rules = inflection_of(language)
        assert rules.endings or rules.beginnings
    assert inflection_of("en-GB") == inflection_of("en")


# Tables


def table(folder: Path, content: str | bytes, name: str = "terms.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        "en,fr,note\nfever,fièvre,\n",
        "\ufeffen;fr;note\r\nfever;fièvre;\r\n",
        "fr\ten\nfièvre\tfever\n",
        "source,target\nfever,fièvre",
        "id,en-US,fr_CA,de\n1,fever,fièvre,Fieber\n2,child,,Kind\n",
        "\n,,\nen,fr\n\n fever , fièvre \n",
        'EN,FR\n"fever","fièvre"\n',
        "en;fr\nfever;fièvre\n".encode("utf-16"),
    ],
)
def test_tables_are_read_as_programs_write_them(tmp_path: Path, content: str | bytes) -> None:
    base = load([table(tmp_path, content)], "en", "fr")
    assert base.terms == (Term("fever", "fièvre"),)


def test_chinese_is_told_apart_by_how_it_is_written(tmp_path: Path) -> None:
    path = table(tmp_path, "en,zh-CN,zh-TW\nblood,血液(简),血液(繁)\n")
    assert load([path], "en", "zh").terms[0].target == "血液(简)"
    assert load([path], "en", "zh-Hant").terms[0].target == "血液(繁)"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "it is empty"),
        ("fever,fièvre\nchild,enfant\n", "no column for en and fr, but fever, fièvre"),
        ("en,de\nfever,Fieber\n", "no column for fr, but en, de"),
        ('en,fr\nfever,"fièvre\nchild,enfant\n', "line 3: "),
        (b"en,fr\nfever,fi\xe8vre\n", "line 2: it is not UTF-8"),
        (b"en,fr\n\0\0\0", "it is not a text"),
        ("en,fr\nfever," + "x" * 600 + "\n", "line 2: a term is longer than 500"),
        (b"\x89PNG\r\n\x1a\n\xff\xff", "it is not UTF-8"),
    ],
)
def test_a_broken_table_is_one_sentence_with_its_line(
    tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    with pytest.raises(InputError) as raised:
        load([table(tmp_path, content)], "en", "fr")
    assert sentence in raised.value.message and "terms.csv" in raised.value.message


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load([tmp_path / "none.csv"], "en", "fr")


# TBX

VERSION_2 = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">
<martif type="TBX-Basic" xml:lang="en"><martifHeader><fileDesc><sourceDesc><p>x</p></sourceDesc>
</fileDesc></martifHeader><text><body>
<termEntry id="1"><note>of the body</note>
 <langSet xml:lang="en"><tig><term>fever</term></tig><tig><term>pyrexia</term>
  <termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></tig></langSet>
 <langSet xml:lang="fr"><tig><term>chaleur</term>
   <termNote type="administrativeStatus">supersededTerm-admn-sts</termNote></tig>
  <tig><term>hyperthermie</term><termNote type="partOfSpeech">noun</termNote></tig>
  <ntig><termGrp><term>fièvre</term>
   <termNote type="administrativeStatus">preferredTerm-admn-sts</termNote></termGrp></ntig>
 </langSet></termEntry>
<termEntry id="2"><langSet xml:lang="de"><tig><term>Kind</term></tig></langSet></termEntry>
</body></text></martif>"""

VERSION_3_DCA = """<?xml version="1.0" encoding="UTF-8"?>
<tbx type="TBX-Basic" style="dca" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2">
<text><body><conceptEntry id="1"><note>of the body</note>
 <langSec xml:lang="en-US"><termSec><term>fever</term></termSec>
  <termSec><term>pyrexia</term></termSec></langSec>
 <langSec xml:lang="fr"><termSec><term>fi<hi>èvr</hi>e</term>
   <termNote type="administrativeStatus">preferredTerm-admn-sts</termNote></termSec>
  <termSec><term>hyperthermie</term></termSec></langSec>
</conceptEntry></body></text></tbx>"""

VERSION_3_DCT = """<?xml version="1.0" encoding="UTF-16"?>
<tbx type="TBX-Min" style="dct" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2"
 xmlns:min="http://www.tbxinfo.net/ns/min" xmlns:basic="http://www.tbxinfo.net/ns/basic">
<text><body><conceptEntry id="1"><basic:definition>of the body</basic:definition>
 <langSec xml:lang="en"><termSec><term>fever</term></termSec>
  <termSec><term>pyrexia</term></termSec></langSec>
 <langSec xml:lang="fr"><termSec><term>chaleur</term>
   <min:administrativeStatus>deprecatedTerm-admn-sts</min:administrativeStatus></termSec>
  <termSec><term>fièvre</term></termSec><termSec><term>hyperthermie</term></termSec></langSec>
</conceptEntry></body></text></tbx>""".encode("utf-16")


@pytest.mark.parametrize(
    "content", [VERSION_2, VERSION_3_DCA, VERSION_3_DCT], ids=["2", "3 dca", "3 dct"]
)
def test_tbx_of_both_versions_is_read(tmp_path: Path, content: str | bytes) -> None:
    base = load([table(tmp_path, content, "terms.tbx")], "en", "fr")
    assert base.terms == (
        Term("fever", "fièvre", ("hyperthermie",), "of the body"),
        Term("pyrexia", "fièvre", ("hyperthermie",), "of the body"),
    )


BILLION = (
    '<?xml version="1.0"?><!DOCTYPE martif [<!ENTITY a "lol">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><martif><text><body><termEntry><langSet xml:lang='en'><tig><term>&i;</term></tig></langSet>"
    "</termEntry></body></text></martif>"
)
STEALING = BILLION.partition("<!ENTITY")[0] + (
    '<!ENTITY i SYSTEM "file:///etc/passwd">]>' + BILLION.partition("]>")[2]
)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (BILLION, "it has entities of its own"),
        (STEALING, "it has entities of its own"),
        (VERSION_2.replace("fever", "&other;"), "it has entities of its own"),
        (VERSION_2[:-40], "line 14: unclosed token"),
        (VERSION_2.replace(' xml:lang="fr"', ""), "line 8: a langSet does not say its language"),
        (VERSION_2.replace('"fr"', '"es"'), "no terms in en and fr; its languages are: de, en, es"),
        ("<html><body>fever</body></html>", "it is XML, but not TBX: it begins with html"),
        (VERSION_2.replace("fever", "x" * 20_000), "longer than 10000 characters"),
        ("<martif>" * 5000, "too deeply"),
        (VERSION_2.replace("UTF-8", "KLINGON"), "line 1: unknown encoding"),
        ("<", "line 1: "),
    ],
    ids=[f"case {number}" for number in range(11)],
)
def test_a_broken_or_hostile_tbx_is_one_sentence(
    tmp_path: Path, content: str, sentence: str
) -> None:
    with pytest.raises(InputError) as raised:
        load([table(tmp_path, content, "terms.tbx")], "en", "fr")
    assert sentence in raised.value.message
    assert len(raised.value.message) < 300
