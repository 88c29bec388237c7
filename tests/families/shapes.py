"""What llama.cpp wants of a file of each architecture: numbers in its header, and tensors.

All weights of a block are zero and all its norms one, so that a block adds nothing to what passes
through it. Shapes are as llama.cpp's loaders ask for them (src/models/*.cpp), inputs first.
"""

from __future__ import annotations

from collections.abc import Callable

from gguf import GGUFWriter

WIDTH = 384
"""Of the residual stream: a place for each token of a small vocabulary, and one to remember in."""
HEAD = 64
HEADS = 6
KV_HEADS = 2
FEED_FORWARD = 64

Shape = tuple[int, ...]
Shapes = dict[str, Shape]
"""Tensor name within a block → shape."""


def _attention() -> Shapes:
    return {
        "attn_norm.weight": (WIDTH,),
        "attn_q.weight": (WIDTH, HEADS * HEAD),
        "attn_k.weight": (WIDTH, KV_HEADS * HEAD),
        "attn_v.weight": (WIDTH, KV_HEADS * HEAD),
        "attn_output.weight": (HEADS * HEAD, WIDTH),
    }


def _feed_forward(up: int = FEED_FORWARD) -> Shapes:
    return {
        "ffn_norm.weight": (WIDTH,),
        "ffn_up.weight": (WIDTH, up),
        "ffn_down.weight": (FEED_FORWARD, WIDTH),
    }


def _gated() -> Shapes:
    return _feed_forward() | {"ffn_gate.weight": (WIDTH, FEED_FORWARD)}


def _head_norms() -> Shapes:
    return {"attn_q_norm.weight": (HEAD,), "attn_k_norm.weight": (HEAD,)}


def plain(block: int) -> Shapes:
    """Llama, SmolLM3."""
    return _attention() | _gated()


def qwen2(block: int) -> Shapes:
    """Qwen2 has biases where Llama has none."""
    biases = {
        "attn_q.bias": (HEADS * HEAD,),
        "attn_k.bias": (KV_HEADS * HEAD,),
        "attn_v.bias": (KV_HEADS * HEAD,),
    }
    return plain(block) | biases


def head_norms(block: int) -> Shapes:
    """Qwen3, Hunyuan: queries and keys are normed."""
    return plain(block) | _head_norms()


def glm4(block: int) -> Shapes:
    """GLM-4 norms after attention and feed-forward too; gate and up are one matrix."""
    norms = {"post_attention_norm.weight": (WIDTH,), "post_ffw_norm.weight": (WIDTH,)}
    return _attention() | _feed_forward(2 * FEED_FORWARD) | norms


def gemma3(block: int) -> Shapes:
    """Gemma 3 norms queries, keys, and after attention and feed-forward."""
    norms = {"post_attention_norm.weight": (WIDTH,), "post_ffw_norm.weight": (WIDTH,)}
    return plain(block) | _head_norms() | norms


EXPERTS = 4
EXPERT = 32


def _experts() -> Shapes:
    return {
        "ffn_gate_inp.weight": (WIDTH, EXPERTS),
        "ffn_gate_exps.weight": (WIDTH, EXPERT, EXPERTS),
        "ffn_up_exps.weight": (WIDTH, EXPERT, EXPERTS),
        "ffn_down_exps.weight": (EXPERT, WIDTH, EXPERTS),
    }


def _shared_experts() -> Shapes:
    return _experts() | {
        "exp_probs_b.bias": (EXPERTS,),
        "ffn_gate_shexp.weight": (WIDTH, EXPERT),
        "ffn_up_shexp.weight": (WIDTH, EXPERT),
        "ffn_down_shexp.weight": (EXPERT, WIDTH),
    }


def glm4moe(block: int) -> Shapes:
    """GLM-4.5 and 4.6: experts, one of them shared, after the first, dense block."""
    around = _attention() | _head_norms() | {"post_attention_norm.weight": (WIDTH,)}
    feed = _gated()
    del feed["ffn_norm.weight"]
    return around | (_shared_experts() if block else feed)


def gpt_oss(block: int) -> Shapes:
    """gpt-oss: a mixture of experts, biases everywhere, attention sinks."""
    biases = {
        "attn_q.bias": (HEADS * HEAD,),
        "attn_k.bias": (KV_HEADS * HEAD,),
        "attn_v.bias": (KV_HEADS * HEAD,),
        "attn_output.bias": (WIDTH,),
        "attn_sinks.weight": (HEADS,),
        "ffn_gate_inp.bias": (EXPERTS,),
        "ffn_gate_exps.bias": (EXPERT, EXPERTS),
        "ffn_up_exps.bias": (EXPERT, EXPERTS),
        "ffn_down_exps.bias": (WIDTH, EXPERTS),
        "post_attention_norm.weight": (WIDTH,),
    }
    return _attention() | _experts() | biases


_QUERY_RANK, _KV_RANK, _ROPE, _NOPE, _VALUE = 16, 64, 16, 32, 32
_MLA_HEADS = 4


