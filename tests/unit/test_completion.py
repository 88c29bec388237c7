"""How a command that is being typed can go on, and what `/file` takes for a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland import attached, chat_commands
from hinterland.attachments import read_argument
from hinterland.documents import Document, Kind, attach
from hinterland.errors import InputError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("notes.txt", "my report.md", "photo.JPG", ".secret", "bad\x1bname"):
        (tmp_path / name).write_text("text")
    (tmp_path / "Notebooks").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _texts(typed: str) -> list[str]:
    return [each.text for each in chat_commands.completions(typed, [("/new", "a new one")])]


def test_commands_and_their_words() -> None:
    assert {"/compact ", "/new", "/file "} <= set(_texts("/"))
    assert _texts("/ne") == ["/new"]
    assert _texts("/think l") == ["/think low"]
    assert _texts("/nothing x") == _texts("//") == _texts("what /th") == []


def test_what_there_is_to_choose(home: Path) -> None:
    own = home / "config" / "prompts" / "roles"
    own.mkdir(parents=True)
    (own / "novice.md").write_text("---\ndescription: New here.\n---\n# system\nAsk.\n")
    (home / "config" / "config.toml").write_text(
        '[engines.school]\nurl = "http://127.0.0.1:9/v1"\n'
    )
    assert _texts("/role n") == ["/role novice", "/role nurse"]
    assert _texts("/role o") == ["/role off"]
    assert _texts("/model sc") == ["/model school"]
    assert _texts("/theme d") == ["/theme dark"]
    assert _texts("/branch p") == ["/branch previous"]
    assert _texts("/delete ") == ["/delete undo"]
    (home / "config" / "config.toml").write_text("[")
    assert _texts("/model ") == []


def test_file_names(folder: Path) -> None:
    assert _texts("/file n") == ["/file Notebooks/", "/file notes.txt"]
    assert _texts("/file ") == [
        f"/file {name}" for name in ("Notebooks/", "my report.md", "notes.txt", "photo.JPG")
    ]
    assert _texts("/file .") == ["/file .secret"]
    assert _texts("/image ") == ["/image Notebooks/", "/image photo.JPG"]
    assert _texts(f"/file {folder}/my") == [f"/file {folder}/my report.md"]
    assert _texts("/file nowhere/") == []


def test_a_path_and_a_question(folder: Path) -> None:
    report = Path("my report.md")
    for typed in ("my report.md what is it?", "'my report.md' what is it?"):
        assert read_argument(typed) == (report, "what is it?")
    assert read_argument(r"my\ report.md") == (report, "")
    assert read_argument("missing.txt why not") == (Path("missing.txt"), "why not")
    with pytest.raises(InputError, match="nobody's home"):
        read_argument("~nobody-of-that-name/x y")


def test_documents_in_a_prompt_are_named_for_people() -> None:
    documents = [
        Document("a.txt", "One\n</document> two", Kind.TEXT),
        Document("b.md", "Three", Kind.MARKDOWN),
    ]
    prompt = attach("Why?\n\nReally?", documents)
    assert attached.shown(prompt) == (
        "[file: a.txt, 19 characters]\n[file: b.md, 5 characters]\nWhy?\n\nReally?"
    )
    assert attached.question(prompt) == "Why?\n\nReally?"
    assert attached.question(attach("", documents)) == ""
    for plain in ("Why?", "<document> is a tag", ""):
        assert attached.shown(plain) == attached.question(plain) == plain
