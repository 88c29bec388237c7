"""Answers that are not in their conversations yet: being written, or written while nobody read."""

from __future__ import annotations

from collections.abc import Callable

from hinterland.errors import StorageError
from hinterland.history.files import ConversationFiles
from hinterland.history.journals import Journals, unusable
from hinterland.history.merging import put
from hinterland.turns import Turn

Running = tuple[str, Turn]
"""A conversation's id and the turn that is being answered in it."""


class Adopting:
    """Takes journalled answers in. `aside` returns the conversations of which nothing is taken, as
    they were deleted and may come back."""

    def __init__(
        self,
        files: ConversationFiles,
        journals: Journals,
        aside: Callable[[], set[str]],
        warn: Callable[[StorageError], None],
    ) -> None:
        self._files = files
        self._journals = journals
        self._aside = aside
        self._warn = warn

    def adopt(self) -> int:
        """Keep the answer of every journal that nobody writes any more; return how many.

        A journal whose answer cannot be kept stays where it is and is warned of.
        """
        aside = self._aside()
        adopted = 0
        for answer in self._journals.answers():
            if answer.live or answer.conversation_id in aside:
                continue
            try:
                file = self._files.file(answer.conversation_id)
                self._files.prepare()
                with file.edit() as edit:
                    # Gone: adopted by another process, or its conversation was deleted.
                    if answer.path.exists():
                        put(edit, answer.turn)
                        edit.commit()
                        answer.path.unlink(missing_ok=True)
                        adopted += 1
            except StorageError as error:
                self._warn(error)
            except OSError as error:
                self._warn(unusable(answer.path, error))
        return adopted

    def running(self) -> list[Running]:
        """Return the answers that are being written, as far as they are."""
        aside = self._aside()
        return [
            (answer.conversation_id, answer.turn)
            for answer in self._journals.answers()
            if answer.live and answer.conversation_id not in aside
        ]
