"""`hint ask`: one answer on standard output.

Start-up time is this command's promise: what is not needed to put the request on the socket is
imported after it is there.
"""

from __future__ import annotations

import asyncio
import select
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hinterland.engine.protocol import (
    Done,
    Failed,
    FinishReason,
    Loading,
    PromptProgress,
    Queued,
    Sampling,
    TextDelta,
)
from hinterland.errors import EngineError, InputError, NoModelError, by_name

if TYPE_CHECKING:
    from hinterland.conversation import Conversation
    from hinterland.turns import Turn

_TO_THE_SOCKET = 0.01  # seconds; a first event ends the wait
_PATIENCE_WITH_STOP = 2.0  # seconds between Ctrl-C and giving up on a tidy end


@click.command(name="ask")
@click.argument("words", nargs=-1, metavar="[PROMPT]...")
@click.option("-m", "--model", help="The model to ask: an id, or a GGUF file.")
@click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Attach a document (text, Markdown, PDF, Word); may be repeated.",
)
@click.option("-s", "--system", help="A system prompt for this conversation.")
@click.option(
    "--schema",
    type=click.Path(path_type=Path),
    help="A JSON Schema file that the answer has to follow.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the text.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="The longest answer, in tokens.")
@click.option(
    "--temperature", type=click.FloatRange(0, 5), help="0 always takes the likeliest token."
)
@click.option("--top-p", type=click.FloatRange(0, 1), help="Sample from this share of likelihood.")
@click.option("--top-k", type=click.IntRange(min=0), help="Sample from this many likeliest tokens.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 2), help="Makes sampling repeatable.")
@click.option("-c", "--continue", "latest", is_flag=True, help="Go on with the last conversation.")
@click.option("--no-history", is_flag=True, help="Leave no trace of this on the disk.")
@click.option("--raw", is_flag=True, help="Print the model's bytes as they are, controls included.")
def command(
    words: tuple[str, ...],
    model: str | None,
    files: tuple[Path, ...],
    system: str | None,
    schema: Path | None,
    as_json: bool,
    max_tokens: int | None,
    temperature: float | None,
    top_p: float | None,
    top_k: int | None,
    seed: int | None,
    latest: bool,
    no_history: bool,
    raw: bool,
) -> int:
    """Answer PROMPT on standard output. Piped standard input is appended to it."""
    from hinterland import config, paths
    from hinterland.conversation import open_conversation

    found = paths.find()
    prompt = _prompt(words, files, found.config)
    rules = _schema(schema)
    conversation = open_conversation(
        found,
        config.load(found.config_file),
        latest=latest,
        model=model,
        system=system,
        sampling=Sampling(max_tokens, temperature, top_p, top_k, seed),
        keep_history=not no_history,
    )
    try:
        return asyncio.run(_Answering(conversation, as_json=as_json, raw=raw).ask(prompt, rules))
    except NoModelError:
        from hinterland.cli.offer import offer_starter

        if not offer_starter(found):
            raise
    return asyncio.run(_Answering(conversation, as_json=as_json, raw=raw).ask(prompt, rules))


def _prompt(words: tuple[str, ...], files: tuple[Path, ...], config_folder: Path) -> str:
    prompt = " ".join(words)
    if not prompt.isprintable() and any("\ud800" <= character <= "\udfff" for character in prompt):
        raise InputError("The prompt is not UTF-8 text.", "Set the terminal to UTF-8.")
    piped = _standard_input(waiting=bool(prompt))
    if files or piped:
        from hinterland import documents

        attached = [documents.read(path) for path in files]
        if piped.strip():
            attached.append(documents.standard_input(piped))
        for document in attached:
            if document.note:
                click.echo(f"hint: {document.note}", err=True)
        if not prompt and not files and attached:
            return attached[0].text.rstrip("\n")
        if attached:
            return documents.attach(prompt, attached, config_folder)
    if not prompt.strip():
        raise InputError("There is no prompt.", 'Type one: hint ask "Why do we boil water?"')
    return prompt


def _standard_input(*, waiting: bool) -> bytes:
    """Return what is piped in; nothing on a terminal."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return b""
    if waiting and sys.stderr.isatty() and not select.select([sys.stdin], [], [], 2.0)[0]:
        click.echo(
            "hint: reading standard input too; end it with Ctrl-D, or use < /dev/null", err=True
        )
    return sys.stdin.buffer.read()


def _schema(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    from hinterland import schemas

    return schemas.load(path)


class _Answering:
    """One prompt on its way: what is shown, and what Ctrl-C does."""

    def __init__(self, conversation: Conversation, *, as_json: bool, raw: bool) -> None:
        self._conversation = conversation
        self._json = as_json
        self._raw = raw
        self._stopping = False

    async def ask(self, prompt: str, schema: dict[str, Any] | None) -> int:
        """Show the answer and return the exit code; raises what went wrong."""
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        assert task is not None
        loop.add_signal_handler(signal.SIGINT, self._interrupt, loop, task)
        events = self._conversation.ask(prompt, schema=schema)
        # The request goes out now; what only the answer needs is imported while the engine works.
        coming = asyncio.ensure_future(anext(events))
        await asyncio.wait({coming}, timeout=_TO_THE_SOCKET)
        from hinterland.cli.answer import answer_view
        from hinterland.cli.progress import ProgressLine

        view = None if self._json else answer_view(raw=self._raw, markdown=schema is None)
        progress = ProgressLine(quiet=self._json)
        last: Done | Failed | None = None
        turn: Turn | None = None
        try:
            while True:
                event = await coming
                coming = asyncio.ensure_future(anext(events))
                turn = self._conversation.running or turn
                if isinstance(event, TextDelta):
                    progress.clear()
                    if view is not None:
                        view.write(event.text)
                elif isinstance(event, Loading | Queued | PromptProgress):
                    progress.show(event)
                elif isinstance(event, Done | Failed):
                    last = event
        except StopAsyncIteration:
            pass
        finally:
            progress.clear()
            if view is not None:
                view.finish(interrupted=self._stopping)
            if self._json and turn is not None and last is not None:
                _print_envelope(turn, self._conversation, last)
        if isinstance(last, Failed):
            raise by_name(last.kind, last.message, last.hint)
        assert last is not None and turn is not None
        if schema is not None and last.finish_reason is FinishReason.STOP:
            from hinterland import schemas

            if reason := schemas.check_answer(schema, turn.answer):
                raise EngineError(f"The answer does not follow the schema: {reason}.", "Ask again.")
        return self._explain(last, turn)

    def _interrupt(self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
        if self._stopping:
            task.cancel()
            return
        self._stopping = True
        self._stop_task = loop.create_task(self._conversation.stop())
        loop.call_later(_PATIENCE_WITH_STOP, task.cancel)

    def _explain(self, done: Done, turn: Turn) -> int:
        """Say on standard error why the answer ended early, if it did, and return the exit code."""
        if done.finish_reason is FinishReason.CANCELLED:
            kept = "; what was written is kept" if self._conversation.kept and turn.answer else ""
            click.echo(f"hint: stopped{kept}", err=True)
            return 130
        if done.finish_reason is FinishReason.LENGTH:
            if turn.sampling.max_tokens:
                why = f"--max-tokens {turn.sampling.max_tokens}"
            else:
                used = done.usage.prompt_tokens + done.usage.completion_tokens
                why = f"the context is full ({used} tokens, prompt included)"
            click.echo(f"hint: the answer was cut off: {why}", err=True)
        return 0


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
