"""The process that does algebra with SymPy: it is given trees, never text, and may be killed at any
time. Nothing else imports SymPy.

Each line it reads is a request as JSON, each line it writes is the answer to one.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hinterland.engine.workers.lifeline import die_with_parent

if TYPE_CHECKING:
    from sympy import Expr, Set

Tree = list[Any]

_REFUSED = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
)
_REQUESTS_BETWEEN_CLEANINGS = 200


def serve() -> None:
    """Be the child: limits first, then SymPy, then one answer for each request."""
    die_with_parent()
    memory, seconds = map(int, sys.argv[1:3])
    _limit_memory(memory)
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what a library prints is no answer
    _warm()
    sys.addaudithook(_refuse)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for count, line in enumerate(sys.stdin, 1):
        _limit_seconds(seconds)
        print(json.dumps({"is": answer(json.loads(line))}), file=answers, flush=True)
        if count % _REQUESTS_BETWEEN_CLEANINGS == 0:
            from sympy.core.cache import clear_cache

            clear_cache()


def answer(request: dict[str, Any]) -> object:
    """Return the answer to a request; None where it cannot be decided."""
    try:
        return _REQUESTS[request["do"]](*request["of"])
    except (ArithmeticError, AttributeError, LookupError, MemoryError, NotImplementedError):
        return None
    except (RecursionError, TypeError, ValueError):
        return None


def _refuse(event: str, _arguments: object) -> None:
    """Algebra needs no network and no other program: whatever would start one fails."""
    if event.startswith(_REFUSED):
        raise PermissionError(event)


def _limit_memory(memory: int) -> None:
    import resource

    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (most, most))
        except (OSError, ValueError):  # a lower limit is in force, or macOS refuses
            continue


def _limit_seconds(seconds: int) -> None:
    """Let a request use so much processor time; the kernel ends the process after that."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    if hard == resource.RLIM_INFINITY or soft < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _warm() -> None:
    """Import what requests need, so that the first one is as quick as the next."""
    x: Tree = ["letter", "x"]
    two: Tree = ["number", "2"]
    square: Tree = ["power", x, two]
    _equal(
        ["sum", square, ["root", ["number", "8"]]],
        ["sum", ["product", x, x], ["product", two, ["root", two]]],
    )
    _solutions([[square, two]], [[x, two]], "x")
    _is_factored([["sum", square, two]])


def expression(tree: Tree) -> Expr:
    """Return a tree as a SymPy expression; raises ValueError for what is no tree."""
    import sympy

    kind = tree[0]
    if kind == "number":
        number = Fraction(tree[1])
        return sympy.Rational(number.numerator, number.denominator)
    if kind == "letter":
        return sympy.Symbol(tree[1], real=True)
    if kind == "pi":
        return sympy.pi
    parts = [expression(each) for each in tree[1:]]
    makers: dict[str, Callable[..., Expr]] = {
        "sum": sympy.Add,
        "product": sympy.Mul,
        "minus": lambda part: -part,
        "over": lambda top, bottom: top / bottom,
        "power": sympy.Pow,
        "root": sympy.sqrt,
        "size": sympy.Abs,
        "percent": lambda part: part / 100,
    }
    if kind not in makers:
        raise ValueError(kind)
    found = makers[kind](*parts)
    if found.has(sympy.zoo, sympy.nan, sympy.oo):
        raise ZeroDivisionError(kind)
    return found


def _equal(one: Tree, other: Tree) -> bool | None:
    """Whether two terms are the same wherever both are defined."""
    import sympy

    difference = expression(one) - expression(other)
    if difference == 0 or sympy.expand(difference) == 0:
        return True
    top = sympy.expand(sympy.numer(sympy.together(difference)))
    if top == 0:
        return True
    if difference.is_rational_function(*difference.free_symbols):
        return False
    if sympy.simplify(difference) == 0:
        return True
    found = difference.equals(0)
    return None if found is None else bool(found)


def _are_proportional(one: list[Tree], other: list[Tree]) -> bool | None:
    """Whether two equations, each as its two sides, are the same but for a factor."""
    import sympy

    first = expression(one[0]) - expression(one[1])
    second = expression(other[0]) - expression(other[1])
    if first == 0 or second == 0:
        return bool(first == second)
    ratio = sympy.cancel(sympy.together(first / second))
    if ratio.is_number:
        return bool(ratio != 0)
    return None if ratio.atoms(sympy.Pow, sympy.Abs) else False


def _solutions(one: list[list[Tree]], other: list[list[Tree]], letter: str) -> list[bool] | None:
    """Whether all that solves one of the first equations solves one of the second, and back."""
    import sympy

    symbol = sympy.Symbol(letter, real=True)
    found = [sympy.Union(*(_solved(each, symbol) for each in side)) for side in (one, other)]
    subsets = found[0].is_subset(found[1]), found[1].is_subset(found[0])
    return None if None in subsets else [bool(each) for each in subsets]


def _solved(sides: list[Tree], symbol: Any) -> Set:
    """Return the real numbers that solve an equation; raises NotImplementedError where unclear."""
    import sympy

    difference = sympy.together(expression(sides[0]) - expression(sides[1]))
    if difference.free_symbols - {symbol}:
        raise NotImplementedError
    top, bottom = sympy.fraction(difference)
    top = sympy.expand(top)
    if top == 0:
        return sympy.S.Reals
    if top.is_number:
        return sympy.S.EmptySet
    if not (top.is_polynomial(symbol) and bottom.is_polynomial(symbol)):
        found = sympy.solveset(difference, symbol, sympy.S.Reals)
        if not isinstance(found, sympy.FiniteSet):
            raise NotImplementedError
        return found
    roots = set(sympy.real_roots(sympy.Poly(top, symbol)))
    return sympy.FiniteSet(*(each for each in roots if bottom.subs(symbol, each) != 0))


def _is_factored(factors: list[Tree]) -> bool | None:
    """Whether none of the factors can be factored further, and none has a number to take out."""
    import sympy

    for each in factors:
        number, parts = sympy.factor_list(expression(each))
        if abs(number) != 1 or len(parts) != 1 or parts[0][1] != 1:
            return False
    return True


_REQUESTS: dict[str, Callable[..., object]] = {
    "equal": _equal,
    "proportional": _are_proportional,
    "solutions": _solutions,
    "factored": _is_factored,
}
