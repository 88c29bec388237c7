"""`--think` in the words of the model's chat template, and the sentence for a model that cannot.

Which words a template knows is a fact of the model (`WorkerSpec.thinking`, found by
`models.template`): variables that turn thinking on and off, `reasoning_effort`, or only marks
around the reasoning of a model that always thinks. Reasoning of the last kind is ended by
llama.cpp's own budget.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hinterland.engine.protocol import Think
from hinterland.engine.requests import Order
from hinterland.engine.workers.spec import WorkerSpec

LOW_BUDGET = 256
"""Tokens of reasoning with `low`, where the template has no word for it; half of the longest answer
where that is less."""
_SWITCHES = ("enable_thinking", "thinking")
_EFFORT, _NO_EFFORT = "reasoning_effort", "no_think"
# Not 0: where the template itself opens the reasoning with `<think>` and a line feed, that line feed
# counts, and llama.cpp (b11549) lets a budget of 0 pass.
_LEAST_BUDGET = 1
_TEMPLATE_WORKERS = frozenset({"llamacpp", "native"})
"""Workers that render the model's own template, by llama.cpp."""
# The sentence with which Qwen3 was trained to end its reasoning early (Qwen3 technical report,
# arXiv:2505.09388, section 4.3).
_ENOUGH = (
    "\n\nConsidering the limited time by the user, I have to give the solution based on the "
    "thinking directly now.\n"
)


def steer(order: Order, spec: WorkerSpec) -> tuple[Order, str]:
    """Return the order with what makes its model think as much as is wished for, and what the user
    has to be told when it does not; empty when there is nothing to tell, or nobody asked for it with
    this request."""
    order = _stopped(order, spec)
    think = order.hint.think
    if think is None:
        return order, ""
    if spec.kind == "remote":
        # Which model answers there is not known; this is OpenAI's word, with llama-server's `none`.
        effort = "none" if think is Think.OFF else think.value
        return msgspec.structs.replace(order, body=order.body | {_EFFORT: effort}), ""
    words = spec.thinking if spec.kind in _TEMPLATE_WORKERS else ()
    if not words:
        told = f"{spec.model} does not think, so `--think {think}` changes nothing."
        return order, "" if think is Think.OFF or order.hint.usual else told
    variables, budget, note = _said(think, words, spec.model)
    body = dict(order.body)
    if variables:
        given = body.get("chat_template_kwargs")
        body["chat_template_kwargs"] = (given if isinstance(given, dict) else {}) | variables
    if budget is not None:
        most = order.sampling.max_tokens or 2 * budget
        body["reasoning_budget_tokens"] = min(budget, max(1, most // 2))
        if think is Think.LOW and most >= 2 * budget:  # there is room for a sentence
            body["reasoning_budget_message"] = _ENOUGH
    return msgspec.structs.replace(order, body=body), "" if order.hint.usual else note


def _stopped(order: Order, spec: WorkerSpec) -> Order:
    if not spec.stop:
        return order
    stop = [*order.sampling.stop, *spec.stop]
    return msgspec.structs.replace(order, body=order.body | {"stop": stop})


def _said(
    think: Think, words: tuple[str, ...], model: str
) -> tuple[dict[str, Any], int | None, str]:
    """Return variables for the template, a budget for the reasoning and a note for the user."""
    switches: dict[str, Any] = {name: think is not Think.OFF for name in _SWITCHES if name in words}
    if _EFFORT in words:
        if think is not Think.OFF:
            return switches | {_EFFORT: think.value}, None, ""
        if _NO_EFFORT in words:
            return switches | {_EFFORT: _NO_EFFORT}, None, ""
        if not switches:
            note = f"{model} always thinks; it was asked to think as little as it can."
            return {_EFFORT: Think.LOW.value}, None, note
    if think is Think.LOW:
        return switches, LOW_BUDGET, ""
    if think is Think.OFF and not switches:
        return {}, _LEAST_BUDGET, ""
    return switches, None, ""