def deepseek2(block: int) -> Shapes:
    """DeepSeek-V2, V3, R1: multi-head latent attention; experts after the first, dense block."""
    attention = {
        "attn_norm.weight": (WIDTH,),
        "attn_q_a.weight": (WIDTH, _QUERY_RANK),
        "attn_q_a_norm.weight": (_QUERY_RANK,),
        "attn_q_b.weight": (_QUERY_RANK, _MLA_HEADS * (_NOPE + _ROPE)),
        "attn_kv_a_mqa.weight": (WIDTH, _KV_RANK + _ROPE),
        "attn_kv_a_norm.weight": (_KV_RANK,),
        "attn_k_b.weight": (_NOPE, _KV_RANK, _MLA_HEADS),
        "attn_v_b.weight": (_KV_RANK, _VALUE, _MLA_HEADS),
        "attn_output.weight": (_MLA_HEADS * _VALUE, WIDTH),
    }
    if block == 0:
        return attention | _gated()
    return attention | {"ffn_norm.weight": (WIDTH,)} | _shared_experts()


_STATE, _KEY_HEADS, _VALUE_HEADS, _KERNEL = 32, 2, 4, 4


def qwen35(block: int) -> Shapes:
    """Qwen3.5: every second block here attends, the others are gated delta nets."""
    around = {"attn_norm.weight": (WIDTH,), "post_attention_norm.weight": (WIDTH,)}
    feed = _gated()
    del feed["ffn_norm.weight"]
    if block % 2:
        gated_queries = {"attn_q.weight": (WIDTH, 2 * HEADS * HEAD)}
        return around | _attention() | gated_queries | _head_norms() | feed
    keys, values = _STATE * _KEY_HEADS, _STATE * _VALUE_HEADS
    delta_net = {
        "attn_qkv.weight": (WIDTH, 2 * keys + values),
        "attn_gate.weight": (WIDTH, values),
        "ssm_conv1d.weight": (_KERNEL, 2 * keys + values),
        "ssm_dt.bias": (_VALUE_HEADS,),
        "ssm_a": (_VALUE_HEADS,),
        "ssm_beta.weight": (WIDTH, _VALUE_HEADS),
        "ssm_alpha.weight": (WIDTH, _VALUE_HEADS),
        "ssm_norm.weight": (_STATE,),
        "ssm_out.weight": (values, WIDTH),
    }
    return around | delta_net | feed


def describe(writer: GGUFWriter, architecture: str) -> None:
    """Write the numbers that the loader of an architecture asks for."""
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(2)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10_000.0)
    if architecture == "deepseek2":
        writer.add_head_count(_MLA_HEADS)
        writer.add_head_count_kv(1)
        writer.add_key_length(_KV_RANK + _ROPE)
        writer.add_value_length(_KV_RANK)
        writer.add_key_length_mla(_NOPE + _ROPE)
        writer.add_value_length_mla(_VALUE)
        writer.add_q_lora_rank(_QUERY_RANK)
        writer.add_kv_lora_rank(_KV_RANK)
        writer.add_rope_dimension_count(_ROPE)
    else:
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(KV_HEADS)
        writer.add_key_length(HEAD)
        writer.add_value_length(HEAD)
        writer.add_rope_dimension_count(HEAD)
    if architecture in ("deepseek2", "glm4moe"):
        writer.add_leading_dense_block_count(1)
        writer.add_expert_shared_count(1)
        writer.add_expert_weights_scale(1.0)
        writer.add_expert_weights_norm(True)
        writer.add_uint32(f"{architecture}.expert_gating_func", 2)  # sigmoid
    if architecture in ("deepseek2", "glm4moe", "gpt-oss"):
        writer.add_expert_count(EXPERTS)
        writer.add_expert_used_count(2)
        writer.add_expert_feed_forward_length(EXPERT)
    if architecture in ("gpt-oss", "gemma3"):
        writer.add_sliding_window(4096)
    if architecture == "qwen35":
        writer.add_rope_dimension_sections([16, 8, 8, 0])
        writer.add_ssm_conv_kernel(_KERNEL)
        writer.add_ssm_inner_size(_STATE * _VALUE_HEADS)
        writer.add_ssm_state_size(_STATE)
        writer.add_ssm_time_step_rank(_VALUE_HEADS)
        writer.add_ssm_group_count(_KEY_HEADS)
        writer.add_full_attention_interval(2)


BLOCKS: dict[str, Callable[[int], Shapes]] = {
    "llama": plain,
    "smollm3": plain,
    "qwen2": qwen2,
    "qwen3": head_norms,
    "hunyuan-dense": head_norms,
    "glm4": glm4,
    "glm4moe": glm4moe,
    "gemma3": gemma3,
    "gpt-oss": gpt_oss,
    "deepseek2": deepseek2,
    "qwen35": qwen35,
}
"""Architecture → the tensors of its n-th block."""
