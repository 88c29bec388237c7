"""Small GGUF files: sound ones written by the reference library, broken ones by hand."""

from __future__ import annotations

import struct
from pathlib import Path

import gguf
import numpy as np

STRING, ARRAY, U32, U64 = 8, 9, 4, 10


def write_model(path: Path, name: str = "Tiny", weights: int = 64 * 64, seed: int = 0) -> Path:
    """Write a model that has everything but sense: llama, 2 layers, vocabulary of 4."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_context_length(2048)
    writer.add_block_count(2)
    writer.add_embedding_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_file_type(1)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["a", "b", "c", "d"])
    writer.add_array("test.numbers", [1, 2, 3])
    writer.add_chat_template("{{ messages }}")
    noise = np.random.default_rng(seed).integers(0, 256, weights * 2, dtype=np.uint8)
    writer.add_tensor("token_embd.weight", noise.view(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def text(value: str) -> bytes:
    """Return a string as GGUF stores it."""
    encoded = value.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def pair(key: str, kind: int, value: bytes) -> bytes:
    """Return a metadata key with its value."""
    return text(key) + struct.pack("<I", kind) + value


ARCHITECTURE = pair("general.architecture", STRING, text("llama"))


def header(
    *pairs: bytes, keys: int | None = None, tensors: int = 0, version: int = 3, rest: bytes = b""
) -> bytes:
    """Return a header; `keys` and `tensors` are what it claims, whatever it has."""
    count = len(pairs) if keys is None else keys
    return b"GGUF" + struct.pack("<IQQ", version, tensors, count) + b"".join(pairs) + rest


def tensor(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    """Return the description of a tensor; `kind` 0 is 32-bit floats."""
    return (
        text(name)
        + struct.pack("<I", len(shape))
        + struct.pack(f"<{len(shape)}Q", *shape)
        + struct.pack("<IQ", kind, offset)
    )
