"""Whom the house of a shared box knows."""

from __future__ import annotations

from hinterland.box.house import SiteHouse
from hinterland.site import Site

_NOBODYS = 4_000_000_000  # user ids from here on are no account's


def test_nothing_is_kept_of_strangers() -> None:
    """Somebody may have 65,536 user ids."""
    house = SiteHouse(Site())
    root = house.terms(0)
    assert root is not None
    assert [house.terms(uid) for uid in range(_NOBODYS, _NOBODYS + 100)] == [None] * 100
    assert list(house._known) == [0]
    assert house.terms(0) is root
