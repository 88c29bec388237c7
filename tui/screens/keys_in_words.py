"""What keys do, in the language of the interface: bindings stand in classes, in English."""

from __future__ import annotations

from dataclasses import replace

from textual.binding import ActiveBinding
from textual.screen import Screen

from hinterland.language import _, catalogue


class KeysInWords(Screen[None]):
    """A screen whose footer, and whatever else asks for its keys, is told of them in words."""

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        bindings = super().active_bindings
        if catalogue() is None:
            return bindings
        return {
            key: active._replace(
                binding=replace(active.binding, description=_(active.binding.description))
            )
            for key, active in bindings.items()
        }
