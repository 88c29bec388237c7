"""What translation comes to: segments a minute, a hundred thousand of them, and chrF on a package.

`python benchmarks/translation.py [--only throughput|pipeline|quality] [--json]` measures, in homes
of its own,

throughput  200 sentences of this project's documentation through the pipeline, against the same
            with one request at a time, and the share of the time that went into reading prompts,
            in four blocks in turn, because a machine's speed drifts;
            `-m` is Qwen2.5-Coder-0.5B unless told;
pipeline    100,000 segments with the echo engine in this process: speed and memory; with answers in
            other words, of which more is checked; and the document again, half of it known;
quality     the messages named in docs/translation-quality.md from English into French, Spanish and
            Chinese with `--judge`, Qwen2.5-Coder-1.5B unless told: `hint translate`'s pipeline
            against the bare prompt message by message. `--po` is the folder with `fr.po`, `es.po`
            and `zh_CN.po`; `--kept FILE` keeps every answer and does not ask again for those in it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from homes import home

DOCS = Path(__file__).parent.parent / "docs"
_SENTENCE = re.compile(r"(?<=[.!?] )[A-Z][^.!?|`\[\]*<>]{30,200}[.!?](?= )")

BLOCKS = 4
"""The sentences of a throughput are done in so many."""

Figure = tuple[str, float, str, str]
"""What, how much, of which unit, and its bar."""


async def run(setting: Any, document: Any, out: Path) -> tuple[Any, list[Any], float]:
    """Translate a document as `hint translate` does; return its tally, what is flagged, and the
    seconds that it took with the engine ready."""
    from hinterland.plugins.translation import job
    from hinterland.plugins.translation.pipeline import Tally

    tally = Tally()
    async with setting.translator(setting.origin, tally, say=_say) as translator:
        started = time.perf_counter()
        with out.open("wb") as file:
            flagged = await job.translate("it", document, file, translator)
        taken = time.perf_counter() - started
    return tally, flagged, taken


def setting_for(model: str, target: str, concurrency: int | None = None) -> Any:
    """Return what `hint translate --from en --to TARGET --no-memory` goes by."""
    from hinterland.plugins.translation import setting

    return setting.find(
        to=target, origin="en", model=model, concurrency=concurrency, remember=False
    )


def opened(text: bytes, form: str, target: str) -> Any:
    from hinterland.plugins.translation import formats
    from hinterland.plugins.translation.formats.document import Wishes

    return formats.open_document(text, form, Wishes(target=target))


def sentences(most: int) -> list[str]:
    """Return the first sentences of the documentation that have no mark-up in them."""
    found: dict[str, None] = {}
    for page in sorted(DOCS.glob("*.md")):
        for block in page.read_text().split("\n\n"):
            if not block.startswith(("#", "|", "```", "- ", " ")):
                found |= dict.fromkeys(_SENTENCE.findall(". " + " ".join(block.split()) + " "))
    return list(found)[:most]


def measure_throughput(model: str, segments: int, slots: int) -> list[Figure]:
    """Return segments a minute through all slots and through one, of the same sentences.

    They are done in blocks, now the one and now the other first, each time by an engine that has
    just been started: one that has read a prompt before does not read it again.
    """
    said = sentences(segments)
    assert len(said) == segments, len(said)
    found: dict[int, Counter[str]] = {slots: Counter(), 1: Counter()}
    for number in range(BLOCKS):
        block = said[number::BLOCKS]
        for concurrency in (slots, 1) if number % 2 else (1, slots):
            found[concurrency] += _block(model, block, slots, concurrency)
    many, one = (60 * sums["segments"] / sums["seconds"] for sums in found.values())
    figures: list[Figure] = [
        (f"{slots} at a time", many, "segments/min", ""),
        ("one at a time", one, "segments/min", ""),
        ("ratio", many / one, "", "≥ 1.3"),
    ]
    for name, sums in (("together", found[slots]), ("one at a time", found[1])):
        reading = sums["prompt_ms"] / max(1, sums["prompt_ms"] + sums["written_ms"])
        known = sums["cached_tokens"] / max(1, sums["prompt_tokens"])
        figures += [
            (f"{name}: share of reading prompts", 100 * reading, "%", ""),
            (f"{name}: of the prompts' tokens, known", 100 * known, "%", ""),
            (f"{name}: read", sums["prompt_tokens"] - sums["cached_tokens"], "tokens", ""),
            (f"{name}: written", sums["written_tokens"], "tokens", ""),
            (f"{name}: asked twice", sums["again"], "segments", ""),
            (f"{name}: flagged", sums["flagged"], "segments", ""),
        ]
    return figures


def _block(model: str, said: list[str], slots: int, concurrency: int) -> Counter[str]:
    text = "".join(f"{sentence}\n\n" for sentence in said).encode()
    with home(slots) as folder:
        setting, out = setting_for(model, "fr", concurrency), folder / "out"
        warm = b"The bridge is open.\n\nThe oven is cold.\n"
        asyncio.run(run(setting, opened(warm, "text", "fr"), out))
        tally, flagged, seconds = asyncio.run(run(setting, opened(text, "text", "fr"), out))
    names = ("segments", "again", "prompt_ms", "written_ms", "prompt_tokens", "cached_tokens")
    sums = Counter({name: getattr(tally, name) for name in (*names, "written_tokens")})
    return sums + Counter({"seconds": seconds, "flagged": len(flagged)})


def measure_pipeline(segments: int) -> list[Figure]:
    """Return the speed and memory of so many segments, and of the same when half are known."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_long(folder / "half.txt", segments // 2)
        _write_long(folder / "all.txt", segments)
        whole = _in_a_process(folder, "all.txt", "memory")
        _in_a_process(folder, "half.txt", "other")
        rest = _in_a_process(folder, "all.txt", "other")
        again = _in_a_process(folder, "all.txt", "other")
        assert (folder / "all.txt").read_bytes() == (folder / "all.txt.out").read_bytes()
        other = _in_a_process(folder, "all.txt", "third", "--other-words")
        assert b"donne de l'eau" in (folder / "all.txt.out").read_bytes()
    assert whole["asked"] == segments, whole
    assert rest["asked"] == segments - segments // 2, rest
    assert again["asked"] == 0, again
    return [
        (f"{segments:,} segments", whole["segments_per_second"], "segments/s", "≥ 2,000"),
        ("answers in other words, all checked", other["segments_per_second"], "segments/s", ""),
        ("resident memory, at its most", whole["resident_mb"], "MB", "< 200"),
        ("half of them known", rest["segments_per_second"], "segments/s", ""),
        ("resident memory then", rest["resident_mb"], "MB", "< 200"),
        ("all of them known", again["segments_per_second"], "segments/s", ""),
        ("resident memory then, too", again["resident_mb"], "MB", "< 200"),
    ]


