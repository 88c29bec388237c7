"""Whom the shared box serves: the members of the site's group, and teachers with a larger share."""

from __future__ import annotations

import time
from datetime import datetime

from hinterland.box.classes import Classes
from hinterland.box.members import groups_of
from hinterland.engine.service.house import Served, Terms
from hinterland.site import Site

_KEPT = 5.0  # seconds until the groups of a user who is let in are looked up again


class SiteHouse:
    """The house of a site. `terms` reads the machine's groups and may be called from any thread."""

    shared = True

    def __init__(self, site: Site) -> None:
        self.site = site
        self.classes = Classes(site)
        self._known: dict[int, tuple[float, Terms]] = {}
        """Until when what is known of a user holds. Nothing is kept of strangers, who may be very many."""

    def terms(self, uid: int) -> Terms | None:
        """Return what that user may have; None for one who is not of the group."""
        known, now = self._known.get(uid), time.monotonic()
        if known is not None and known[0] >= now:
            return known[1]
        terms = self._looked_up(uid)
        if terms is None:
            self._known.pop(uid, None)
        else:
            self._known[uid] = now + _KEPT, terms
        return terms

    def note(self, served: Served) -> None:
        """Keep nothing: the service's own ledger counts."""

    def _looked_up(self, uid: int) -> Terms | None:
        site, limits = self.site, self.site.limits
        if uid == 0:
            return Terms(weight=site.teachers_weight, sees_all=True)
        groups = groups_of(uid)
        teaches = site.teachers in groups
        if not teaches and site.group not in groups:
            return None
        terms = Terms(
            weight=site.teachers_weight if teaches else 1.0,
            at_once=limits.at_once,
            tokens_a_day=limits.tokens_a_day,
            context=limits.context,
            answer=limits.answer,
            models=site.models,
            sees_all=teaches,
        )
        return self.classes.apply(uid, groups, terms, datetime.now())  # noqa: DTZ005 - local hours
