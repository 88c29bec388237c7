"""Whether a lesson is right, before a pupil meets it: keys proved, nothing given away, numbers that fit."""

from hinterland.plugins.tutoring.proofing.leaks import gives_away, leak_in
from hinterland.plugins.tutoring.proofing.proving import Problem, faults, judged, problems, proof

__all__ = ["Problem", "faults", "gives_away", "judged", "leak_in", "problems", "proof"]
