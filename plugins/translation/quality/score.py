"""chrF and BLEU through sacrebleu, which is imported when a score is asked for and fetches nothing.

Both are computed over the whole of the segments, as they are published, not averaged over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hinterland.errors import InputError

_TOKENIZERS = {"zh": "zh", "yue": "zh"}
"""What BLEU takes for words. Those of sacrebleu for Japanese and Korean need programs and
dictionaries that it would fetch: these languages are counted by characters."""
_BY_CHARACTER = {"ja", "ko", "th", "lo", "km", "my", "bo", "dz"}
_BY_DEFAULT = "13a"


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """How near translations are to their references; what published figures have to say is said."""

    segments: int
    chrf: float
    """chrF2 from 0 to 100 (Popović 2015): n-grams of up to six characters, recall counted twice."""
    bleu: float
    """From 0 to 100 (Papineni et al. 2002), smoothed exponentially."""
    chrf_signature: str
    bleu_signature: str
    """How sacrebleu names what was computed, such as `nrefs:1|case:mixed|…|tok:13a|…`."""
    by_character: bool
    """Whether BLEU counted characters: then it cannot be compared with that of other languages."""


def tokenizer_of(language: str) -> str:
    """Return what BLEU parts words of a language with, by its BCP 47 code."""
    base = language.lower().replace("_", "-").split("-")[0]
    if base in _BY_CHARACTER:
        return "char"
    return _TOKENIZERS.get(base, _BY_DEFAULT)


def against(translations: Sequence[str], references: Sequence[str], target: str) -> Scores:
    """Return the scores of translations into `target`, a BCP 47 code; one reference for each.

    Raises InputError where there is nothing to compare or one side has more than the other.
    """
    if len(translations) != len(references):
        raise InputError(
            f"The translation has {len(translations):,} segments and the reference "
            f"{len(references):,}: they cannot be compared.",
            "The reference has to be a translation of the same document, in the same format.",
        )
    if not translations:
        raise InputError("There is nothing to compare.", "The document has no text to translate.")
    from sacrebleu.metrics.bleu import BLEU

    by = tokenizer_of(target)
    chrf = _chrf()
    # `force` keeps it from telling people on stderr that they should detokenize.
    bleu = BLEU(tokenize=by, force=True)
    of_words = bleu.corpus_score(list(translations), [list(references)])
    of_letters = chrf.corpus_score(list(translations), [list(references)])
    return Scores(
        segments=len(translations),
        chrf=of_letters.score,
        bleu=of_words.score,
        chrf_signature=str(chrf.get_signature()),
        bleu_signature=str(bleu.get_signature()),
        by_character=by == "char",
    )


def chrf_of(text: str, reference: str) -> float:
    """Return the chrF of one segment against another, from 0 to 100; 100 where both are empty."""
    if not text.split() and not reference.split():
        return 100.0
    return float(_chrf().sentence_score(text, [reference]).score)


def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()
