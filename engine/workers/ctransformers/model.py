"""A model in ctransformers: loaded, its tokens, one evaluation at a time. The only importer of
ctransformers.

Every call here computes and may take seconds; they must come from one thread at a time.
"""

from __future__ import annotations

import ctypes
import os
import platform
import random
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hinterland.engine.protocol import Sampling
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import InputError, ModelError

BATCH = 8
"""Tokens of a prompt that are read at once: ctransformers' own default, and the most that is computed
after a caller has gone away."""

# llama-server's defaults, so that the same request means the same on every backend.
_TEMPERATURE, _TOP_K, _TOP_P = 0.8, 40, 0.95
_COLDEST = 1e-3  # below it the likeliest token is taken: ctransformers would divide by it

# Their tokenizers match words with a recursive regular expression, copy the rest of the text for every
# word and try every part of a word; Replit's is cubic. Pieces keep that in bounds: characters, by type.
_LONGEST_PIECE = {"replit": 256}
_LONGEST_WORDS = 1024
_LONGEST_WORD = 128
_WHOLE_TEXT = frozenset({"llama", "falcon", "gguf"})
# Tokens never reach over a space that follows a word, except in `### End` and its like.
_CUT = re.compile(r"(?<=[^\s#]) (?=\S)")
_SPECIAL = re.compile(rb"<\|[A-Za-z_]{1,40}\|>")
_ENDS_A_TURN = frozenset(
    {"<|im_end|>", "<|end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_turn|>"}
)


class LibraryMissingError(Exception):
    """There is no ctransformers for this processor or this Python; says why."""


