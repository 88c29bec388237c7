"""The families: what a model file of each has, and what the tiny one of it says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hinterland.engine.protocol import Think
from tests.families.scripted import Script, Vocabulary

REASONING = (b"\nWarm", b" water", b" keeps", b" germs", b" alive", b".\n")
ANSWER = (b"Boil", b" the", b" \xe6\xb0", b"\xb4", b"\xf0\x9f", b"\x92\xa7", b" first", b".")
"""Two of its characters are cut between tokens."""
NEVER = (b" NEVER", b" SEEN", b" NEVER")

THOUGHT = "Warm water keeps germs alive."
ANSWERED = "Boil the 水💧 first."


@dataclass(frozen=True)
class Family:
    name: str
    architecture: str
    template_file: str
    vocabulary: Vocabulary
    script: Script
    thinks: bool = False
    """Whether it thinks when nothing is asked for."""
    steered_by: str = ""
    """The variable of its template that says how much to think."""
    can_be_off: bool = True

    @property
    def template(self) -> str:
        return (Path(__file__).parent / "templates" / self.template_file).read_text("utf-8")

    def says(self, think: Think) -> dict[str, object]:
        """Return what its template is told: by hand, not by what is tested."""
        match self.steered_by:
            case "":
                return {"enable_thinking": True}
            case "reasoning_effort":
                return {"reasoning_effort": "high" if think is Think.HIGH else "low"}
            case variable:
                return {variable: think is not Think.OFF}


def _answers(after: bytes, stop: bytes, newline: bytes = b"") -> tuple[bytes, ...]:
    """Return the chain from what a prompt ends with through the answer to the stop token."""
    return (after, *((newline,) if newline else ()), *ANSWER, stop, *NEVER)


def _thinks(after: tuple[bytes, ...], then: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return the chain from what a prompt ends with through the reasoning to the answer."""
    return (*after, *REASONING, b"</think>", *then, ANSWER[0])


def _chat_ml(pre: str, *, think: bool = True) -> Vocabulary:
    return Vocabulary(
        "gpt2",
        pre,
        (b"<|endoftext|>", b"<|im_start|>", b"<|im_end|>"),
        (b"<think>", b"</think>") if think else (),
        stop=b"<|im_end|>",
    )


def _deepseek(pre: str) -> Vocabulary:
    return Vocabulary(
        "gpt2",
        pre,
        ("<｜begin▁of▁sentence｜>".encode(), "<｜end▁of▁sentence｜>".encode()),
        (*("<｜User｜>".encode(), "<｜Assistant｜>".encode()), b"<think>", b"</think>"),
        begin="<｜begin▁of▁sentence｜>".encode(),
        stop="<｜end▁of▁sentence｜>".encode(),
    )


_END = "<｜end▁of▁sentence｜>".encode()

