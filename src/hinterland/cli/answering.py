"""One prompt on its way: what is shown of the answer, and what Ctrl-C does."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from hinterland.engine.protocol import (
    Done,
    Event,
    Failed,
    FinishReason,
    Note,
    ReasoningDelta,
    SentTo,
    TextDelta,
)
from hinterland.errors import (
    ContextError,
    EngineError,
    NoModelError,
    StorageError,
    by_name,
    name_of,
)
from hinterland.language import _
from hinterland.sentences import translated
from hinterland.text import clean_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from hinterland.cli.answer import AnswerView
    from hinterland.conversation import Conversation
    from hinterland.images import Picture
    from hinterland.turns import Turn

_TO_THE_SOCKET = 0.01  # seconds; a first event ends the wait
_PATIENCE_WITH_STOP = 5.0  # seconds between Ctrl-C and giving up on a tidy end


class Answering:
    """Asks `conversation` once; stdout gets the answer, or one JSON object. Reasoning goes to
    standard error, when it is to be shown."""

    def __init__(
        self,
        conversation: Conversation,
        *,
        as_json: bool,
        raw: bool,
        show_reasoning: bool = False,
        make_room: str | None = None,
    ) -> None:
        self._conversation = conversation
        self._json = as_json
        self._raw = raw
        self._show_reasoning = show_reasoning
        self._make_room = make_room
        self._stopping = False
        self._turn: Turn | None = None
        self._last: Done | Failed | None = None

    async def ask(
        self, prompt: str, schema: dict[str, Any] | None, images: Sequence[Picture] = ()
    ) -> int:
        """Show the answer and return the exit code; raises what went wrong."""
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        assert task is not None
        loop.add_signal_handler(signal.SIGINT, self._interrupt, loop, task)
        not_kept: StorageError | None = None
        try:
            await self._show_in_room(prompt, schema, images)
        except StorageError as error:
            not_kept = error
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            self._last = Done(FinishReason.CANCELLED)
        last = self._last
        unasked = isinstance(last, Failed) and last.kind == NoModelError.__name__
        if self._json and self._turn is not None and last is not None and not unasked:
            _print_envelope(self._turn, self._conversation, last)
        if not_kept is not None:
            raise not_kept
        if isinstance(last, Failed):
            raise by_name(last.kind, last.message, last.hint)
        assert last is not None
        if schema is not None and last.finish_reason is FinishReason.STOP:
            self._check(schema)
        return self._explain(last, goes_on=schema is None)

    async def _show_in_room(
        self, prompt: str, schema: dict[str, Any] | None, images: Sequence[Picture]
    ) -> None:
        """Show the answer; a conversation that outgrew the window is made shorter if that is wanted."""
        ask = self._conversation.ask
        try:
            await self._show(ask(prompt, schema=schema, images=images), schema is None)
        except ContextError as error:
            from hinterland.cli.room import make_room, refusal

            try:
                made = await make_room(self._conversation, error, self._make_room)
                if not made or self._stopping:
                    self._last = Done(FinishReason.CANCELLED)
                    return
                await self._show(ask(prompt, schema=schema, images=images), schema is None)
            except ContextError as still:
                refused = refusal(still)
                self._last = Failed(name_of(refused), refused.message, refused.hint)

    async def _show(self, events: AsyncIterator[Event], markdown: bool) -> None:
        """Show the answer as it comes, and take note of its turn and its end."""
        # The request goes out now; what only the answer needs is imported while the engine works.
        coming = asyncio.ensure_future(anext(events))
        await asyncio.wait({coming}, timeout=_TO_THE_SOCKET)
        from hinterland.cli.answer import answer_view, reasoning_view
        from hinterland.progress_line import ProgressLine

        view = None if self._json else answer_view(raw=self._raw, markdown=markdown)
        thoughts = reasoning_view() if self._show_reasoning else None
        progress = ProgressLine(quiet=self._json)
        try:
            event = await coming
            while True:
                if isinstance(event, TextDelta):
                    progress.clear()
                    if thoughts is not None:
                        thoughts.finish()
                    if view is not None:
                        view.write(event.text)
                elif isinstance(event, ReasoningDelta) and thoughts is not None:
                    progress.clear()
                    thoughts.write(event.text)
                elif isinstance(event, Note | SentTo):
                    progress.clear()
                    _tell(event, view)
                else:
                    progress.show(event)
                    self._turn = self._conversation.running or self._turn
                    if isinstance(event, Done | Failed):
                        self._last = event
                event = await anext(events)
        except StopAsyncIteration:
            pass
        finally:
            progress.clear()
            if thoughts is not None:
                thoughts.finish()
            if view is not None:
                view.finish(interrupted=self._stopping)

    def _check(self, schema: dict[str, Any]) -> None:
        from hinterland import schemas

        assert self._turn is not None
        if reason := schemas.check_answer(schema, self._turn.answer):
            raise EngineError(f"The answer does not follow the schema: {reason}.", "Ask again.")

    def _interrupt(self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
        if self._stopping:
            task.cancel()
            return
        self._stopping = True
        self._stop_task = loop.create_task(self._conversation.stop())
        loop.call_later(_PATIENCE_WITH_STOP, task.cancel)

    def _explain(self, done: Done, *, goes_on: bool) -> int:
        """Say on standard error why the answer ended early, if it did, and return the exit code.
        `goes_on` says whether there can be a rest of it."""
        turn = self._turn
        if done.finish_reason is FinishReason.CANCELLED:
            kept = self._conversation.kept and turn is not None and turn.answer
            said = _("stopped; what was written is kept") if kept else _("stopped")
            click.echo(f"hint: {said}", err=True)
            return 130
        if done.finish_reason is FinishReason.LENGTH:
            more = ""
            if turn is not None and turn.cut_at:
                why = _("an answer has at most {most:,} tokens here").format(most=turn.cut_at)
                if goes_on and self._conversation.kept and turn.answer:
                    more = _('`hint ask -c "go on"` asks for the rest')
            elif turn is not None and turn.sampling.max_tokens:
                why = f"--max-tokens {turn.sampling.max_tokens}"
            else:
                used = done.usage.prompt_tokens + done.usage.completion_tokens
                why = _("the context is full ({used} tokens, prompt included)").format(used=used)
            if turn is not None and turn.reasoning and not turn.answer:
                why = _(
                    "{why}, and the model was still thinking; try --think low or --think off"
                ).format(why=why)
            said = _("the answer was cut off: {why}").format(why=why)
            click.echo(f"hint: {said}; {more}" if more else f"hint: {said}", err=True)
        return 0


def _tell(event: Note | SentTo, view: AnswerView | None) -> None:
    """Say on standard error what is no part of the answer, on a line of its own."""
    if view is not None:
        view.make_way()
    told = event.text if isinstance(event, Note) else where_words_go(event)
    click.echo(f"hint: {clean_line(translated(told), 400)}", err=True)


def where_words_go(event: SentTo) -> str:
    """Return the sentence that tells of a remote engine."""
    from hinterland import address

    said = _("the words go to {model} {place}")
    return said.format(model=event.model, place=address.parse(event.url).note)


def _print_envelope(turn: Turn, conversation: Conversation, last: Done | Failed) -> None:
    import msgspec

    envelope = {
        "answer": turn.answer,
        "reasoning": turn.reasoning,
        "model": turn.model,
        "finish_reason": turn.finish_reason,
        "usage": turn.usage,
        "timings": turn.timings,
        "conversation_id": conversation.id if conversation.kept else None,
        "turn_id": turn.id,
    }
    if isinstance(last, Failed):
        envelope["error"] = {"kind": last.kind, "message": last.message, "hint": last.hint}
    sys.stdout.write(msgspec.json.encode(envelope).decode() + "\n")
    sys.stdout.flush()
