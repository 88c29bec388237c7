"""The error tree: what its module promises, and the exit codes that scripts rely on."""

from __future__ import annotations

import inspect

import pytest

from hinterland import errors
from hinterland.errors import HinterlandError

EXIT_CODES = {
    "HinterlandError": 1,
    "InputError": 2,
    "ContextError": 2,
    "ConfigError": 2,
    "ModelError": 3,
    "NoModelError": 3,
    "EngineError": 4,
    "StorageError": 5,
    "PluginError": 6,
    "JobError": 7,
}


def _kinds() -> dict[str, type[HinterlandError]]:
    return {
        name: kind
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, HinterlandError)
    }


def test_every_error_has_the_exit_code_that_scripts_rely_on() -> None:
    assert {name: kind.exit_code for name, kind in _kinds().items()} == EXIT_CODES


def test_all_names_everything_public_and_nothing_else() -> None:
    public = {
        name
        for name, value in vars(errors).items()
        if getattr(value, "__module__", "") == errors.__name__ and not name.startswith("_")
    }
    assert set(errors.__all__) == public
    assert errors.__all__ == sorted(errors.__all__)


def test_the_tree_at_the_top_of_the_module_shows_every_error() -> None:
    tree = inspect.getdoc(errors) or ""
    for name, kind in _kinds().items():
        lines = [line for line in tree.splitlines() if line.strip("│├└─ ").startswith(name)]
        assert lines, name
        if kind is not HinterlandError:
            assert str(kind.exit_code) in lines[0].split()[:4]


@pytest.mark.parametrize("name", sorted(set(EXIT_CODES) - {"HinterlandError"}))
def test_an_error_crosses_a_socket_by_its_name(name: str) -> None:
    error = errors.by_name(name, "It broke.", "Mend it.")
    assert type(error).__name__ == name
    assert (error.message, error.hint, str(error)) == ("It broke.", "Mend it.", "It broke.")


@pytest.mark.parametrize("name", ["", "KeyError", "SystemExit", "HinterlandError"])
def test_an_error_that_is_not_known_is_the_engines(name: str) -> None:
    assert type(errors.by_name(name, "?")) is errors.EngineError
