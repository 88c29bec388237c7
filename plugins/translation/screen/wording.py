"""What the screen says of its work and asks, and how languages are named there."""

from __future__ import annotations

from pathlib import Path

from hinterland.errors import InputError
from hinterland.language import N_, _
from hinterland.plugins.languages import Language, find, known
from hinterland.plugins.translation.screen.remembered import Pair
from hinterland.plugins.translation.screen.sheet import Sheet
from hinterland.plugins.translation.screen.view import Page
from hinterland.text import clean_line

ASKED = {
    Page.TEXT: N_("Type or paste what is to be translated, or open a file."),
    Page.ROW: N_("This row’s translation; Enter takes it."),
    Page.SOURCE: N_("From which language? A code or a name; empty finds it out."),
    Page.TARGET: N_("Into which language? A code or a name, such as fr or French."),
    Page.OPEN: N_("Which file? Tab completes its name."),
    Page.SAVE: N_("Where shall the translation be saved?"),
    Page.LEAVING: N_("Leave? What is not saved is lost. (y/n)"),
}
"""What a page asks."""


def whereabouts(pair: Pair, found: str, sheet: Sheet | None, *, running: bool) -> str:
    """Return the line above everything; `found` is the code of the language that a text is in."""
    source = _name(pair.source or found)
    if source and not pair.source:
        source = _("{language} (found)").format(language=source)
    parts = [f"{source or _('any language')} → {_name(pair.target) or _('which?')}"]
    if sheet is not None:
        parts.append(f"{sheet.finished}/{len(sheet.rows)}")
        if sheet.unsure:
            parts.append(_("{count} unsure").format(count=sheet.unsure))
        if running:
            parts.append(_("running"))
        if sheet.name:
            parts.append(clean_line(Path(sheet.name).name, 60))
    return " · ".join(parts)


def _name(code: str) -> str:
    return known()[code].native if code in known() else code


def code_of(written: str) -> str:
    """Return the code of the language that was written, or of the only one that begins so; raises
    InputError."""
    try:
        return find(written).code
    except InputError:
        found = beginning(written.casefold())
        if len(found) == 1:
            return found[0].code
        raise


def beginning(typed: str) -> list[Language]:
    """Return the languages whose code or name begins so."""
    return [
        each
        for each in known().values()
        if any(
            name.casefold().startswith(typed)
            for name in (each.code, each.name, each.native, *each.names)
        )
    ]
