"""The tutor's own words, as data that can be translated and changed."""

from hinterland.plugins.tutoring.words.loading import SHIPPED, load
from hinterland.plugins.tutoring.words.wording import Words

__all__ = ["SHIPPED", "Words", "load"]
