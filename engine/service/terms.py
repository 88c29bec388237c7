"""The terms of a caller put upon a request: whether it may be asked at all, and what it is then."""

from __future__ import annotations

import msgspec

from hinterland.engine.protocol import Message
from hinterland.engine.requests import Order
from hinterland.engine.service.house import Terms
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import EngineError, ModelError


class TurnedAwayError(EngineError):
    """The caller may not ask now, whatever it is."""


def check(terms: Terms, at_once: int, spent: int) -> None:
    """Return if somebody with so many requests and so many tokens today may ask one more thing;
    raises TurnedAwayError."""
    if terms.closed:
        raise TurnedAwayError(terms.closed, "Ask who looks after your class.")
    if terms.at_once and at_once >= terms.at_once:
        raise TurnedAwayError(
            f"You have as many requests running or waiting as one person may have here: {at_once}.",
            "Wait for one of them to end, or press Ctrl-C in the other window (Esc in the chat).",
        )
    if terms.tokens_a_day and spent >= terms.tokens_a_day:
        raise TurnedAwayError(
            f"You have had the {terms.tokens_a_day:,} tokens that one person may have a day here.",
            "Ask again tomorrow.",
        )


def with_system(order: Order, terms: Terms) -> Order:
    """Return `order` with the system prompt of the terms before its own."""
    if not terms.system:
        return order
    first, *rest = order.messages
    sent, *others = order.body["messages"]
    if first.role != "system":
        message = Message("system", terms.system)
        messages = (message, *order.messages)
        body = [{"role": "system", "content": terms.system}, *order.body["messages"]]
    else:
        content = f"{terms.system}\n\n{first.content}"
        messages = (Message("system", content), *rest)
        body = [{**sent, "content": content}, *others]
    return msgspec.structs.replace(order, messages=messages, body=order.body | {"messages": body})


def shortened(order: Order, terms: Terms) -> Order:
    """Return `order` with an answer that is no longer than the terms allow, whatever it asks for."""
    if not terms.answer:
        return order
    most = min(order.sampling.max_tokens or terms.answer, terms.answer)
    sampling = msgspec.structs.replace(order.sampling, max_tokens=most)
    return msgspec.structs.replace(order, sampling=sampling)


def check_model(terms: Terms, model: str) -> None:
    """Raise ModelError for a model that the terms do not allow."""
    if terms.models and model not in terms.models:
        raise ModelError(
            f"The model {model} is not for you to ask here.",
            f"You may ask {', '.join(terms.models)}.",
        )


def narrowed(spec: WorkerSpec, terms: Terms) -> WorkerSpec:
    """Return `spec` with the window that the terms allow."""
    if not terms.context or 0 < spec.context <= terms.context:
        return spec
    return msgspec.structs.replace(spec, context=terms.context)