FAMILIES = (
    Family(
        "llama-3",
        "llama",
        "meta-llama-Llama-3.2-3B-Instruct.jinja",
        Vocabulary(
            "gpt2",
            "llama-bpe",
            (
                b"<|begin_of_text|>",
                b"<|start_header_id|>",
                b"<|end_header_id|>",
                b"<|eot_id|>",
            ),
            begin=b"<|begin_of_text|>",
            stop=b"<|eot_id|>",
        ),
        Script((_answers(b"\n\n", b"<|eot_id|>"),)),
    ),
    Family(
        "qwen2.5",
        "qwen2",
        "Qwen-Qwen2.5-7B-Instruct.jinja",
        _chat_ml("qwen2", think=False),
        Script((_answers(b"\n", b"<|im_end|>"),)),
    ),
    Family(
        "qwen3",
        "qwen3",
        "Qwen-Qwen3-0.6B.jinja",
        _chat_ml("qwen2"),
        Script((_thinks((b"\n", b"<think>"), (b"\n\n",)), _answers(b"\n\n", b"<|im_end|>"))),
        thinks=True,
        steered_by="enable_thinking",
    ),
    Family(
        "qwen3.5",
        "qwen35",
        "Qwen3.5-4B.jinja",
        _chat_ml("qwen35"),
        Script((_thinks((b"\n",), (b"\n\n",)), _answers(b"\n\n", b"<|im_end|>"))),
        thinks=True,
        steered_by="enable_thinking",
    ),
    Family(
        "deepseek-r1-distill-llama",
        "llama",
        "deepseek-ai-DeepSeek-R1-Distill-Llama-8B.jinja",
        _deepseek("llama-bpe"),
        Script((_thinks((b"\n",), (b"\n\n",)), _answers(b"\n\n", _END), (b"</think>", b"\n\n"))),
        thinks=True,
    ),
    Family(
        "deepseek-r1-distill-qwen",
        "qwen2",
        "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja",
        _deepseek("deepseek-r1-qwen"),
        Script((_thinks((b"\n",), (b"\n\n",)), _answers(b"\n\n", _END))),
        thinks=True,
        steered_by="enable_thinking",
    ),
    Family(
        "deepseek-v3.1",
        "deepseek2",
        "deepseek-ai-DeepSeek-V3.1.jinja",
        _deepseek("deepseek-v3"),
        Script((_thinks((b"<think>",), ()), _answers(b"</think>", _END))),
        thinks=True,
        steered_by="thinking",
    ),
    Family(
        "glm-4",
        "glm4",
        "zai-org-GLM-4-9B-0414.jinja",
        Vocabulary(
            "gpt2",
            "glm4",
            (
                b"<|endoftext|>",
                b"[gMASK]",
                b"<sop>",
                b"<|system|>",
                b"<|user|>",
                b"<|assistant|>",
                b"<|observation|>",
            ),
            stop=b"<|user|>",
        ),
        Script((_answers(b"<|assistant|>", b"<|user|>", b"\n"),)),
    ),
    Family(
        "glm-4.6",
        "glm4moe",
        "GLM-4.6.jinja",
        Vocabulary(
            "gpt2",
            "glm4",
            (
                b"<|endoftext|>",
                b"[gMASK]",
                b"<sop>",
                b"<|system|>",
                b"<|user|>",
                b"<|assistant|>",
                b"<|observation|>",
            ),
            (b"<think>", b"</think>", b"/nothink"),
            stop=b"<|user|>",
        ),
        Script(
            (
                _thinks((b"<|assistant|>", b"\n", b"<think>"), (b"\n\n",)),
                _answers(b"\n\n", b"<|user|>"),
            )
        ),
        thinks=True,
        steered_by="enable_thinking",
    ),
    Family(
        "hunyuan-dense",
        "hunyuan-dense",
        "tencent-Hy-MT2-1.8B.jinja",
        Vocabulary(
            "gpt2",
            "hunyuan-dense",
            tuple(
                f"<｜hy_{name}｜>".encode()
                for name in (
                    "begin▁of▁sentence",
                    "User",
                    "Assistant",
                    "place▁holder▁no▁2",
                    "place▁holder▁no▁3",
                    "place▁holder▁no▁8",
                )
            ),
            stop="<｜hy_place▁holder▁no▁2｜>".encode(),
        ),
        Script((_answers("<｜hy_Assistant｜>".encode(), "<｜hy_place▁holder▁no▁2｜>".encode()),)),
    ),
    Family(
        "gpt-oss",
        "gpt-oss",
        "openai-gpt-oss-120b.jinja",
        Vocabulary(
            "gpt2",
            "gpt-4o",
            (
                b"<|startoftext|>",
                b"<|start|>",
                b"<|channel|>",
                b"<|message|>",
                b"<|end|>",
                b"<|return|>",
                b"<|call|>",
            ),
            stop=b"<|return|>",
        ),
        Script(
            (
                (b"t", b"<|channel|>", b"analysis", b"<|message|>", *REASONING, b"<|end|>"),
                (b"<|end|>", b"<|start|>", b"assistant", b"<|channel|>"),
                (b"final", b"<|message|>"),
                (*ANSWER, b"<|return|>", *NEVER),
            ),
            seen=REASONING[-1],
            then=((b"<|channel|>", b"final"), (b"<|message|>", ANSWER[0])),
        ),
        thinks=True,
        steered_by="reasoning_effort",
        can_be_off=False,
    ),
    Family(
        "gemma-3",
        "gemma3",
        "google-gemma-3-4b-it.jinja",
        Vocabulary(
            "llama",
            control=(b"<pad>", b"<eos>", b"<bos>", b"<unk>", b"<start_of_turn>", b"<end_of_turn>"),
            begin=b"<bos>",
            stop=b"<end_of_turn>",
        ),
        Script(
            (
                (
                    b"\n",
                    *(
                        piece
                        for text in ANSWER
                        for piece in (
                            [text] if text.isascii() else [bytes([byte]) for byte in text]
                        )
                    ),
                    b"<end_of_turn>",
                    *NEVER,
                ),
            )
        ),
    ),
    Family(
        "smollm2",
        "llama",
        "HuggingFaceTB-SmolLM2-135M-Instruct.jinja",
        _chat_ml("smollm", think=False),
        Script((_answers(b"\n", b"<|im_end|>"),)),
    ),
    Family(
        "smollm3",
        "smollm3",
        "HuggingFaceTB-SmolLM3-3B.jinja",
        _chat_ml("smaug-bpe"),
        Script(
            (_thinks((b"\n", b"<think>"), (b"\n\n",)), _answers(b"\n\n", b"<|im_end|>")),
            seen=b"</think>",
            then=((b"\n", ANSWER[0]),),
        ),
        thinks=True,
        steered_by="enable_thinking",
    ),
)
