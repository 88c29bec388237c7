"""Answers that went on in the shared box when their reader had gone.

The box keeps no words on a disk: such an answer is there while it is written and for some minutes
more, and the history has of it what was shown.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hinterland.engine import shared
from hinterland.engine.protocol import FinishReason
from hinterland.errors import ConfigError

if TYPE_CHECKING:
    from hinterland.turns import Turn

_LONGEST = 24 * 3600.0
"""Seconds after which no box is still at it, however many wait."""


def may_have_gone_on(turns: Sequence[Turn]) -> Turn | None:
    """Return the last of `turns` if its reader left before its end and there is a shared box, which
    may have the rest; whoever follows it finds out."""
    turn = next((turn for turn in reversed(turns) if turn.asked), None)
    if turn is None or turn.finish_reason is not FinishReason.INTERRUPTED or turn.error:
        return None
    if time.time() - turn.created > _LONGEST:
        return None
    try:
        return None if shared.find() is None else turn
    except ConfigError:  # whatever is asked next tells of it
        return None
