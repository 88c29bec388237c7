"""Whom a service serves, and on what terms: one account, or everybody of a group on a shared box."""

from __future__ import annotations

import os
from typing import Protocol

import msgspec

from hinterland.engine.protocol import Priority


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller may have. Decided by the service from the kernel's word and the settings."""

    weight: float = 1.0
    """Their share of the engine, beside that of others."""
    at_once: int = 0
    """Requests running or waiting; 0 is no limit."""
    tokens_a_day: int = 0
    context: int = 0
    """The largest window, prompt and answer together; 0 leaves it to the engine."""
    answer: int = 0
    """The most tokens of one answer; 0 is no limit."""
    models: tuple[str, ...] = ()
    """The models they may ask; empty allows all."""
    system: str = ""
    """Stands before whatever system prompt a request brings."""
    notice: str = ""
    """What they have to be told with every answer."""
    closed: str = ""
    """Why they may not ask anything now, in one sentence; empty when they may."""
    sees_all: bool = False
    """Whether they see the numbers of everybody."""
    role: str = ""
    """The name of the role file these terms come from."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer took: numbers, never words."""

    uid: int
    model: str
    priority: Priority
    arrived: float
    """Seconds since the epoch."""
    waited: float
    """Seconds in line."""
    expected: float | None = None
    """Seconds in line that were told at the beginning; None where nothing was told."""
    first: float | None = None
    """Seconds from arrival to the first token; None where none came."""
    reading: float | None = None
    """Seconds from its turn to the first token: its prompt was read then."""
    took: float
    """Seconds from arrival to the end."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    finish: str = ""
    role: str = ""


class Caller(msgspec.Struct, frozen=True):
    """Who asks: the uid that the kernel gives for the socket's peer, and what they may have."""

    uid: int
    terms: Terms


class House(Protocol):
    """Who is let in."""

    @property
    def shared(self) -> bool:
        """Whether several accounts are served: then no words are kept, and states belong to one."""

    def terms(self, uid: int) -> Terms | None:
        """Return what that user may have; None for one who is not let in. May read files."""

    def note(self, served: Served) -> None:
        """Take note of an answer that ended; must not block."""


class OwnAccount:
    """The house of a service that belongs to one account: the account itself, and root."""

    shared = False

    def terms(self, uid: int) -> Terms | None:
        return Terms(sees_all=True) if uid in (os.getuid(), 0) else None

    def note(self, served: Served) -> None:
        """Keep nothing."""
