"""The history, imported when there is something to keep: until then a command would spend a quarter
of its start-up on TinyDB and the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hinterland.engine.protocol import ImageNote
    from hinterland.history import History
    from hinterland.images import Picture
    from hinterland.paths import Paths
    from hinterland.turns import Turn


def history(paths: Paths) -> History:
    """Return the history kept under `paths`."""
    from hinterland.history import History

    return History(paths)


class LateHistory:
    """A `hinterland.keeping.Keeper` that writes nothing and imports nothing until it is used."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def add_turn(self, conversation_id: str, turn: Turn, *, current: bool = True) -> None:
        history(self._paths).add_turn(conversation_id, turn, current=current)

    def show(self, conversation_id: str, turn_id: str) -> None:
        history(self._paths).show(conversation_id, turn_id)

    def forget(self, turn_id: str) -> None:
        history(self._paths).forget(turn_id)

    def turn(self, conversation_id: str, turn_id: str) -> Turn | None:
        return history(self._paths).turn(conversation_id, turn_id)

    def keep_image(self, conversation_id: str, picture: Picture) -> None:
        history(self._paths).keep_image(conversation_id, picture)

    def image(self, conversation_id: str, note: ImageNote) -> str:
        return history(self._paths).image(conversation_id, note)

    def forget_images(self, conversation_id: str, notes: Sequence[ImageNote]) -> None:
        history(self._paths).forget_images(conversation_id, notes)

    def title(self, conversation_id: str) -> tuple[str, bool] | None:
        return history(self._paths).title(conversation_id)

    def suggest_title(self, conversation_id: str, title: str) -> bool:
        return history(self._paths).suggest_title(conversation_id, title)
