"""How the model files of the GGML era are laid out, type by type: their numbers, their tensors.

From the examples of https://github.com/ggml-org/ggml (gpt-2, gpt-j, gpt-neox, dolly-v2, mpt, replit,
starcoder), llama.cpp before August 2023, and https://github.com/cmp-nct/ggllm.cpp (falcon).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Layout:
    """How files of a type are laid out."""

    fields: tuple[str, ...]
    """The numbers after magic and version."""
    shapes: Callable[[dict[str, int]], Shapes]
    """The tensors that must be there, and their shapes; for `open_ended` types the first of them."""
    memory_bytes: int
    """Bytes of one value in the context's memory."""
    containers: tuple[str, ...] = ("ggml",)
    vocabulary_again: bool = False
    scored: tuple[str, ...] = ()
    """Containers in which every token has a score."""
    optional: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    """Matrices that are kept as 32-bit floats."""
    mixed: bool = False
    """Whether every matrix may be stored in a way of its own; the numbers of `ftype` are llama.cpp's."""
    open_ended: bool = False
    """Whether the native loader checks names and shapes itself."""
    context: int | None = None
    """Tokens such models were trained for, where the file does not say."""


def _in_layers(h: dict[str, int], prefix: str, tensors: Shapes) -> Shapes:
    return {
        prefix.format(layer) + name: shape
        for layer in range(h["n_layer"])
        for name, shape in tensors.items()
    }


def _norm(name: str, width: int, weight: str = "weight", bias: str = "bias") -> Shapes:
    return {f"{name}{weight}": (width,), f"{name}{bias}": (width,)}


def _linear(
    name: str, inner: int, outer: int, weight: str = "weight", bias: str = "bias"
) -> Shapes:
    return {f"{name}{weight}": (inner, outer), f"{name}{bias}": (outer,)}


def _gpt2(h: dict[str, int]) -> Shapes:
    n = h["n_embd"]
    layer = (
        _norm("ln_1/", n, "g", "b")
        | _norm("ln_2/", n, "g", "b")
        | _linear("attn/c_attn/", n, 3 * n, "w", "b")
        | _linear("attn/c_proj/", n, n, "w", "b")
        | _linear("mlp/c_fc/", n, 4 * n, "w", "b")
        | _linear("mlp/c_proj/", 4 * n, n, "w", "b")
    )
    return {
        "model/wte": (n, h["n_vocab"]),
        "model/wpe": (n, h["n_ctx"]),
        "model/lm_head": (n, h["n_vocab"]),
        **_norm("model/ln_f/", n, "g", "b"),
        **_in_layers(h, "model/h{}/", layer),
    }


def _gptj(h: dict[str, int]) -> Shapes:
    n = h["n_embd"]
    layer = (
        _norm("ln_1.", n)
        | {f"attn.{part}_proj.weight": (n, n) for part in ("q", "k", "v", "out")}
        | _linear("mlp.fc_in.", n, 4 * n)
        | _linear("mlp.fc_out.", 4 * n, n)
    )
    return {
        "transformer.wte.weight": (n, h["n_vocab"]),
        **_norm("transformer.ln_f.", n),
        **_linear("lm_head.", n, h["n_vocab"]),
        **_in_layers(h, "transformer.h.{}.", layer),
    }


def _neox(h: dict[str, int]) -> Shapes:
    n = h["n_embd"]
    layer = (
        _norm("input_layernorm.", n)
        | _norm("post_attention_layernorm.", n)
        | _linear("attention.query_key_value.", n, 3 * n)
        | _linear("attention.dense.", n, n)
        | _linear("mlp.dense_h_to_4h.", n, 4 * n)
        | _linear("mlp.dense_4h_to_h.", 4 * n, n)
    )
    return {
        "gpt_neox.embed_in.weight": (n, h["n_vocab"]),
        "embed_out.weight": (n, h["n_vocab"]),
        **_norm("gpt_neox.final_layer_norm.", n),
        **_in_layers(h, "gpt_neox.layers.{}.", layer),
    }


