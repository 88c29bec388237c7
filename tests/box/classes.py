"""A box with classes in a throwaway root: role files, pupils and a teacher, and its service running."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tests.box import throwaway
from tests.box.throwaway import PYTHON, Root

TEACHER = "tess"


@contextmanager
def lessons(
    roles: Mapping[str, str], pupils: Mapping[str, str], settings: str = ""
) -> Iterator[Root]:
    """Give a root with those role files, by name, and those pupils, each with the group of a class,
    whose box runs with those settings."""
    with throwaway.throwaway() as root:
        for group in ("hinterland-teachers", *sorted(set(pupils.values()))):
            root.add_group(group)
        root.must("useradd", "--system", "-U", "-M", "-d", "/var/lib/hinterland", "hinterland")
        for name, group in pupils.items():
            root.add_user(name, "hinterland", group)
        root.add_user(TEACHER, "hinterland", "hinterland-teachers")
        root.must("mkdir", "-p", "/etc/hinterland/roles")
        root.must("install", "-d", "-o", "hinterland", "/run/hinterland")
        root.must("install", "-d", "-o", "hinterland", "-m", "0700", "/var/lib/hinterland")
        root.path("/etc/hinterland/box.toml").write_text(settings)
        root.path("/etc/hinterland/config.toml").write_text('model = "echo"\n')
        for name, text in roles.items():
            root.path(f"/etc/hinterland/roles/{name}.toml").write_text(text)
        service = root.start(PYTHON, "-m", "hinterland.box.serve", user="hinterland")
        try:
            until(root.path("/run/hinterland/box.sock").exists, "the box listens")
            yield root
        finally:
            service.kill()
            service.wait()


def until(happened: Callable[[], bool], what: str) -> None:
    """Return when something has happened."""
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)
