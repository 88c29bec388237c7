"""Small GGUF files: sound ones written by the reference library, broken ones by hand."""

from __future__ import annotations

import struct
from pathlib import Path

import gguf
import numpy as np

STRING, ARRAY, U32 = 8, 9, 4


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


def write_projector(path: Path, width: int, side: int = 56, seed: int = 0) -> Path:
    """Write an image projector of the LLaVA kind for a model that is `width` wide.

    It has one patch of 14 × 14 pixels a token, so (side / 14)² tokens an image, an encoder of one
    layer and noise for weights: it turns different images into different tokens, without sense.
    """
    inner, patch = 32, 14
    positions = (side // patch) ** 2
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_string("general.type", "mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.use_gelu", True)
    for key, value in {
        "image_size": side,
        "patch_size": patch,
        "embedding_length": inner,
        "feed_forward_length": 2 * inner,
        "block_count": 2,  # LLaVA takes what comes out of the last but one
        "projection_dim": width,
        "attention.head_count": 2,
    }.items():
        writer.add_uint32(f"clip.vision.{key}", value)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    noise = np.random.default_rng(seed)

    def tensor(name: str, *shape: int) -> None:
        writer.add_tensor(name, (noise.standard_normal(shape) * 0.1).astype(np.float32))

    tensor("v.patch_embd.weight", inner, 3, patch, patch)
    tensor("v.position_embd.weight", positions, inner)
    for layer in range(2):
        block = f"v.blk.{layer}"
        for name in ("attn_q", "attn_k", "attn_v", "attn_out"):
            tensor(f"{block}.{name}.weight", inner, inner)
        for name in ("ln1", "ln2"):
            for part in ("weight", "bias"):
                tensor(f"{block}.{name}.{part}", inner)
        tensor(f"{block}.ffn_up.weight", 2 * inner, inner)
        tensor(f"{block}.ffn_down.weight", inner, 2 * inner)
    tensor("mm.0.weight", width, inner)
    tensor("mm.0.bias", width)
    tensor("mm.2.weight", width, width)
    tensor("mm.2.bias", width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
