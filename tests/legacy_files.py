"""Small models of the GGML era, written and computed without the engine: the file, and in NumPy what
a right engine makes of it.

Layout of the files: https://github.com/ggml-org/ggml/tree/master/examples/gpt-2
"""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

Floats = NDArray[np.float32]

no_ctransformers = pytest.mark.skipif(
    importlib.util.find_spec("ctransformers") is None,
    reason="ctransformers has no library for this processor",
)

LMGG = 0x67676D6C
END = b"<|endoftext|>"
WORDS = [f" {a}{b}".encode() for a in "bcdfghklmnprst" for b in "aeiou"]
VOCABULARY = [bytes([byte]) for byte in range(256)] + [END, *WORDS]
"""Every byte, so that any prompt can be written, the end, and words."""
WIDTH, HEADS, LAYERS, CONTEXT = 32, 4, 2, 2048


def weights(seed: int = 0) -> dict[str, Floats]:
    """Return random weights of a tiny GPT-2, with the names and shapes of its file."""
    random = np.random.default_rng(seed)

    def noise(*shape: int, scale: float = 0.4) -> Floats:
        return random.normal(0, scale, shape).astype(np.float32)

    head = noise(len(VOCABULARY), WIDTH, scale=0.5)
    head[: len(VOCABULARY) - len(WORDS)] = 0  # says words only: half a character is no answer
    tensors = {
        "model/ln_f/g": 1 + noise(WIDTH, scale=0.1),
        "model/ln_f/b": noise(WIDTH, scale=0.1),
        "model/wte": noise(len(VOCABULARY), WIDTH),
        "model/wpe": noise(CONTEXT, WIDTH),
        "model/lm_head": head,
    }
    for layer in range(LAYERS):
        tensors |= {
            f"model/h{layer}/ln_1/g": 1 + noise(WIDTH, scale=0.1),
            f"model/h{layer}/ln_1/b": noise(WIDTH, scale=0.1),
            f"model/h{layer}/ln_2/g": 1 + noise(WIDTH, scale=0.1),
            f"model/h{layer}/ln_2/b": noise(WIDTH, scale=0.1),
            f"model/h{layer}/attn/c_attn/w": noise(3 * WIDTH, WIDTH),
            f"model/h{layer}/attn/c_attn/b": noise(3 * WIDTH, scale=0.1),
            f"model/h{layer}/attn/c_proj/w": noise(WIDTH, WIDTH),
            f"model/h{layer}/attn/c_proj/b": noise(WIDTH, scale=0.1),
            f"model/h{layer}/mlp/c_fc/w": noise(4 * WIDTH, WIDTH),
            f"model/h{layer}/mlp/c_fc/b": noise(4 * WIDTH, scale=0.1),
            f"model/h{layer}/mlp/c_proj/w": noise(WIDTH, 4 * WIDTH),
            f"model/h{layer}/mlp/c_proj/b": noise(WIDTH, scale=0.1),
        }
    return tensors


def gpt2_bytes(seed: int = 0) -> bytes:
    """Return the legacy file of the tiny GPT-2."""
    hparams = (len(VOCABULARY), CONTEXT, WIDTH, HEADS, LAYERS, 0)
    parts = [struct.pack("<I6i", LMGG, *hparams), struct.pack("<i", len(VOCABULARY))]
    parts += [struct.pack("<I", len(word)) + word for word in VOCABULARY]
    parts += [tensor(name, values) for name, values in weights(seed).items()]
    return b"".join(parts)


def tensor(name: str, values: Floats) -> bytes:
    """Return one tensor of a legacy file: dimensions (innermost first), name, 32-bit floats."""
    shape = values.shape[::-1]
    head = struct.pack("<3i", len(shape), len(name), 0) + struct.pack(f"<{len(shape)}i", *shape)
    return head + name.encode() + values.tobytes()


def write_gpt2(path: Path, seed: int = 0) -> Path:
    """Write the tiny GPT-2."""
    path.write_bytes(gpt2_bytes(seed))
    return path


def gpt2_says(tokens: list[int], count: int, seed: int = 0) -> list[int]:
    """Return the `count` tokens that the tiny GPT-2 says after `tokens`, the likeliest each time."""
    model = weights(seed)
    said = list(tokens)
    for _ in range(count):
        said.append(int(np.argmax(_gpt2_logits(model, said))))
    return said[len(tokens) :]


def _gpt2_logits(model: dict[str, Floats], tokens: list[int]) -> Floats:
    x = model["model/wte"][tokens] + model["model/wpe"][: len(tokens)]
    future = np.triu(np.full((len(tokens), len(tokens)), -np.inf, np.float32), 1)

    def linear(x: Floats, name: str) -> Floats:
        return x @ model[f"{name}/w"].T + model[f"{name}/b"]

    def norm(x: Floats, name: str) -> Floats:
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
        return x * model[f"{name}/g"] + model[f"{name}/b"]

    for layer in range(LAYERS):
        at = f"model/h{layer}"
        q, k, v = (
            part.reshape(len(tokens), HEADS, -1).transpose(1, 0, 2)
            for part in np.split(linear(norm(x, f"{at}/ln_1"), f"{at}/attn/c_attn"), 3, axis=-1)
        )
        seen = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(WIDTH // HEADS) + future) @ v
        x = x + linear(seen.transpose(1, 0, 2).reshape(len(tokens), WIDTH), f"{at}/attn/c_proj")
        x = x + linear(gelu(linear(norm(x, f"{at}/ln_2"), f"{at}/mlp/c_fc")), f"{at}/mlp/c_proj")
    logits: Floats = norm(x, "model/ln_f")[-1] @ model["model/lm_head"].T
    return logits


def softmax(x: Floats) -> Floats:
    """Return the softmax over the last axis."""
    powers = np.exp(x - x.max(-1, keepdims=True))
    shares: Floats = powers / powers.sum(-1, keepdims=True)
    return shares


def gelu(x: Floats) -> Floats:
    """Return GPT-2's GELU (the tanh form)."""
    y: Floats = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return y.astype(np.float32)
