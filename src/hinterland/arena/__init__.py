"""Which of the models here suits the people here: blind votes, and the strengths they speak for."""

from hinterland.arena.bout import Bout, Side, fight, pair
from hinterland.arena.ranking import Strength, strengths
from hinterland.arena.votes import Outcome, Vote, Votes

__all__ = ["Bout", "Outcome", "Side", "Strength", "Vote", "Votes", "fight", "pair", "strengths"]
