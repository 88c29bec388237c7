"""The interface speaks the reader's language, wholly, and scripts and logs stay English."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
from gettext import GNUTranslations
from pathlib import Path

import pytest

from hinterland import language, sentences
from hinterland.cli import interface_language
from hinterland.language import _, n_
from hinterland.paths import find
from tests import catalogues
from tests.running import hint_command

VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture
def french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_chosen", "")
    language.choose("fr")


@pytest.fixture(autouse=True)
def _in_english_afterwards(monkeypatch: pytest.MonkeyPatch) -> object:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    yield
    language.choose("")


@pytest.mark.parametrize("code", catalogues.languages())
def test_every_text_is_in_every_catalogue_and_translated(code: str) -> None:
    """`make messages` says the same, and puts what is missing into the catalogues."""
    catalogue = catalogues.read(code)
    assert list(catalogues.problems(catalogue)) == []
    listed = {message.id for message in catalogue if message.id}
    assert listed == set(catalogues.texts()), "make messages"


@pytest.mark.parametrize("code", catalogues.languages())
def test_what_is_compiled_is_what_is_written(code: str) -> None:
    def texts_of(compiled: bytes) -> dict[object, str]:
        found = dict(vars(GNUTranslations(io.BytesIO(compiled)))["_catalog"])
        del found[""]  # it names the version of the compiler
        return found

    ours = catalogues.place(code).with_suffix(".mo").read_bytes()
    assert texts_of(ours) == texts_of(catalogues.compiled(catalogues.read(code))), "make messages"


def test_what_cannot_be_looked_up_is_refused() -> None:
    for source in ('_(f"{n} files")', 'N_("a" + b)', "n_(one, many, 2)"):
        with pytest.raises(ValueError, match="plain text"):
            list(catalogues.texts_in(ast.parse(source)))


def test_errors_bindings_and_help_are_found_without_a_mark() -> None:
    source = (
        'raise EngineError(f"{name!r} has {a.size:,} of {b()} and {name}.", hint=X or "No.")\n'
        'Binding("f1", "help", "Help")\n'
        '@hint.command("x")\n@click.option("-y", help="Why.")\ndef run(): "Does it."\n'
    )
    assert set(catalogues.texts_in(ast.parse(source))) == {
        "{name} has {size} of {value} and {name2}.",
        "No.",
        "Help",
        "Why.",
        "Does it.",
    }


def test_errors_made_of_other_errors_are_found_too() -> None:
    source = 'raise UnreachableError("The box is stopped.", f"Start {it}.")\n'
    source += 'class A(EngineError):\n    def __init__(self): super().__init__("It went.", "No.")\n'
    assert set(catalogues.texts_in(ast.parse(source))) == {
        "The box is stopped.",
        "Start {it}.",
        "It went.",
        "No.",
    }


def test_whom_the_box_shuts_out_is_told_so_in_french(french: None) -> None:
    said = "You are not in the group class-5a, whose members may use the shared box."
    hint = "Ask who looks after this machine. `hint box setup --user zed` lets you in."
    both = sentences.translated(said), sentences.translated(hint)
    for english in ("You are", "whose members", "Ask who", "lets you in"):
        assert english not in " ".join(both), both
    for value in ("class-5a", "`hint box setup --user zed`"):
        assert value in " ".join(both), both


@pytest.mark.parametrize("name", ["pupils", "all", "Class", "none", "offline"])
def test_a_name_that_is_a_word_of_the_interface_too_stays_as_it_is(french: None, name: str) -> None:
    assert _(name) != name
    said = sentences.translated(
        f"You are not in the group {name}, whose members may use the shared box."
    )
    assert f"groupe {name}," in said, said


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, []),
        ({"LANG": "fr_BE.UTF-8"}, ["fr_BE"]),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "nl_NL.UTF-8@euro"}, ["nl_NL"]),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:nl:en:fr"}, ["de", "nl"]),
        ({"LANG": "fr_FR.UTF-8", "LANGUAGE": "en_GB:fr"}, []),
        ({"LC_ALL": "C", "LANGUAGE": "fr"}, []),
        ({"LANG": "C.UTF-8", "LANGUAGE": "fr"}, ["fr"]),
        ({"LANG": "zh_SG.UTF-8"}, ["zh_CN"]),
        ({"LANG": "zh_Hans_CN"}, ["zh_CN"]),
        ({"LANG": "zh_TW.UTF-8"}, ["zh_TW"]),
    ],
)
def test_the_environment_chooses(
    environment: dict[str, str], wanted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language.wanted() == wanted


def test_numbers_have_the_forms_of_the_language() -> None:
    forms = ("thought in {words} word", "thought in {words} words")
    said = {}
    for code in ("en", "fr", "nl", "zh"):
        language.choose(code)
        said[code] = [n_(*forms, count).format(words=count) for count in (0, 1, 2)]
    assert said["en"] == ["thought in 0 words", "thought in 1 word", "thought in 2 words"]
    assert said["fr"] == ["pensé en 0 mot", "pensé en 1 mot", "pensé en 2 mots"]
    assert said["nl"] == ["gedacht in 0 woorden", "gedacht in 1 woord", "gedacht in 2 woorden"]
    assert said["zh"] == ["思考了 0 个词", "思考了 1 个词", "思考了 2 个词"]


@pytest.mark.usefixtures("french")
def test_a_sentence_made_elsewhere_is_found_again() -> None:
    assert sentences.translated("Nothing was changed.") == _("Nothing was changed.")
    assert (
        sentences.translated("The prompt has 12,345 tokens and 4,096 fit.")
        == "La demande a 12345 jetons et 4096 tiennent."
    )
    within = "The catalogue /a b/c.toml cannot be used: There is no type called 'x: y'.."
    assert sentences.translated(within) == (
        "Le catalogue /a b/c.toml ne peut pas être utilisé\u00a0: "
        "Il n'y a pas de type nommé 'x: y'.."
    )
    assert sentences.translated("Nobody wrote this {sentence}.") == "Nobody wrote this {sentence}."
    assert sentences.translated("") == ""


def test_in_english_a_sentence_is_what_it_was() -> None:
    assert sentences.translated("The prompt has 12,345 tokens.") == "The prompt has 12,345 tokens."


@pytest.mark.parametrize("settings", ["", "~/of/mine", "relative"])
def test_the_settings_are_looked_for_where_they_are(
    settings: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HINTERLAND_HOME", settings)
    for config in ("", str(tmp_path)):
        monkeypatch.setenv("XDG_CONFIG_HOME", config)
        assert Path(interface_language.settings_file()).absolute() == find().config_file


def hint(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return subprocess.run(
        hint_command(*arguments),
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_a_command_speaks_the_language_of_the_environment_or_of_the_settings(home: Path) -> None:
    shown = hint("--help", LANG="fr_FR.UTF-8").stdout
    for text in ("Usage\u00a0:", "Commandes", "Une IA hors ligne", "Montrer cette aide"):
        assert text in shown
    assert "Un ID peut" in hint("history", "--help", LANG="fr_FR.UTF-8").stdout
    assert hint("config", "set", "ui.language", "zh_CN").returncode == 0
    assert "终端里的离线 AI" in hint("--help", LANG="fr_FR.UTF-8").stdout
    refused = hint("ask", "-m", "none", "Hi", LANG="fr_FR.UTF-8")
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "没有安装" in refused.stderr
    wrong = hint("ask", "--no-such", LC_ALL="C")
    assert (wrong.returncode, "错误：" in wrong.stderr) == (2, True)


def test_what_scripts_read_stays_english(home: Path) -> None:
    answer = hint("ask", "-m", "echo", "--json", "Hi", LANG="fr_FR.UTF-8")
    assert json.loads(answer.stdout)["finish_reason"] == "stop"
    refused = hint("config", "set", "ui.language", "tlh", LANG="fr_FR.UTF-8")
    assert refused.returncode == 2
    assert "ui.language" in refused.stderr
    assert "en, fr, nl, zh_CN" in refused.stderr
    log = home / "state" / "logs" / "engine.log"
    assert "listens" in log.read_text()
