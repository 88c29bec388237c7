"""`/translate LANGUAGE words` in any chat: a few words translated as an answer, and nothing kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING

from hinterland.errors import InputError
from hinterland.language import _, wanted

if TYPE_CHECKING:
    from hinterland.plugins.languages import Language

_LONGEST_NAME = 3  # words


async def answer(typed: str) -> AsyncIterator[str]:
    """Yield the translation of what follows a language's code or name, paragraph by paragraph.

    `en>fr` names both languages. Raises InputError where there is no language or nothing follows,
    and what translating raises.
    """
    from hinterland.plugins import languages
    from hinterland.plugins.translation import setting
    from hinterland.plugins.translation.formats import open_document
    from hinterland.plugins.translation.formats.document import Wishes
    from hinterland.plugins.translation.pipeline import Tally
    from hinterland.plugins.translation.units import text_of
    from hinterland.sentences import translated

    name, text = _parted(typed)
    before, _arrow, after = name.rpartition(">")
    found = setting.find(to=after, origin=before or None, remember=False)
    origin = found.origin or languages.detect(text).language
    if origin is None:
        origin = _of_interface(found.target)
        yield _("(It is too short to tell its language; taken as {language}.)").format(
            language=origin.native
        )
        yield "\n\n"
    if found.chosen.url:
        yield _("(The text leaves this machine, to {url}.)").format(url=found.chosen.url)
        yield "\n\n"
    document = open_document(text.encode(), "text", Wishes(target=found.target.code))
    async with (
        found.translator(origin, Tally()) as translator,
        aclosing(translator.translate(document.units())) as translations,
    ):
        async for done in translations:
            yield f"{text_of(done.parts or done.unit.parts)}\n\n"
            for each in done.flagged:
                if each.flag is not None:
                    said = _("(unsure: {why})").format(why=translated(each.flag.sentence))
                    yield f"{said}\n\n"


def _of_interface(target: Language) -> Language:
    """Return the interface's language for a text whose own cannot be told; raises InputError where
    that is what is translated into."""
    from hinterland.plugins import languages

    code = next(iter(wanted()), "en")
    found = languages.find(code)
    if found.code == target.code:
        raise InputError(
            _("The text is too short to tell its language."),
            _("Name both, such as /translate en>fr Good morning."),
        )
    return found


def _parted(typed: str) -> tuple[str, str]:
    """Return the language and the text of what was typed; raises InputError."""
    from hinterland.plugins import languages

    words = typed.split()
    for count in range(min(_LONGEST_NAME, len(words) - 1), 1, -1):
        name = " ".join(words[:count])
        try:
            languages.find(name)
        except InputError:
            continue
        return name, typed.split(maxsplit=count)[count]
    if len(words) < 2:
        raise InputError(
            _("Say a language and what to translate, such as /translate fr Good morning."),
            _("`hint translate FILE --to fr` translates documents."),
        )
    return words[0], typed.split(maxsplit=1)[1]
