"""Catalogues of messages: only msgstrs and flags change, and gettext's own tools accept them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from itertools import zip_longest

import polib
import pytest
from babel.messages.plurals import PLURALS
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.errors import InputError
from hinterland.plugins.translation.formats import open_document
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.plurals import languages, plurals_in, plurals_of
from hinterland.plugins.translation.units import Parts, Unit, codes_of, text_of
from tests.translation_documents import (
    RealFile,
    accented,
    identity,
    marked,
    nasty,
    real_files,
    written,
)

_POT = """\
msgid ""
msgstr ""
"Language: \\n"
"Content-Type: text/plain; charset=CHARSET\\n"
"Plural-Forms: nplurals=INTEGER; plural=EXPRESSION;\\n"

"""
_BLOCK = re.compile(
    rb'(?m)^msgstr(?:\[\d+\])? *"[^\n]*(?:\r?\n"[^\n]*)*(?:\r?\nmsgstr[^\n]*(?:\r?\n"[^\n]*)*)*'
)
_FUZZY = re.compile(rb"(?m)^#(?:,[^\n]*|\|[^\n]*)\r?\n")


def _translated(text: str, target: str = "fr", *, redo: bool = False) -> str:
    wishes = Wishes(target=target, redo=redo)
    return written(
        text.encode(),
        "po",
        lambda unit: None if unit.done else accented(unit.parts),
        wishes,
    ).decode()


def _accepted(data: bytes) -> None:
    """Fail unless `msgfmt -c` makes a catalogue of it."""
    if shutil.which("msgfmt"):
        done = subprocess.run(
            ["msgfmt", "-c", "-o", "/dev/null", "-"], input=data, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode() + data.decode()


def _same_but_for_translations(old: bytes, new: bytes) -> None:
    assert _FUZZY.sub(b"", _BLOCK.sub(b"", old)) == _FUZZY.sub(b"", _BLOCK.sub(b"", new))
    before, after = (list(polib.pofile(data.decode())) for data in (old, new))
    for one, other in zip_longest(before, after):
        assert (one.msgctxt, one.msgid, one.msgid_plural) == (
            other.msgctxt,
            other.msgid,
            other.msgid_plural,
        )
        assert (one.comment, one.tcomment, one.occurrences, one.obsolete) == (
            other.comment,
            other.tcomment,
            other.occurrences,
            other.obsolete,
        )
        assert set(one.flags) ^ set(other.flags) <= {"fuzzy"}


_WORDS = st.text(
    st.sampled_from('abc déZ "\\%{}<>&\n\t ж中.:-') | st.characters(categories=["L", "N", "P"]),
    min_size=1,
    max_size=60,
).filter(str.strip)
_FLAGS = st.sampled_from([[], ["c-format"], ["python-format"], ["fuzzy"], ["no-c-format"]])


@st.composite
def _entry(draw: st.DrawFn) -> polib.POEntry:
    flags = list(draw(_FLAGS))
    texts = [draw(_WORDS), draw(_WORDS)]
    if {"c-format", "python-format"} & set(flags):
        tail = draw(st.sampled_from(["", " %d", " %s: %5.2f", "%% %s"]))
        texts = [text.replace("%", "%%") + tail for text in texts]
    texts[1] = texts[1].strip("\n") + "\n" * (len(texts[0]) - len(texts[0].rstrip("\n")))
    texts[1] = "\n" * (len(texts[0]) - len(texts[0].lstrip("\n"))) + texts[1]
    entry = polib.POEntry(
        msgid=texts[0],
        msgctxt=draw(st.none() | st.just('menu "x"')),
        comment=draw(st.sampled_from(["", "To translators"])),
        occurrences=draw(st.sampled_from([[], [("a.c", "12")]])),
        flags=flags,
    )
    if draw(st.booleans()):
        entry.msgid_plural, entry.msgstr_plural = texts[1], {0: "", 1: ""}
    elif "fuzzy" in flags:
        entry.msgstr, entry.previous_msgid = "vieux", "old"
    return entry


@st.composite
def _catalogue(draw: st.DrawFn) -> bytes:
    catalogue = polib.POFile(wrapwidth=draw(st.sampled_from([40, 78, 0])))
    catalogue.metadata = {"Language": "", "Content-Type": "text/plain; charset=UTF-8"}
    for entry in draw(
        st.lists(_entry(), max_size=5, unique_by=lambda one: (one.msgctxt, one.msgid))
    ):
        catalogue.append(entry)
    text = str(catalogue)
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))).encode()


@settings(max_examples=60)
@given(_catalogue(), st.sampled_from(["fr", "ru", "zh", "ar"]))
def test_any_catalogue_changes_in_its_translations_alone(data: bytes, target: str) -> None:
    wishes = Wishes(target=target)
    assert written(data, "po", lambda _unit: None, wishes) == data
    for mark in (accented, nasty):
        new = written(data, "po", partial(_marked, mark=mark), wishes)
        _same_but_for_translations(data, new)
        assert all(
            entry.msgstr or all(entry.msgstr_plural.values())
            for entry in polib.pofile(new.decode())
        )


@settings(max_examples=15)
@given(_catalogue(), st.sampled_from(["fr", "pl", "ja"]))
def test_msgfmt_accepts_whatever_was_written(data: bytes, target: str) -> None:
    new = written(
        data,
        "po",
        partial(_marked, mark=accented),
        Wishes(target=target),
    )
    _accepted(new)


def _marked(unit: Unit, mark: Callable[[Parts], Parts]) -> Parts:
    has_words = any(map(str.isalpha, text_of(unit.parts)))
    return mark(unit.parts) if has_words else unit.parts


@pytest.mark.parametrize("file", real_files("po"), ids=str)
def test_real_catalogues_come_back(file: RealFile) -> None:
    data = file.path.read_bytes()
    identity(data, "po")
    marked(data, "po", mark=nasty)
    target = {"wtforms-ru.po": "ru", "humanize-ar.po": "ar"}.get(file.path.name, "pl")
    new = written(
        data,
        "po",
        lambda unit: None if unit.done else accented(unit.parts),
        Wishes(target=target),
    )
    _same_but_for_translations(data, new)
    _accepted(new)
    done = [entry for entry in polib.pofile(str(file.path)) if entry.translated()]
    kept = {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(new.decode())}
    for entry in done:
        now = kept[entry.msgctxt, entry.msgid]
        assert (now.msgstr, now.msgstr_plural) == (entry.msgstr, entry.msgstr_plural)


def test_a_template_is_told_its_language_and_its_plural_forms() -> None:
    plural = 'msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] ""\nmsgstr[1] ""\n'
    for target, name, forms in (("zh-Hant", "zh_TW", 1), ("fr", "fr", 2), ("ar", "ar", 6)):
        new = _translated(f"{_POT}#, c-format\n{plural}", target)
        catalogue = polib.pofile(new)
        assert catalogue.metadata["Language"] == name
        assert catalogue.metadata["Content-Type"] == "text/plain; charset=UTF-8"
        assert plurals_in(catalogue.metadata["Plural-Forms"]) == plurals_of(target)
        assert list(catalogue[0].msgstr_plural) == list(range(forms))
        # One text cannot be right in three forms: somebody has to look.
        assert catalogue[0].fuzzy == (forms > 2)
        _accepted(new.encode())
    assert "Plural-Forms: nplurals=2" in _translated('msgid "No header"\nmsgstr ""\n')


def test_the_singular_is_only_for_one() -> None:
    text = f'{_POT}msgid "One file"\nmsgid_plural "%d files"\nmsgstr[0] ""\nmsgstr[1] ""\n'
    text = text.replace('msgid "One', '#, c-format\nmsgid "One')
    assert 'msgstr[0] "Õné fîléŋ"' in _translated(text, "de")
    assert 'msgstr[0] "%d fîlésŋ"' in _translated(text, "fr")  # there it is for none, too
    assert 'msgstr[0] "%d fîlésŋ"' in _translated(text, "ru")  # and here for 21


def test_what_is_translated_stays_and_what_is_fuzzy_is_done_anew() -> None:
    text = (
        'msgid ""\nmsgstr ""\n"Language: fr\\n"\n\n'
        'msgid "done"\nmsgstr "fait"\n\n'
        "# note\n#, fuzzy, c-format\n"
        '#| msgid "old %s"\nmsgid "new %s"\nmsgstr "vieux %s"\n\n'
        '#~ msgid "gone"\n#~ msgstr "parti"\n'
    )
    new = _translated(text)
    assert 'msgid "done"\nmsgstr "fait"\n' in new
    assert '# note\n#, c-format\nmsgid "new %s"\nmsgstr "néwŋ %s"\n' in new
    assert new.endswith('#~ msgid "gone"\n#~ msgstr "parti"\n')
    assert 'msgstr "dõnéŋ"' in _translated(text, redo=True)


def test_doubtful_translations_are_fuzzy() -> None:
    data = b'#: a.c\n#, c-format\nmsgid "a %s"\nmsgstr ""\n\nmsgid "b"\nmsgstr ""\n'
    document = open_document(data, "po", Wishes())
    out = _Out()
    writer = document.writer(out)  # type: ignore[arg-type] # it only writes
    for unit in document.units():
        writer.put(unit, accented(unit.parts), doubtful=True)
    writer.close()
    assert (
        out.data
        == (
            '#: a.c\n#, fuzzy, c-format\nmsgid "a %s"\nmsgstr "àŋ %s"\n\n#, fuzzy\nmsgid "b"\nmsgstr "bŋ"\n'
        ).encode()
    )


class _Out:
    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data


def test_arguments_in_another_order_are_numbered_where_that_can_be() -> None:
    def swapped(unit: Unit) -> Parts:
        first, second = codes_of(unit.parts)
        return second, " de ", first, " à 100 %"

    for flag, message, wanted, fuzzy in (
        ("c-format", "%s of %*d", "%3$*2$d de %1$s à 100 %%", False),
        ("python-format", "%s of %s", "%s de %s à 100 %%", True),
        ("python-format", "%(a)s of %(b)s", "%(b)s de %(a)s à 100 %%", False),
    ):
        text = f'{_POT}#, {flag}\nmsgid "{message}"\nmsgstr ""\n'
        new = written(text.encode(), "po", swapped, Wishes(target="fr"))
        (entry,) = polib.pofile(new.decode())
        assert (entry.msgstr, entry.fuzzy) == (wanted, fuzzy)
        _accepted(new)


def test_messages_without_words_are_their_own_translation() -> None:
    text = (
        '#, c-format\nmsgid "%s: %d\\n"\nmsgstr ""\n\nmsgid "A"\nmsgstr ""\n\n'
        'msgid "12 %"\nmsgstr ""\n\nmsgid "B"\nmsgstr ""\n'
    )

    def change(unit: Unit) -> Parts | None:
        return ("Ä",) if unit.parts == ("A",) else None

    assert written(text.encode(), "po", change).decode() == text.replace(
        '%d\\n"\nmsgstr ""', '%d\\n"\nmsgstr "%s: %d\\n"'
    ).replace('"A"\nmsgstr ""', '"A"\nmsgstr "Ä"').replace('%"\nmsgstr ""', '%"\nmsgstr "12 %"')


def test_help_pages_are_paragraphs_and_columns() -> None:
    text = (
        'msgid ""\n"Usage: x [OPTION]\\n"\n"\\n"\n"  -a, --all    show all of it, even\\n"\n'
        '"                 what is hidden\\n"\n'
        '"\\n"\n"A paragraph that somebody has wrapped at about forty or\\n"\n'
        '"fifty characters.\\n"\nmsgstr ""\n'
    )
    units = list(open_document(text.encode(), "po", Wishes()).units())
    assert [text_of(unit.parts) for unit in units] == [
        "Usage: x [OPTION]",
        "show all of it, even what is hidden",
        "A paragraph that somebody has wrapped at about forty or fifty characters.",
    ]
    half = written(
        text.encode(),
        "po",
        lambda unit: None if text_of(unit.parts).startswith("U") else accented(unit.parts),
    )
    (entry,) = polib.pofile(half.decode())
    assert entry.fuzzy  # a line of it is not translated
    assert entry.msgstr == (
        "Usage: x [OPTION]\n\n  -a, --all    shõw àll õf ît, évén\n"
        "                 whàt îs hîddénŋ\n\n"
        "À pàràgràph thàt sõmébõdý hàs wràppéd àt àbõût fõrtý õr\nfîftý chàràctérsŋ.\n"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('msgid "a"\n', 1),
        ('msgid "a"\nmsgstr "b"\nmsgstr "c"\n', 3),
        ('msgid "a"\nmsgstr "b\n', 2),
        ('msgstr "b"\n', 1),
        ('"loose"\n', 1),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr "c"\n', 3),
        ("{}\n", 1),
    ],
)
def test_a_broken_catalogue_is_said_with_its_line(text: str, line: int) -> None:
    with pytest.raises(InputError, match=f"line {line}[.:]"):
        open_document(text.encode(), "po", Wishes())


def test_catalogues_that_are_refused() -> None:
    for data, words in (
        (b'msgid "a"\nmsgstr "\xe9"\n', r"not UTF-8 \(line 2\)"),
        (b'msgid ""\nmsgstr "Content-Type: text/plain; charset=KOI8-R\\n"\n', "KOI8-R"),
        (b'msgid ""\nmsgstr "Language: de\\n"\n\nmsgid "a"\nmsgstr "b"\n', "into de, not into fr"),
        (b'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=n!!;\\n"\n', "Plural-Forms"),
        (b'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=n;\\n"\n', "Plural-Forms"),
    ):
        with pytest.raises(InputError, match=words):
            open_document(data, "po", Wishes(target="fr"))


def test_the_table_of_plural_forms_agrees_with_another() -> None:
    differ = set()
    for code in languages():
        forms = plurals_of(code)
        assert forms.known
        assert all(forms.numbers), code
        count, expression = PLURALS.get(code.replace("-", "_"), (0, ""))
        if count:
            other = plurals_in(f"nplurals={count}; plural={expression};")
            assert other is not None
            if other.numbers != forms.numbers:
                differ.add(code)
    # That table has the rules of before the CLDR for these, and two forms of Arabic exchanged.
    assert differ == {"ar", "cy", "fa", "hu", "hy", "ka", "mt", "tr"}


def test_controls_are_codes_and_are_written_as_they_were() -> None:
    text = 'msgid "bell\\a and \\303\\251"\nmsgstr ""\n'
    (unit,) = open_document(text.encode(), "po", Wishes()).units()
    assert [code.source for code in codes_of(unit.parts)] == ["\\a", "\\303", "\\251"]
    assert 'msgstr "béllŋ\\a àndŋ \\303\\251"' in _translated(text)
