"""`hint tutor`: a lesson by its topic, and what teachers do with lessons, pupils and results."""

from __future__ import annotations

from typing import Any

import click

from hinterland.plugins.tutoring.commands import classroom, learning, making, people, shelf


class TopicGroup(click.Group):
    """A group in which a first word that is none of its commands is a topic to learn."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        if first not in self.commands and first not in ctx.help_option_names:
            args = [learning.learn.name or "", *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[TOPIC] [OPTIONS]")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]...")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        learning.learn.format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


@click.group(name="tutor", cls=TopicGroup)
def command() -> None:
    """Learn with a tutor that makes you think, checks by computing, and remembers.

    TOPIC is a lesson, a topic or a subject, such as fractions; without one it goes on where you were,
    or brings back what is about to be forgotten.
    """


_COMMANDS: tuple[Any, ...] = (
    learning.learn,
    shelf.lessons,
    shelf.check,
    people.pupils,
    people.progress,
    people.export,
    classroom.quiz,
    classroom.results,
    making.make,
    making.accept,
    making.import_,
)
for _each in _COMMANDS:
    command.add_command(_each)
