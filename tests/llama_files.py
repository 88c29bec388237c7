"""A small Llama with a SentencePiece vocabulary: its GGUF file, and in NumPy what a right engine
makes of it."""

from __future__ import annotations

import struct
from pathlib import Path

import gguf
import numpy as np

from tests.legacy_files import Floats, softmax

PIECES = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
WORDS = ["▁", *(f"▁{a}{b}" for a in "bcdfghklmnprst" for b in "aeiou")]
VOCABULARY = PIECES + WORDS
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
WIDTH, HEADS, LAYERS, HIDDEN, CONTEXT = 64, 4, 2, 96, 512
EPSILON, ROPE = 1e-5, 10_000.0
TEMPLATE = (
    "{% for message in messages %}{% if message.role == 'user' %}{{ bos_token + '[INST] ' + "
    "message.content + ' [/INST]' }}{% else %}{{ message.content + eos_token }}{% endif %}{% endfor %}"
)


def weights(seed: int = 0) -> dict[str, Floats]:
    """Return random weights, with the names and shapes of the file."""
    random = np.random.default_rng(seed)

    def noise(*shape: int, scale: float = 0.3) -> Floats:
        return random.normal(0, scale, shape).astype(np.float32)

    head = noise(len(VOCABULARY), WIDTH, scale=0.5)
    head[: len(PIECES) + 1] = 0  # says words only
    tensors = {
        "token_embd.weight": noise(len(VOCABULARY), WIDTH, scale=1.0),
        "output_norm.weight": 1 + noise(WIDTH, scale=0.1),
        "output.weight": head,
    }
    for layer in range(LAYERS):
        tensors |= {
            f"blk.{layer}.attn_norm.weight": 1 + noise(WIDTH, scale=0.1),
            f"blk.{layer}.ffn_norm.weight": 1 + noise(WIDTH, scale=0.1),
            f"blk.{layer}.ffn_gate.weight": noise(HIDDEN, WIDTH),
            f"blk.{layer}.ffn_up.weight": noise(HIDDEN, WIDTH),
            f"blk.{layer}.ffn_down.weight": noise(WIDTH, HIDDEN),
        }
        for part in ("q", "k", "v", "output"):
            tensors[f"blk.{layer}.attn_{part}.weight"] = noise(WIDTH, WIDTH)
    return tensors


def write_llama(path: Path, seed: int = 0, *, template: str = TEMPLATE, version: int = 3) -> Path:
    """Write the tiny Llama as GGUF; `version` 1 is the first form of it, of August 2023."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Tiny")
    writer.add_context_length(CONTEXT)
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(VOCABULARY)
    writer.add_token_scores([0.0] * len(PIECES) + [-float(n) for n in range(len(WORDS))])
    kinds = [UNKNOWN, CONTROL, CONTROL] + [BYTE] * 256 + [NORMAL] * len(WORDS)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    if template:
        writer.add_chat_template(template)
    for name, values in weights(seed).items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    if version == 1:
        path.write_bytes(_as_version_1(path.read_bytes()))
    elif version == 2:
        whole = path.read_bytes()
        path.write_bytes(whole[:4] + struct.pack("<I", 2) + whole[8:])
    return path


def _as_version_1(whole: bytes) -> bytes:
    """Return a GGUF file with the 32-bit counts and lengths that version 1 had."""
    out = bytearray(whole[:4] + struct.pack("<I", 1))
    at = 8
    sizes = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1}

    def number() -> int:
        nonlocal at
        at += 8
        return int(struct.unpack_from("<Q", whole, at - 8)[0])

    def copy(count: int) -> bytes:
        nonlocal at
        out.extend(whole[at : at + count])
        at += count
        return whole[at - count : at]

    def shorten() -> int:
        value = number()
        out.extend(struct.pack("<I", value))
        return value

    def value(kind: int) -> None:
        if kind == 8:
            copy(shorten())
        elif kind == 9:
            inner = struct.unpack("<I", copy(4))[0]
            for _ in range(shorten()):
                value(inner)
        else:
            copy(sizes[kind])

    tensors, keys = shorten(), shorten()
    for _ in range(keys):
        copy(shorten())
        value(struct.unpack("<I", copy(4))[0])
    for _ in range(tensors):
        copy(shorten())
        for _ in range(struct.unpack("<I", copy(4))[0]):
            shorten()
        copy(12)
    data = -(-at // 32) * 32
    return bytes(out) + b"\0" * (-len(out) % 32) + whole[data:]


def llama_says(tokens: list[int], count: int, seed: int = 0) -> list[int]:
    """Return the `count` tokens that the tiny Llama says after `tokens`, the likeliest each time."""
    model = weights(seed)
    said = list(tokens)
    for _ in range(count):
        said.append(int(np.argmax(_logits(model, said))))
    return said[len(tokens) :]


def _logits(model: dict[str, Floats], tokens: list[int]) -> Floats:
    length, head = len(tokens), WIDTH // HEADS
    x = model["token_embd.weight"][tokens]
    future = np.triu(np.full((length, length), -np.inf, np.float32), 1)
    angles = np.arange(length)[:, None] * ROPE ** (-np.arange(0, head, 2) / head)
    turn = np.exp(1j * angles)

    def norm(x: Floats, name: str) -> Floats:
        scaled: Floats = x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        return scaled * model[f"{name}.weight"]

    def heads(x: Floats) -> Floats:
        return x.reshape(length, HEADS, head).transpose(1, 0, 2)

    def rotated(x: Floats) -> Floats:
        pairs = x.reshape(HEADS, length, head // 2, 2)
        turned = (pairs[..., 0] + 1j * pairs[..., 1]) * turn
        both: Floats = np.stack([turned.real, turned.imag], -1).reshape(x.shape)
        return both.astype(np.float32)

    for layer in range(LAYERS):
        at = f"blk.{layer}"
        y = norm(x, f"{at}.attn_norm")
        q, k, v = (heads(y @ model[f"{at}.attn_{part}.weight"].T) for part in "qkv")
        seen: Floats = (
            softmax(rotated(q) @ rotated(k).transpose(0, 2, 1) / np.float32(np.sqrt(head)) + future)
            @ v
        )
        x = x + seen.transpose(1, 0, 2).reshape(length, WIDTH) @ model[f"{at}.attn_output.weight"].T
        y = norm(x, f"{at}.ffn_norm")
        gate = y @ model[f"{at}.ffn_gate.weight"].T
        up = y @ model[f"{at}.ffn_up.weight"].T
        x = x + (gate / (1 + np.exp(-gate)) * up) @ model[f"{at}.ffn_down.weight"].T
    logits: Floats = norm(x, "output_norm")[-1] @ model["output.weight"].T
    return logits
