"""A tiny GGUF model that speaks a script: real to llama.cpp in all but its weights.

Every token has its own place in the residual stream (a one-hot embedding), blocks add nothing, and
the output matrix gives each token's place the highest score for the token that follows it in the
script. One head of attention can remember that a token was there before: after it, a token may be
followed by another one than before. Vocabularies hold all 256 bytes, the family's own special
tokens and the words of the script, so that whatever a chat template renders can be tokenized.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from gguf import GGUFWriter, TokenType

from tests.families.shapes import BLOCKS, WIDTH, describe

_MEMORY = WIDTH - 1
"""The place in the residual stream that says that a token was seen."""
_CERTAIN, _LIKELY = 10.0, 9.0
_REMEMBERED = 900.0
"""Lifts what is likely over what is certain once something was seen, among 100 to 450 tokens; the
mean over the tokens so far is what a head without queries computes."""


@dataclass(frozen=True)
class Script:
    """What a model says."""

    lines: tuple[tuple[bytes, ...], ...]
    """Each is a chain of tokens: the first is what a prompt ends with, or what was said before."""
    seen: bytes = b""
    """A token after which `then` holds."""
    then: tuple[tuple[bytes, ...], ...] = ()
    """Chains that begin like one of `lines` and go on otherwise."""


@dataclass(frozen=True)
class Vocabulary:
    kind: str
    """`gpt2` (bytes in disguise and merges) or `llama` (SentencePiece with byte tokens)."""
    pre: str = "default"
    """How text is cut before it is merged."""
    control: tuple[bytes, ...] = ()
    """Tokens that are never part of a text."""
    defined: tuple[bytes, ...] = ()
    """Tokens that are special and yet text, as `<think>` in most models."""
    begin: bytes = b""
    """The token a prompt begins with; empty where the tokenizer adds none."""
    stop: bytes = b""
    """The token that ends an answer."""


@dataclass
class _Tokens:
    texts: list[str] = field(default_factory=list)
    types: list[int] = field(default_factory=list)
    numbers: dict[bytes, int] = field(default_factory=dict)

    def add(self, text: bytes, shown: str, kind: TokenType) -> None:
        if text not in self.numbers:
            self.numbers[text] = len(self.texts)
            self.texts.append(shown)
            self.types.append(kind)


def write(
    path: Path, architecture: str, vocabulary: Vocabulary, template: str, script: Script
) -> None:
    """Write the model to `path`."""
    tokens = _tokens(vocabulary, script)
    assert len(tokens.texts) < _MEMORY, len(tokens.texts)
    writer = GGUFWriter(path, architecture)
    writer.add_name(path.stem)
    describe(writer, architecture)
    writer.add_tokenizer_model(vocabulary.kind)
    writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(tokens.texts)
    writer.add_token_types(tokens.types)
    if vocabulary.kind == "llama":
        writer.add_token_scores([-1.0] * len(tokens.texts))
        writer.add_add_space_prefix(False)
    else:
        writer.add_token_merges(["Ċ Ċ"])
    writer.add_add_bos_token(bool(vocabulary.begin))
    if vocabulary.begin:
        writer.add_bos_token_id(tokens.numbers[vocabulary.begin])
    writer.add_eos_token_id(tokens.numbers[vocabulary.stop])
    writer.add_chat_template(template)
    embeddings = np.zeros((len(tokens.texts), WIDTH), np.float32)
    embeddings[:, : len(tokens.texts)] = np.eye(len(tokens.texts), dtype=np.float32)
    writer.add_tensor("token_embd.weight", embeddings)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("output.weight", _scores(tokens, script))
    for block in range(2):
        for name, shape in BLOCKS[architecture](block).items():
            tensor = np.zeros(shape[::-1], np.float32)
            if name.endswith("norm.weight"):
                tensor += 1
            elif name == "attn_sinks.weight":
                tensor -= 100  # nothing is lost in the sink
            elif script.seen and block == 1 and name == "attn_v.weight":
                tensor[0, tokens.numbers[script.seen]] = 1
            elif script.seen and block == 1 and name == "attn_output.weight":
                tensor[_MEMORY, 0] = 1 / np.sqrt(WIDTH)  # what norming a one-hot vector made of it
            writer.add_tensor(f"blk.{block}.{name}", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _scores(tokens: _Tokens, script: Script) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    scores = np.zeros((len(tokens.texts), WIDTH), np.float32)
    for chains, score in ((script.lines, _CERTAIN), (script.then, _LIKELY)):
        for chain in chains:
            for before, after in pairwise(chain):
                row, column = tokens.numbers[after], tokens.numbers[before]
                if scores[row, column] == 0:
                    scores[row, column] = score
                    if score == _LIKELY:
                        scores[row, _MEMORY] = _REMEMBERED
    return scores


def _tokens(vocabulary: Vocabulary, script: Script) -> _Tokens:
    tokens = _Tokens()
    sentence_piece = vocabulary.kind == "llama"
    for special in vocabulary.control:
        tokens.add(special, special.decode(), TokenType.CONTROL)
    for special in vocabulary.defined:
        tokens.add(special, special.decode(), TokenType.USER_DEFINED)
    disguise = _disguise()
    for byte in range(256):
        if sentence_piece:
            tokens.add(bytes([byte]), f"<0x{byte:02X}>", TokenType.BYTE)
        else:
            tokens.add(bytes([byte]), disguise[byte], TokenType.NORMAL)
    for text in (b"\n\n", *(text for chain in (*script.lines, *script.then) for text in chain)):
        if text in tokens.numbers:
            continue
        pieces = "".join(disguise[byte] for byte in text)
        shown = text.decode().replace(" ", "▁") if sentence_piece else pieces
        tokens.add(text, shown, TokenType.NORMAL)
    return tokens


def _disguise() -> dict[int, str]:
    """Return the printable character that stands for each byte in a vocabulary of GPT-2's kind."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = (byte for byte in range(256) if byte not in printable)
    return {byte: chr(byte) for byte in printable} | {
        byte: chr(256 + number) for number, byte in enumerate(hidden)
    }
