"""Whether real documents come back intact from a real model: every mark, placeholder and number.

`python benchmarks/intact.py [-m MODEL] [--to LANG] [FILE …]` has `hint translate` do each document and
compares what came back with what went in, by rules of its own. Without files it takes those that
the tests of formats use. A unit that stayed in its language counts as kept; one that lost or won
anything that must not change is damaged, and is shown.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hinterland.plugins.translation.formats import format_of, open_document
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.units import Kind, Parts, codes_of, text_of

HINT = [sys.executable, "-m", "hinterland", "translate", "--overwrite", "-q"]
FILES = Path(__file__).parent.parent / "tests" / "data" / "translation"
_FIXED = re.compile(
    r"%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[sdifgxcr%](?![a-z])"  # printf
    r"|\$?\{[^{}\n]*\}"  # {name}, ${x}
    r"|https?://[^\s<>\"')]+[^\s<>\"').,;:]"
    r"|[\w.+-]+@[\w-]+\.[\w.-]*\w"
)
_DIGITS = re.compile(r"\d+")


def kept(parts: Parts) -> Counter[str]:
    """Return what must come back of a text, however often it is there."""
    found: Counter[str] = Counter()
    for code in codes_of(parts):
        if not code.is_space:
            found[f"{code.kind.value} {code.source if code.kind is Kind.ALONE else ''}"] += 1
    text = text_of(parts)
    found.update(match.group() for match in _FIXED.finditer(text))
    found["digits"] = sum(map(int, _DIGITS.findall(_FIXED.sub("", text))))
    return found


def pairs(path: Path, out: Path, wishes: Wishes) -> Iterator[tuple[str, Parts, Parts]]:
    """Yield the units of a document with their translations; raises ValueError where it has others."""
    form = format_of(path.name)
    if form == "po":
        import polib

        theirs = {(each.msgctxt, each.msgid): each for each in polib.pofile(str(out))}
        for each in polib.pofile(str(path)):
            found = theirs.pop((each.msgctxt, each.msgid))
            for text in [found.msgstr] if not each.msgid_plural else found.msgstr_plural.values():
                yield f"line {each.linenum}", (each.msgid,), (text or each.msgid,)
        return
    source = open_document(path.read_bytes(), form, wishes)
    translated = open_document(out.read_bytes(), form, wishes)
    for one, other in zip(source.units(), translated.units(), strict=True):
        yield one.note, one.parts, other.parts


def wishes_for(path: Path) -> Wishes:
    """Return what the tests wish for of one of their documents."""
    licences = path.with_name("LICENCES.toml")
    if not licences.exists():
        return Wishes()
    for entry in tomllib.loads(licences.read_text(encoding="utf-8"))["file"]:
        if entry["name"] == path.name:
            return Wishes(
                columns=tuple(entry.get("columns", ())), keys=tuple(entry.get("keys", ()))
            )
    return Wishes()


def main() -> int:
    """Print a line for each document; return 1 where one was damaged."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-m", "--model")
    parser.add_argument("--to", default="fr")
    parser.add_argument("files", nargs="*", type=Path)
    wished = parser.parse_args()
    files = wished.files or sorted(
        path
        for path in FILES.glob("*/*")
        if path.name != "LICENCES.toml" and path.suffix != ".po"  # they have a language
    )
    damaged = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            out = Path(folder, path.name)
            wishes = wishes_for(path)
            options = ["-m", wished.model] if wished.model else []
            options += [f"--columns={','.join(wishes.columns)}"] if wishes.columns else []
            options += [f"--keys={pattern}" for pattern in wishes.keys]
            command = [
                *HINT,
                str(path),
                "-o",
                str(out),
                "--from",
                "en",
                "--to",
                wished.to,
                *options,
            ]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            if ended.returncode not in {0, 7}:
                print(f"{path.name}: {ended.stderr.strip()}", flush=True)
                damaged += 1
                continue
            count, same, wrong = 0, 0, []
            for note, source, translated in pairs(path, out, wishes):
                count += 1
                same += text_of(source) == text_of(translated)
                if kept(source) != kept(translated):
                    wrong.append((note, text_of(source), text_of(translated)))
            damaged += len(wrong)
            print(
                f"{path.name}: {count} units, {same} kept as they were, {len(wrong)} damaged",
                flush=True,
            )
            for note, before, after in wrong:
                print(f"    {note}: {before!r}\n        {after!r}", flush=True)
    return int(damaged > 0)


if __name__ == "__main__":
    sys.exit(main())
