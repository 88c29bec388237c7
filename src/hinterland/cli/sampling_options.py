"""The options that say how an answer is written: the same wherever a command asks a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from hinterland.engine.protocol import Think

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--max-tokens", type=click.IntRange(min=1), help="The longest answer, in tokens."),
    click.option(
        "--temperature", type=click.FloatRange(0, 5), help="0 always takes the likeliest token."
    ),
    click.option(
        "--top-p", type=click.FloatRange(0, 1), help="Sample from this share of likelihood."
    ),
    click.option(
        "--top-k", type=click.IntRange(min=0), help="Sample from this many likeliest tokens."
    ),
    click.option("--seed", type=click.IntRange(0, 2**32 - 2), help="Makes sampling repeatable."),
    click.option(
        "--think",
        type=click.Choice([each.value for each in Think]),
        help="How much a model that thinks may think first.",
    ),
)


def sampling_options(function: Function) -> Function:
    """Give a command `--max-tokens`, `--temperature`, `--top-p`, `--top-k`, `--seed`, `--think`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
