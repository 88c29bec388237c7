"""Opening a conversation as the account is set up: a new one, a named one or the latest."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hinterland.collecting import may_have_gone_on
from hinterland.conversation import Conversation
from hinterland.engine.protocol import Think
from hinterland.late_history import LateHistory, history
from hinterland.prompt_memory import PromptMemory

if TYPE_CHECKING:
    from hinterland.config import Config
    from hinterland.engine.protocol import Sampling
    from hinterland.paths import Paths


def open_conversation(
    paths: Paths,
    config: Config,
    *,
    resume: str | None = None,
    latest: bool = False,
    model: str | None = None,
    system: str | None = None,
    sampling: Sampling | None = None,
    keep_history: bool = True,
) -> Conversation:
    """Return a new conversation over the account's engine, or one from the history.

    Raises InputError for an unknown id, and StorageError when the history cannot be read.
    """
    from hinterland import prompts
    from hinterland.engine.client import EngineClient

    record, running, left = None, None, None
    if resume or latest:
        record, running = history(paths).resume(resume)
        left = None if running else may_have_gone_on(record.branch())
    elif system is None:
        system = config.system or prompts.load("default", paths.config).system or None
    conversation = Conversation(
        EngineClient(paths),
        LateHistory(paths) if keep_history and config.history else None,
        record=record,
        running=running or left,
        model=_from_here(model) or (None if record else config.model or None),
        system=system,
        sampling=sampling,
    )
    conversation.collecting = left is not None
    conversation.usual_think = Think(config.think) if config.think else None
    conversation.config_folder = paths.config
    if conversation.kept:
        conversation.memory = PromptMemory(paths, conversation.id)
    return conversation


def _from_here(model: str | None) -> str | None:
    """Return a model that was named as a file by its whole path: the service runs elsewhere."""
    if model and ("/" in model or model.lower().endswith((".gguf", ".bin"))):
        return os.path.abspath(os.path.expanduser(model))
    return model
