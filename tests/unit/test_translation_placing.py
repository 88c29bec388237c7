"""Where translations go, and that reading what never comes keeps nobody from leaving."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from hinterland.errors import InputError
from hinterland.plugins import languages
from hinterland.plugins.translation import job
from hinterland.plugins.translation.apart import apart
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.placing import earlier_translations, places

FRENCH = languages.find("fr")


def test_a_translation_goes_beside_its_document_or_into_a_folder(tmp_path: Path) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text("The well.\n")
    assert places([str(guide), "-"], FRENCH) == [tmp_path / "guide.fr.md", None]
    (tmp_path / "there").mkdir()
    assert places([str(guide)], FRENCH, f"{tmp_path}/there") == [tmp_path / "there/guide.fr.md"]
    assert places([str(guide)], FRENCH, str(guide), overwrite=True) == [guide]


def test_what_would_be_lost_is_not_written_over(tmp_path: Path) -> None:
    guide, french = tmp_path / "guide.md", tmp_path / "guide.fr.md"
    guide.write_text("The well.\n")
    french.write_text("Le puits.\n")
    (tmp_path / "link.md").symlink_to(guide)
    os.mkfifo(tmp_path / "pipe.md")
    itself = "is itself one of the documents"
    for said, documents, output, stream in (
        (itself, [guide], guide, True),
        (itself, [guide], tmp_path / "link.md", True),
        (itself, [guide, french], None, False),  # whoever calls it has not left it out
        ("is not a file", [guide], tmp_path / "pipe.md", False),
        ("There is no file", [guide, tmp_path / "typo.md"], None, False),
        ("is a folder", [guide, tmp_path], None, False),
    ):
        names = [str(each) for each in documents]
        with pytest.raises(InputError, match=said):
            places(
                names,
                FRENCH,
                None if output is None else str(output),
                overwrite=True,
                stream=stream,
            )


def test_translations_among_the_documents_are_known(tmp_path: Path) -> None:
    for name in ("guide.md", "guide.fr.md", "guide.fr.fr.md", "guide.es.md", "notes.fr.md"):
        (tmp_path / name).write_text("The well.\n")
    names = sorted(str(each) for each in tmp_path.iterdir())
    guide, french = f"{tmp_path}/guide.md", f"{tmp_path}/guide.fr.md"
    twice = f"{tmp_path}/guide.fr.fr.md"
    assert earlier_translations(names, FRENCH) == {french: guide, twice: french}
    assert earlier_translations(names, FRENCH, str(tmp_path)) == {french: guide, twice: french}
    (tmp_path / "out").mkdir()
    assert earlier_translations(names, FRENCH, f"{tmp_path}/out") == {}
    assert earlier_translations([french, "-"], FRENCH) == {}
    assert earlier_translations([guide], FRENCH, guide) == {}, "a document in its own place"
    (tmp_path / "guide.fr.md").unlink()
    assert earlier_translations([guide, french], FRENCH) == {}, "what is missing is told"


def test_a_link_stays_one_when_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "link.md").symlink_to("french.md")
    with job.written(tmp_path / "link.md") as out:
        out.write(b"Le puits.")
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "french.md").read_bytes() == b"Le puits."


def test_a_pipe_has_the_format_of_its_name_and_whoever_waits_for_it_can_leave(
    tmp_path: Path,
) -> None:
    pipe = tmp_path / "guide.md"
    os.mkfifo(pipe)
    assert job.form_of(str(pipe), None) == "markdown"
    assert job.form_of("/dev/null", None) == "text"

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await apart(lambda: job.read(str(pipe), None))

    asyncio.run(leave())  # waits for the threads of `asyncio.to_thread`
    os.close(os.open(pipe, os.O_WRONLY))  # the reader that was left behind goes on


def test_a_document_without_words_is_not_one_whose_language_cannot_be_told() -> None:
    source = job.Source("a.json", b'{"menu": "Open the file"}', "json")
    document = source.open(Wishes(keys=("nothing.*",)))
    with pytest.raises(InputError, match=r"nothing to translate in a\.json"):
        job.source_language(source, document, FRENCH)


def test_what_goes_wrong_apart_is_told() -> None:
    async def read() -> None:
        await apart(lambda: job.read("no such file.md", None))

    with pytest.raises(InputError, match="There is no file"):
        asyncio.run(read())
