"""A model's tokens made into text that may be shown: whole characters, and nothing of a stop text."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextFlow:
    """Feed it the bytes of each token; it gives the text that is certain so far."""

    def __init__(self, stops: Sequence[str] = (), *, trim: bool = False) -> None:
        self._stops = [stop for stop in stops if stop]
        self._trim = trim
        # Bytes that can never become a character are replaced; a character that is not whole waits.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self.stopped = False
        """Whether a stop text was met; what follows it is not given out."""

    def feed(self, token: bytes) -> str:
        """Return the text that `token` makes certain."""
        if self.stopped:
            return ""
        text = self._decoder.decode(token)
        if self._trim and text:
            text = text.lstrip()
            self._trim = not text
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            certain, self._held = self._held[: min(found)], ""
            return certain
        keep = self._beginning_of_a_stop()
        certain = self._held[: len(self._held) - keep]
        self._held = self._held[len(certain) :]
        return certain

    def end(self) -> str:
        """Return what was held back as the possible beginning of a stop text; half characters, cut
        off by a limit, are dropped."""
        held, self._held = self._held, ""
        return held

    def _beginning_of_a_stop(self) -> int:
        """Return the length of the longest end of the text that a stop text begins with."""
        longest = 0
        for stop in self._stops:
            for length in range(min(len(stop) - 1, len(self._held)), longest, -1):
                if self._held.endswith(stop[:length]):
                    longest = length
                    break
        return longest
