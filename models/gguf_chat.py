"""What a GGUF file says about prompts: its chat template, and the tokens that stand for themselves.

Only ctransformers needs it told; llama.cpp reads it from the file.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

from hinterland.models import header

MOST_SPECIAL_TOKENS = 512
"""They go onto a command line; Llama has 3, and no model that ctransformers loads has a hundred."""
_CONTROL, _USER_DEFINED = 3, 4


class Chat(msgspec.Struct, frozen=True):
    template: str = ""
    """Jinja2, empty where the file has none."""
    special_tokens: dict[str, int] = {}
    """Text → token."""


def read(path: Path) -> Chat:
    """Return what the GGUF file at `path`, whose header was checked, says; raises ModelError."""
    now = path.stat()
    return _read(path, now.st_size, now.st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, size: int, mtime_ns: int) -> Chat:
    values = header.metadata(
        path, "tokenizer.chat_template", "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
    )
    template = values.get("tokenizer.chat_template", "")
    tokens = values.get("tokenizer.ggml.tokens", [])
    kinds = values.get("tokenizer.ggml.token_type", [])
    specials: dict[str, int] = {}
    if isinstance(tokens, list) and isinstance(kinds, list):
        for number, (text, kind) in enumerate(zip(tokens, kinds, strict=False)):
            if kind in (_CONTROL, _USER_DEFINED) and text and len(specials) < MOST_SPECIAL_TOKENS:
                specials[str(text)] = number
    return Chat(template if isinstance(template, str) else "", specials)
