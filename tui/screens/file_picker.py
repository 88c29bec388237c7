"""Choose a file to attach, with the keyboard alone: type to filter, Enter opens a folder or takes a
file, Left goes up."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from hinterland.completion import Completion
from hinterland.language import N_, _, n_
from hinterland.text import clean_line
from hinterland.tui.messages import FileChosen
from hinterland.tui.widgets.pick_list import PickList

_last_folder: list[Path] = []
"""Where the picker was left, for the next file of this session."""


@dataclass(frozen=True)
class Row:
    """A file or a folder."""

    name: str
    is_folder: bool
    size: int = 0
    """Bytes."""

    def matches(self, typed: str) -> bool:
        """Whether it is shown for a filter that does not begin with a dot."""
        return self.name[:1] != "." and typed in self.name.casefold()

    @property
    def completion(self) -> Completion:
        """The row as a list shows it; its text is the name as it is on the disk."""
        says = _("folder") if self.is_folder else _size(self.size)
        return Completion(self.name, self.name + "/" * self.is_folder, says)


@dataclass
class FolderRead(Message):
    """What is in a folder is known."""

    folder: Path
    rows: list[Row]
    trouble: str = ""


class FilePicker(Screen[None]):
    """Lists a folder; hidden files come when a dot is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", N_("Take, open"), priority=True, id="files.take"),
        Binding("escape,f9", "close", N_("Cancel"), priority=True, id="files.close"),
        Binding("left", "up_folder", N_("Folder up"), priority=True, id="files.up"),
        Binding("right,tab", "open", N_("Open folder"), show=False, priority=True, id="files.open"),
        Binding("up", "move(-1)", N_("Up"), show=False, priority=True, id="files.previous"),
        Binding("down", "move(1)", N_("Down"), show=False, priority=True, id="files.next"),
        Binding(
            "pageup", "move(-10)", N_("Page up"), show=False, priority=True, id="files.page_up"
        ),
        Binding(
            "pagedown", "move(10)", N_("Page down"), show=False, priority=True, id="files.page_down"
        ),
    ]

    def __init__(self, post: Callable[[Message], object]) -> None:
        super().__init__()
        self._post = post
        self._folder = _last_folder[-1] if _last_folder else Path.cwd()
        self._rows: list[Row] = []
        self._trouble = ""

    def compose(self) -> ComposeResult:
        yield Static(id="files-folder", markup=False)
        yield Input(id="files-filter", placeholder=_("Type to filter, or a path"), compact=True)
        yield PickList(id="files-list")
        yield Static(id="files-count", markup=False)
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self._list = self.query_one(PickList)
        self._filter = self.query_one(Input)
        self._filter.cursor_blink = False
        self._filter.focus()
        self._go(self._folder)

    def _go(self, folder: Path) -> None:
        self.run_worker(partial(self._read, folder), exclusive=True)  # type: ignore[arg-type] # takes it

    async def _read(self, folder: Path) -> None:
        try:
            rows = await asyncio.to_thread(_read_folder, folder)
        except OSError as error:
            reason = error.strerror or str(error)
            self.post_message(
                FolderRead(folder, [], _("Cannot be read: {reason}.").format(reason=reason))
            )
        else:
            self.post_message(FolderRead(folder, rows))

    def on_folder_read(self, message: FolderRead) -> None:
        self._trouble = message.trouble
        if message.trouble:
            self._count(0)
            return
        came_from = self._folder.name if self._folder.parent == message.folder else ""
        self._folder, self._rows = message.folder, message.rows
        self.query_one("#files-folder", Static).update(
            clean_line(_tail(self._folder, self.size.width))
        )
        with self.prevent(Input.Changed):
            self._filter.value = ""
        self._show(came_from)

    def on_input_changed(self, message: Input.Changed) -> None:
        typed = message.value
        if typed.endswith("/"):
            folder = (self._folder / os.path.expanduser(typed)).resolve()
            self._go(folder)
        else:
            self._show()

    def _show(self, at: str = "") -> None:
        typed = self._filter.value.casefold()
        rows = [
            row.completion
            for row in self._rows
            if (row.name.casefold().startswith(typed) if typed[:1] == "." else row.matches(typed))
        ]
        # What begins so comes before what only holds it.
        rows.sort(key=lambda row: not row.text.casefold().startswith(typed))
        names = [row.text for row in rows]
        self._list.show(rows, names.index(at) if at in names else 0)
        self._count(len(rows))

    def _count(self, shown: int) -> None:
        says = n_("{count} entry", "{count} entries", shown).format(count=f"{shown:,}")
        self.query_one("#files-count", Static).update(self._trouble or says)

    def action_move(self, down: int) -> None:
        self._list.move(down, around=abs(down) == 1)

    def action_up_folder(self) -> None:
        self._go(self._folder.parent)

    def action_open(self) -> None:
        row = self._list.current
        if row is not None and row.shown.endswith("/"):
            self._go(self._folder / row.text)

    def action_take(self) -> None:
        row = self._list.current
        if row is None:
            return
        if row.shown.endswith("/"):
            self._go(self._folder / row.text)
            return
        _last_folder[:] = [self._folder]
        self._post(FileChosen(self._folder / row.text))
        self.app.pop_screen()

    def action_close(self) -> None:
        self.app.pop_screen()


def _read_folder(folder: Path) -> list[Row]:
    rows = []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                facts = entry.stat()
                rows.append(Row(entry.name, entry.is_dir(), facts.st_size))
            except OSError:  # a link that leads nowhere: attaching it says so
                rows.append(Row(entry.name, is_folder=False))
    return sorted(rows, key=lambda row: (not row.is_folder, row.name.casefold()))


def _size(size: int) -> str:
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size = round(size / 1000)
    return f"{size:,} GB"


def _tail(folder: Path, width: int) -> str:
    """Return a path, without its beginning where there is no room for it."""
    path = str(folder)
    return path if len(path) <= width else "…" + path[len(path) - max(1, width) + 1 :]
