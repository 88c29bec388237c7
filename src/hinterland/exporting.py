"""`/export`: the conversation as it stands now, in a file beside what one is working on."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hinterland.errors import InputError
from hinterland.language import _

if TYPE_CHECKING:
    from hinterland.conversation import Conversation

_FORMATS = (".md", ".txt", ".json")
_LONGEST_NAME = 40  # characters of the title in a file's name


def export(talk: Conversation, file: str) -> Path:
    """Write a conversation to `file`, or to one named after it in the working folder, and return
    where it is. Raises InputError for a file that is there already, StorageError."""
    from hinterland.history import export as form
    from hinterland.history.files import Record, title_of

    if not talk.turns:
        raise InputError(_("Nothing was said yet that could be exported."))
    title = talk.title or title_of(talk.turns[0].prompt)
    path = Path(file.strip("'\"")).expanduser() if file else Path(_name(title, talk.id))
    record = Record(talk.id, title, talk.turns[0].created, talk.turns[-1].created, talk.turns)
    if path.suffix.lower() not in _FORMATS:
        raise InputError(
            _("The ending of {file} names no form of export.").format(file=path.name),
            _("It may end in {formats}.").format(formats=", ".join(_FORMATS)),
        )
    if path.exists():
        raise InputError(
            _("The file {file} exists already.").format(file=path),
            _("Name another: /export {file}").format(file=_free(path)),
        )
    if path.suffix.lower() == ".json":
        content = form.as_json(record)
    elif path.suffix.lower() == ".txt":
        content = form.as_text(record).encode()
    else:
        content = form.as_markdown(record).encode()
    form.save(path, content, overwrite=False)
    return path.resolve()


def _name(title: str, conversation_id: str) -> str:
    words = re.sub(r"[^\w]+", "-", title).strip("-_")[:_LONGEST_NAME].strip("-_")
    return f"{words or conversation_id}-{time.strftime('%Y-%m-%d')}.md"


def _free(path: Path) -> Path:
    number = 2
    while (other := path.with_stem(f"{path.stem}-{number}")).exists():
        number += 1
    return other