def _mpt(h: dict[str, int]) -> Shapes:
    n = h["n_embd"]
    layer: Shapes = {
        "norm_1.weight": (n,),
        "norm_2.weight": (n,),
        "attn.Wqkv.weight": (n, 3 * n),
        "attn.out_proj.weight": (n, n),
        "ffn.up_proj.weight": (n, 4 * n),
        "ffn.down_proj.weight": (4 * n, n),
    }
    return {
        "transformer.wte.weight": (n, h["n_vocab"]),
        "transformer.norm_f.weight": (n,),
        **_in_layers(h, "transformer.blocks.{}.", layer),
    }


def _falcon(h: dict[str, int]) -> Shapes:
    n, head = h["n_embd"], h["n_embd"] // h["n_head"]
    norms = ("input_layernorm.",) if _is_7b(h) else ("ln_mlp.", "ln_attn.")
    layer: Shapes = {
        "self_attention.query_key_value.weight": (n, (2 * h["n_head_kv"] + h["n_head"]) * head),
        "self_attention.dense.weight": (n, n),
        "mlp.dense_h_to_4h.weight": (n, 4 * n),
        "mlp.dense_4h_to_h.weight": (4 * n, n),
    }
    for norm in norms:
        layer |= _norm(norm, n)
    return {
        "transformer.word_embeddings.weight": (n, h["n_vocab"]),
        "lm_head.weight": (n, h["n_vocab"]),
        **_norm("transformer.ln_f.", n),
        **_in_layers(h, "transformer.h.{}.", layer),
    }


def _is_7b(h: dict[str, int]) -> bool:
    """Whether a Falcon is of the smaller form: its loader goes by the layers, then by what it is called."""
    return h["n_layer"] == 32 or (h["n_layer"] != 60 and h["falcon_type"] == 7)


_GPT = ("n_vocab", "n_ctx", "n_embd", "n_head", "n_layer")
_MOSAIC = ("n_embd", "n_ctx", "n_head", "n_layer", "n_vocab")
_NEOX = Layout((*_GPT, "n_rot", "par_res", "ftype"), _neox, memory_bytes=2)
_GPT2 = Layout(
    (*_GPT, "ftype"),
    _gpt2,
    memory_bytes=4,
    vocabulary_again=True,
    optional=("model/lm_head",),
    vectors=("model/wpe",),
)
LAYOUTS = {
    "gpt2": _GPT2,
    "gptj": Layout((*_GPT, "n_rot", "ftype"), _gptj, memory_bytes=2, vocabulary_again=True),
    "gpt_neox": _NEOX,
    "mpt": Layout((*_MOSAIC, "alibi_bias_max", "clip_qkv", "ftype"), _mpt, memory_bytes=2),
    "falcon": Layout(
        ("n_vocab", "n_embd", "n_head", "n_head_kv", "n_layer", "falcon_type", "ftype"),
        _falcon,
        memory_bytes=4,
        containers=("ggcc",),
        scored=("ggcc",),
        mixed=True,
        context=2048,
    ),
    "starcoder": _GPT2,
    "replit": Layout((*_MOSAIC, "ftype"), _mpt, memory_bytes=2, scored=("ggml",)),
    "dolly-v2": _NEOX,
    "llama": Layout(
        ("n_vocab", "n_embd", "n_mult", "n_head", "n_layer", "n_rot", "ftype"),
        lambda h: {"tok_embeddings.weight": (h["n_embd"], h["n_vocab"])},
        memory_bytes=2,
        containers=("ggml", "ggmf", "ggjt"),
        scored=("ggmf", "ggjt"),
        mixed=True,
        open_ended=True,
        context=2048,
    ),
}
TYPES = tuple(LAYOUTS)
"""What such a file can be, in the words of ctransformers."""
