"""Answers and working checked by computing: verdicts, faulty steps, and what would be accepted."""

from hinterland.plugins.tutoring.checking.checker import Checker
from hinterland.plugins.tutoring.checking.judgement import Judgement, StepFault, Verdict
from hinterland.plugins.tutoring.checking.times import bare_times
from hinterland.plugins.tutoring.checking.verdicts import accepts, judge_plainly

__all__ = ["Checker", "Judgement", "StepFault", "Verdict", "accepts", "bare_times", "judge_plainly"]
