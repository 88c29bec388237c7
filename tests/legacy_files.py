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

from hinterland.models import legacy
from hinterland.models.legacy_layouts import LAYOUTS

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


def write_any(path: Path, kind: str, *, ascii_only: bool = False) -> Path:
    """Write a tiny legacy model of any type, with random weights."""
    layout = LAYOUTS[kind]
    sizes = {"n_vocab": len(VOCABULARY), "n_ctx": 256, "n_embd": WIDTH, "n_head": HEADS}
    sizes |= {"n_layer": LAYERS, "n_rot": WIDTH // HEADS, "par_res": 1, "n_mult": 32, "ftype": 0}
    container = layout.containers[-1]
    sizes |= {"n_head_kv": 1, "falcon_type": 7}
    magic = next(magic for magic, name in legacy.MAGICS.items() if name == container)
    version = {"ggjt": 3, "ggcc": 10}.get(container)
    parts = [magic, struct.pack("<I", version) if version else b""]
    parts += [struct.pack("<i", sizes.get(field, 0)) for field in layout.fields]
    merges = [(b" ", word[1:2]) for word in WORDS] + [(word[:2], word[2:]) for word in WORDS]
    if container == "ggcc":
        parts.append(struct.pack("<i", len(merges)))
    if layout.vocabulary_again:
        parts.append(struct.pack("<i", len(VOCABULARY)))
    for number, word in enumerate(VOCABULARY):
        word = f"unused {number}".encode() if ascii_only and 128 <= number < 256 else word
        word = word.replace(b" ", "▁".encode()) if kind == "replit" else word
        word = _mosaic(word) if kind == "mpt" else word
        parts.append(struct.pack("<I", len(word)) + word)
        if container in layout.scored:
            parts.append(struct.pack("<f", -number / 100))
    if container == "ggcc":
        parts.append(struct.pack("<i", len(merges)))
        for merge in merges:
            parts += [struct.pack("<I", len(piece)) + piece for piece in merge]
    random = np.random.default_rng(0)
    shapes = layout.shapes(sizes) if kind != "llama" else _llama_shapes()
    written = len(b"".join(parts))
    for name, shape in shapes.items():
        values = random.normal(0, 0.3, shape[::-1]).astype(np.float32)
        if name in ("model/lm_head", "lm_head.weight", "embed_out.weight", "output.weight"):
            values[: len(VOCABULARY) - len(WORDS)] = 0
        head = tensor(name, values)[: -values.nbytes]
        padding = bytes(-(written + len(head)) % 32) if version else b""
        parts += [head, padding, values.tobytes()]
        written += len(head) + len(padding) + values.nbytes
    path.write_bytes(b"".join(parts))
    return path


def _mosaic(word: bytes) -> bytes:
    """Return a token as files of MPT spell it: every byte as the character of that number."""
    return word.decode("latin-1").encode()


def _llama_shapes() -> dict[str, tuple[int, ...]]:
    n, hidden = WIDTH, 96
    shapes: dict[str, tuple[int, ...]] = {
        "tok_embeddings.weight": (n, len(VOCABULARY)),
        "norm.weight": (n,),
        "output.weight": (n, len(VOCABULARY)),
    }
    for layer in range(LAYERS):
        at = f"layers.{layer}."
        shapes |= {f"{at}attention.w{part}.weight": (n, n) for part in "qkvo"}
        shapes |= {f"{at}{norm}_norm.weight": (n,) for norm in ("attention", "ffn")}
        shapes |= {f"{at}feed_forward.w{part}.weight": (n, hidden) for part in "13"}
        shapes[f"{at}feed_forward.w2.weight"] = (hidden, n)
    return shapes
