"""`/translate LANGUAGE words` in any chat: a few words translated as an answer, and nothing kept."""

from __future__ import annotations

from collections.abc import AsyncIterator

from hinterland.errors import InputError
from hinterland.language import _

_LONGEST_NAME = 3  # words


async def answer(typed: str) -> AsyncIterator[str]:
    """Yield the translation of what follows a language's code or name, sentence by sentence.

    Raises InputError where that is no language or nothing follows, and what translating raises.
    """
    from hinterland.plugins.translation import languages, setting
    from hinterland.plugins.translation.formats import open_document
    from hinterland.plugins.translation.formats.document import Wishes
    from hinterland.plugins.translation.pipeline import Tally
    from hinterland.plugins.translation.units import text_of
    from hinterland.sentences import translated

    name, text = _parted(typed)
    found = setting.find(to=name, remember=False)
    origin = languages.detect(text).language
    if origin is None:
        raise InputError(
            _("What language the text is in cannot be told."),
            _("Write a few more words, or use `hint translate --from`."),
        )
    document = open_document(text.encode(), "text", Wishes(target=found.target.code))
    async with found.translator(origin, Tally()) as translator:
        async for done in translator.translate(document.units()):
            yield f"{text_of(done.parts or done.unit.parts)}\n\n"
            for each in done.flagged:
                assert each.flag is not None
                yield f"({_('unsure')}: {translated(each.flag.sentence)})\n\n"


def _parted(typed: str) -> tuple[str, str]:
    """Return the language and the text of what was typed; raises InputError."""
    from hinterland.plugins.translation import languages

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