def _write_long(path: Path, segments: int) -> None:
    with path.open("w") as file:
        for number in range(segments):
            file.write(f"The well of village {number} gives water to {number % 900} families.\n\n")


def _in_other_words(request: Any) -> str:
    """Answer with what is not the source, so that all of it is checked."""
    said: str = request.messages[-1].content
    return said.replace("gives water to", "donne de l'eau à").replace("The well of", "Le puits de")


def _in_a_process(folder: Path, name: str, memory: str, *options: str) -> dict[str, float]:
    child = [sys.executable, __file__, "--child", str(folder / name), str(folder / memory)]
    ended = subprocess.run([*child, *options], check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def child(source: Path, account: Path, *, other_words: bool) -> None:
    """Translate a document with the echo engine in this process; print what that took as JSON."""
    started = time.perf_counter()
    os.environ["HINTERLAND_HOME"] = str(account)
    from hinterland import paths
    from hinterland.batch.running import Target
    from hinterland.engine.echo import EchoEngine
    from hinterland.plugins import languages
    from hinterland.plugins.translation.engines import Chosen
    from hinterland.plugins.translation.profiles import profile_of
    from hinterland.plugins.translation.setting import Setting

    engine = EchoEngine(answer=_in_other_words if other_words else None)

    class Here(Chosen, frozen=True):
        async def target(self, *_: Any) -> Target:
            return Target(engine, "echo", workers=8)

    setting = Setting(
        places=paths.find(),
        chosen=Here("echo", "echo", "echo", profile_of(["echo"])),
        target=languages.find("fr"),
        origin=languages.find("en"),
    )
    document = opened(source.read_bytes(), "text", "fr")
    tally, *_ = asyncio.run(run(setting, document, source.with_name(f"{source.name}.out")))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken = time.perf_counter() - started
    found = {
        "asked": engine.asked,
        "segments_per_second": tally.segments / taken,
        "resident_mb": kilobytes / (1024 if sys.platform == "darwin" else 1) * 1024 / 1e6,
    }
    print(json.dumps(found))


def measure_quality(
    model: str, po: Path, most: int, kept: Path | None, into: list[str]
) -> list[Figure]:
    """Return the chrF of the pipeline and of the bare prompt, and what was flagged."""
    import messages

    from hinterland.plugins.translation.quality.score import against

    chosen_messages = messages.eligible(po, most)
    answers = Answers(kept)
    figures: list[Figure] = []
    with home(2) as folder:
        for file, (code, name) in messages.LANGUAGES.items():
            if into and code not in into:
                continue
            setting = setting_for(model, code)
            references = [each.references[file] for each in chosen_messages]
            prompt = setting.chosen.profile.prompts_for("en", code).plain
            bare = [
                messages.with_ends_of(each.text, answers.ask(model, prompt, name, each.text))
                for each in chosen_messages
            ]
            template, out = folder / f"{code}.po", folder / f"{code}.out.po"
            messages.write_template(chosen_messages, template, code)
            document = opened(template.read_bytes(), "po", code)
            tally, flagged, _ = asyncio.run(run(setting, document, out))
            ours, is_flagged = messages.translations(out, chosen_messages)
            _show(name, chosen_messages, references, bare, ours, flagged)
            with_ours, with_bare = (against(each, references, code) for each in (ours, bare))
            share = 100 * sum(is_flagged) / len(is_flagged)
            lost = sum(map(_lost, chosen_messages, bare))
            figures += [
                (f"{name}: pipeline", with_ours.chrf, "chrF", f"≥ {with_bare.chrf:.2f}"),
                (f"{name}: bare prompt", with_bare.chrf, "chrF", ""),
                (f"{name}: pipeline", with_ours.bleu, "BLEU", ""),
                (f"{name}: bare prompt", with_bare.bleu, "BLEU", ""),
                (f"{name}: flagged {_kinds(tally.flagged)}", share, "%", "≤ 10"),
                (f"{name}: asked twice", tally.again, "segments", ""),
                (f"{name}: bare answers that lost a placeholder", lost, "messages", ""),
            ]
    return figures


class Answers:
    """Bare prompts and what a model said to them, kept in a file where there is one."""

    def __init__(self, kept: Path | None) -> None:
        self._kept = kept
        self._known: dict[str, str] = {}
        if kept is not None and kept.exists():
            for line in kept.read_text().splitlines():
                row = json.loads(line)
                self._known[row["model"] + row["prompt"]] = row["answer"]

    def ask(self, model: str, prompt: str, target: str, text: str) -> str:
        """Return what the model says, at temperature 0 and one at a time."""
        asked = prompt.format(source="English", target=target, text=text)
        key = Path(model).name + asked
        if key not in self._known:
            self._known[key] = asyncio.run(_ask(model, asked))
            if self._kept is not None:
                row = {"model": Path(model).name, "prompt": asked, "answer": self._known[key]}
                with self._kept.open("a") as file:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return self._known[key]


async def _ask(model: str, prompt: str) -> str:
    import hinterland

    async with hinterland.connect(model) as h:
        return (await h.ask(prompt, temperature=0.0, max_tokens=512)).text


def _lost(message: Any, answer: str) -> bool:
    found = re.compile(r"%[-#0-9.]*[a-z]|\^.")
    return Counter(found.findall(message.text)) != Counter(found.findall(answer))


def _show(
    name: str,
    chosen: list[Any],
    references: list[str],
    bare: list[str],
    ours: list[str],
    flagged: list[Any],
) -> None:
    """Print every message, and why it is flagged, for people who look into a score."""
    from hinterland.plugins.translation.quality.score import chrf_of
    from hinterland.plugins.translation.units import text_of

    troubles = {
        text_of(each.unit.parts).strip(): f"{each.outcome.flag.kind}: {each.outcome.tried!r}"
        for each in flagged
    }
    print(f"\n{name}", file=sys.stderr)
    for message, reference, one, other in zip(chosen, references, bare, ours, strict=True):
        scores = f"{chrf_of(other, reference):5.1f} {chrf_of(one, reference):5.1f}"
        print(f"  {scores}  {message.text!r}", file=sys.stderr)
        print(f"    people:   {reference!r}\n    bare:     {one!r}", file=sys.stderr)
        if other != one:
            print(f"    pipeline: {other!r}", file=sys.stderr)
        if trouble := troubles.get(message.text.strip()):
            print(f"    flagged:  {trouble}", file=sys.stderr)


def _kinds(flagged: Counter[str]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in flagged.most_common())


def _say(sentence: str) -> None:
    print(f"  {sentence}", file=sys.stderr)


def main() -> None:
    """Print each figure with its bar."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--only", choices=["throughput", "pipeline", "quality"])
    options.add_argument("-m", "--model", default="qwen2.5-coder-0.5b")
    options.add_argument("--judge", default="qwen2.5-coder-1.5b")
    options.add_argument("--po", type=Path, help="The folder of the package's .po files.")
    options.add_argument("--kept", type=Path, help="A file for the bare prompt's answers.")
    options.add_argument("--messages", type=int, default=100, help="100 is what counts.")
    options.add_argument("--into", action="append", default=[], help="Only fr, es or zh.")
    options.add_argument("--segments", type=int, default=200, help="200 is what counts.")
    options.add_argument("--slots", type=int, default=8)
    options.add_argument("--long", type=int, default=100_000, help="100000 is what counts.")
    options.add_argument("--json", action="store_true")
    options.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    options.add_argument("--other-words", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.child:
        child(*chosen.child, other_words=chosen.other_words)
        return
    figures: list[Figure] = []
    if chosen.only in {None, "pipeline"}:
        figures += measure_pipeline(chosen.long)
    if chosen.only in {None, "throughput"}:
        figures += measure_throughput(_path(chosen.model), chosen.segments, chosen.slots)
    if chosen.only in {None, "quality"}:
        if chosen.po is None:
            sys.exit("--po is missing: the folder with fr.po, es.po and zh_CN.po.")
        figures += measure_quality(
            _path(chosen.judge), chosen.po, chosen.messages, chosen.kept, chosen.into
        )
    if chosen.json:
        names = ("name", "value", "unit", "bar")
        print(json.dumps([dict(zip(names, figure, strict=True)) for figure in figures]))
        return
    for name, value, unit, bar in figures:
        print(f"{name:52}{value:12,.2f} {unit:12}{bar and 'bar ' + bar}")


def _path(model: str) -> str:
    """Return where a model of this account lies: the measurements have homes of their own."""
    from hinterland.models.store import ModelStore
    from hinterland.paths import find

    return str(ModelStore(find()).find(model).path)


if __name__ == "__main__":
    main()
