"""When a class is open: weekdays with hours, in the machine's local time."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec


class Day(StrEnum):
    """Weekdays, in the order of `datetime.weekday`."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


DAYS = tuple(Day)

Clock = Annotated[str, msgspec.Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
"""Such as `08:30`; so written, an earlier hour is a smaller text."""


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """`[[hours]]`: some hours of some weekdays, the end not included."""

    start: Clock
    to: Clock
    days: tuple[Day, ...] = DAYS

    def include(self, now: datetime) -> bool:
        """Whether a moment is within them."""
        return DAYS[now.weekday()] in self.days and self.start <= f"{now:%H:%M}" < self.to

    def __str__(self) -> str:
        days = "daily" if set(self.days) == set(DAYS) else "/".join(self.days)
        return f"{days} {self.start}-{self.to}"
