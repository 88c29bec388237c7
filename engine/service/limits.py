"""How long an answer may get, and the refusal of a prompt that leaves no room for one."""

from __future__ import annotations

from hinterland.engine.protocol import room_for_answer
from hinterland.engine.requests import Order
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import ContextError


def answer_limit(spec: WorkerSpec, order: Order, prompt_tokens: int | None) -> int | None:
    """Return the most tokens the answer may have; None where only a remote engine knows, which
    refuses by itself what does not fit. Raises ContextError when the prompt leaves too few."""
    wanted = order.sampling.max_tokens
    if prompt_tokens is None or not spec.context:
        return wanted
    left = spec.context - prompt_tokens
    room = room_for_answer(order.hint.room, wanted, spec.context)
    if left < room:
        hint = "Shorten it; nothing was cut."
        more = "raise engine.context (`hint config set engine.context …`, then `hint engine stop`)"
        if spec.remote is not None:
            more = f"have {spec.model} given more there, and here in engines.{spec.model}.context"
        if not spec.shared:
            hint = f"Shorten it, or {more}; nothing was cut."
        raise ContextError(
            f"The prompt has {prompt_tokens:,} tokens and {spec.context - room:,} fit.", hint
        )
    return min(wanted or left, left)