class LegacyModel:
    """A loaded model. Raises LibraryMissingError and ModelError, whose sentences end a worker's log."""

    def __init__(self, spec: WorkerSpec) -> None:
        self._llm: Any = _load(spec)
        self._kind = spec.type
        self._threads = spec.threads
        self.context: int = min(spec.context, self._llm.context_length)
        """Tokens of a prompt and its answer together."""
        size: int = self._llm.vocab_size
        self._bytes: list[bytes] = [
            self._llm.detokenize([token], decode=False) for token in range(size)
        ]
        self._bos, self._eos = self._llm.bos_token_id, self._llm.eos_token_id
        self._specials = self._special_tokens(spec)
        texts = {token: text for text, token in self._specials.items()}
        self._starts = self._llm.model_type == "llama" and self._bos in texts
        self.bos, self.eos = texts.get(self._bos, ""), texts.get(self._eos, "")
        """Their text in a chat template; empty where the model has none."""
        self._ends = {self._eos} | {
            token for text, token in self._specials.items() if text in _ENDS_A_TURN
        }
        self._specials_in_text = re.compile(
            "|".join(re.escape(each) for each in sorted(self._specials, key=len, reverse=True))
            or r"(?!)"
        )

    def _special_tokens(self, spec: WorkerSpec) -> dict[str, int]:
        """Return text → token of what stands for itself in a prompt: the start, the ends, roles."""
        if spec.special_tokens:
            return dict(spec.special_tokens)
        if self._kind in ("llama", "gguf"):  # the legacy files store their text as nothing
            return {"<s>": self._bos, "</s>": self._eos}
        spoken = enumerate(self._bytes)
        return {text.decode(): token for token, text in spoken if _SPECIAL.fullmatch(text)}

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a rendered prompt; raises InputError for what it cannot say."""
        if "\0" in text:
            raise InputError("The prompt holds a NUL character.", "Take it out.")
        found = [self._bos] if self._starts and not text.startswith(self.bos) else []
        at = 0
        for special in self._specials_in_text.finditer(text):
            found += self._words(text[at : special.start()])
            found.append(self._specials[special.group()])
            at = special.end()
        return found + self._words(text[at:])

    def _words(self, text: str) -> list[int]:
        if not text:
            return []
        if self._kind in _WHOLE_TEXT:
            return self._native_tokens(text)
        found: list[int] = []
        for piece in _pieces(text, _LONGEST_PIECE.get(self._kind, _LONGEST_WORDS)):
            tokens = self._native_tokens(piece)
            # Characters that the vocabulary lacks are left out without a word.
            said = b"".join(self.bytes_of(token) for token in tokens)
            if said.replace("▁".encode(), b" ") != piece.encode():
                raise InputError(
                    "The prompt holds characters that are not in this model's vocabulary.",
                    "Such models know English, and often nothing else: ask another one.",
                )
            found += tokens
        return found

    def _native_tokens(self, text: str) -> list[int]:
        # Not `LLM.tokenize`: it makes room for as many tokens as characters, and bytes can be more.
        encoded = text.encode()
        room = (ctypes.c_int * (len(encoded) + 16))()
        count = self._llm.ctransformers_llm_tokenize(encoded, False, room)
        return list(room[:count])

    def bytes_of(self, token: int) -> bytes:
        """Return what a token says: often not whole characters."""
        return self._bytes[token]

    def ends(self, token: int) -> bool:
        """Whether a token ends the answer."""
        return token in self._ends or bool(self._llm.is_eos_token(token))

    def forget(self) -> None:
        """Keep nothing of the prompt and the answer before."""
        self._llm.prepare_inputs_for_generation([0], reset=True)  # nothing begins with one token

    def read(self, tokens: Sequence[int]) -> Iterator[int]:
        """Read a prompt; yield how many of its tokens are read: first those that were in memory."""
        rest = self._llm.prepare_inputs_for_generation(list(tokens), reset=True)
        done = len(tokens) - len(rest)
        yield done
        for start in range(0, len(rest), BATCH):
            self.go_on(rest[start : start + BATCH])
            done += len(rest[start : start + BATCH])
            yield done

    def go_on(self, tokens: Sequence[int]) -> None:
        """Evaluate tokens after those before; raises RuntimeError."""
        self._llm.eval(tokens, batch_size=BATCH, threads=self._threads)

    def sampler(self, sampling: Sampling) -> Sampler:
        """Return what chooses the tokens of one answer."""
        return Sampler(self._llm, len(self._bytes), sampling)


class Sampler:
    """Chooses tokens. The library starts its random numbers anew for every token, so each gets a seed
    of its own from ours."""

    def __init__(self, llm: Any, size: int, sampling: Sampling) -> None:
        self._llm = llm
        seed = sampling.seed if sampling.seed is not None and sampling.seed >= 0 else None
        self._random = random.Random(seed)  # noqa: S311 - it chooses words
        temperature = _TEMPERATURE if sampling.temperature is None else sampling.temperature
        greedy = temperature < _COLDEST
        top_k = _TOP_K if sampling.top_k is None else sampling.top_k
        top_p = _TOP_P if sampling.top_p is None else sampling.top_p
        self._settings = {
            "temperature": 1.0 if greedy else temperature,
            # Beyond the vocabulary the library would read past its end; 0 means all, as elsewhere.
            "top_k": 1 if greedy else min(top_k, size) if top_k > 0 else size,
            "top_p": 1.0 if greedy else min(max(top_p, 0.0), 1.0),
            "repetition_penalty": 1.0,
        }

    def next(self) -> int:
        """Return the next token."""
        token: int = self._llm.sample(seed=self._random.getrandbits(31), **self._settings)
        return token


def _pieces(text: str, longest: int) -> Iterator[str]:
    """Yield `text` in pieces that are tokenized alike apart, cut before a word where there is one."""
    start = 0
    while len(text) - start > longest:
        cuts = [cut.start() for cut in _CUT.finditer(text, start + 1, start + longest)]
        end = cuts[-1] if cuts else start + min(_LONGEST_WORD, longest)
        yield text[start:end]
        start = end
    yield text[start:]


def _load(spec: WorkerSpec) -> Any:
    try:
        from ctransformers.llm import LLM, Config, load_library

        library = _library()
        load_library(library)
    except ImportError as error:
        raise LibraryMissingError(f"it is not installed ({error})") from error
    except OSError as error:
        processor = f"{platform.system()} on {platform.machine()}"
        raise LibraryMissingError(f"it has no library that loads on {processor}") from error
    config = Config(context_length=spec.context, threads=spec.threads, gpu_layers=0)
    # Why a model is refused is only ever written to standard error.
    with tempfile.TemporaryFile() as written:
        log = os.dup(2)
        os.dup2(written.fileno(), 2)
        try:
            return LLM(spec.path, spec.type, config=config, lib=library)
        except (RuntimeError, ValueError) as error:
            raise ModelError(_reason(written) or "ctransformers does not say why") from error
        finally:
            os.dup2(log, 2)
            os.close(log)


def _reason(written: Any) -> str:
    written.seek(0)
    lines = [line.strip() for line in written.read().decode("utf-8", "replace").splitlines()]
    said = [line for line in lines if line]
    return said[-1].rstrip(".") if said else ""


def _library() -> str | None:
    """Return the name of the library for this processor, None to let ctransformers look.

    It would ask py-cpuinfo, which takes a second. Raises OSError where there can be none.
    """
    import ctransformers

    folder = Path(ctransformers.__file__).parent / "lib"
    if (folder / "local").is_dir():  # built from source on this machine
        return "local"
    if sys.platform != "linux":
        return None
    if platform.machine() not in ("x86_64", "AMD64", "i686"):
        raise OSError
    flags = _processor_flags()
    if {"avx2", "fma", "f16c"} <= flags:
        return "avx2"
    return "avx" if {"avx", "f16c"} <= flags else "basic"


def _processor_flags() -> set[str]:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return set(line.partition(":")[2].split())
    return set()
