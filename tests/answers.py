"""What tests ask of the events of an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator

from hinterland.engine.protocol import Done, Event, Failed, TextDelta


async def collect(events: AsyncIterator[Event]) -> list[Event]:
    """Return all the events of an answer."""
    return [event async for event in events]


def said(events: list[Event]) -> str:
    """Return the text that the events of an answer make."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def last(events: list[Event]) -> Done | Failed:
    """Return the event that ended an answer."""
    assert isinstance(events[-1], Done | Failed), events[-1:]
    return events[-1]
