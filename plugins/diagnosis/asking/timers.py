"""Counting with a clock: breaths for a full minute, and how long a pinched fold of skin stands.

It needs nothing but lines, so that it works on any terminal: Enter is pressed at each breath.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from hinterland.language import _
from hinterland.plugins.forms.typed_lines import TypedLines

BREATHS, PINCH = "breaths_per_minute", "skin_pinch"
MINUTE = 60.0  # seconds


def breaths(typed: TypedLines, say: Callable[[str], None], seconds: float = MINUTE) -> int | None:
    """Return the breaths counted in a full minute; None when whoever watches has counted alone.

    Raises EOFError at the end of the input and KeyboardInterrupt where it is given up.
    """
    say(_("Watch the chest or belly of the calm patient. Press Enter to start the minute."))
    typed.line()
    say(_("Now: press Enter at each breath in, or count in your head. Ctrl-C gives up."))
    deadline = time.monotonic() + seconds
    count = 0
    while True:
        try:
            typed.line(deadline)
        except TimeoutError:
            break
        count += 1
        say(f"{count}")
    say(_("The minute is over."))
    return count or None


def pinch(typed: TypedLines, say: Callable[[str], None]) -> float:
    """Return the seconds from letting a fold of skin go until it is flat; raises like `breaths`."""
    say(_("Pinch for one second. Press Enter as you let go, and again when the fold is flat."))
    typed.line()
    began = time.monotonic()
    typed.line()
    return time.monotonic() - began
