"""The terminal: is there one, how large, which characters, and which of the two chats suits it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

from hinterland.doctor.findings import Area, Finding, In
from hinterland.doctor.visit import Visit

_say = In(Area.TERMINAL)

_PLAIN = "`hint chat --plain` works in lines and needs nothing of a terminal."
_SIMPLE = re.compile(r"^(linux|vt\d+|ansi|cons25|dumb|unknown|network)\b")
COMFORTABLE = (80, 24)
SMALLEST = (40, 12)


def screen(visit: Visit) -> Iterator[Finding]:
    """Say what kind of terminal this is and whether the chat has what it needs there."""
    tty = next((number for number in (1, 0, 2) if _is_tty(number)), None)
    kind = os.environ.get("TERM", "")
    colours = _colours(kind)
    through = _through()
    facts = {
        "input": _is_tty(0),
        "output": _is_tty(1),
        "term": kind,
        "colours": colours,
        "through": through,
    }
    if tty is None:
        yield _say.ok(
            "no-terminal",
            "There is no terminal here (a pipe, a script): `hint ask` answers in plain text.",
            **facts,
        )
        return
    width, height = os.get_terminal_size(tty)
    facts |= {"columns": width, "rows": height}
    way = f", through {', '.join(through)}" if through else ""
    yield _say.ok(
        "terminal",
        f"{kind or 'A terminal without a name (TERM)'}, {width}x{height}, {colours}{way}.",
        **facts,
    )
    if not kind or kind == "dumb":
        yield _say.note(
            "terminal-dumb",
            f"TERM is {kind or 'not set'}: the chat works in lines here.",
            "If the terminal can do more: `export TERM=xterm-256color`, or vt100 on a serial line.",
        )
    elif _SIMPLE.match(kind):
        yield _say.note(
            "terminal-simple",
            f"A terminal of the kind {kind} shows few colours and characters.",
            f"If the chat looks wrong: {_PLAIN}",
        )
    # 0 is what a serial line says that nobody told its size.
    if not width or not height:
        yield _say.note(
            "terminal-size-unknown",
            "The terminal does not tell its size.",
            "`stty rows 24 cols 80` tells it; or use `hint chat --plain`.",
        )
    elif width < SMALLEST[0] or height < SMALLEST[1]:
        yield _say.note(
            "terminal-small",
            f"{width}x{height} is small for the chat; {COMFORTABLE[0]}x{COMFORTABLE[1]} is comfortable.",
            f"Make the window larger or its letters smaller. {_PLAIN}",
        )
    if "ssh" in through and not {"tmux", "screen"} & set(through):
        yield _say.ok(
            "terminal-ssh",
            "If the line drops, the answer goes on: `hint chat --continue` shows it.",
        )


def characters(visit: Visit) -> Iterator[Finding]:
    """Say whether letters beyond ASCII arrive as they are."""
    name = _locale(visit)
    encoding = (sys.stdout.encoding or "").lower().replace("_", "-")
    facts = {"locale": name, "encoding": encoding}
    if any(map(_is_tty, (0, 1, 2))) and encoding not in {"utf-8", "utf8"}:
        yield _say.note(
            "not-utf-8",
            f"Text goes to this terminal as {encoding}: letters it lacks are shown as ?.",
            "`export LANG=C.UTF-8`, and set the terminal to UTF-8.",
            **facts,
        )
    elif not re.search(r"utf-?8", name, re.IGNORECASE):
        yield _say.note(
            "locale-not-utf-8",
            f"The locale is {name or 'not set'}. Hinterland writes UTF-8 all the same; other "
            "programs (less, editors) may show accents and scripts wrongly.",
            "`export LANG=C.UTF-8`",
            **facts,
        )
    else:
        yield _say.ok("characters", f"Text is UTF-8 ({name}).", **facts)
    kind = os.environ.get("TERM", "")
    if kind == "linux" and any(map(_is_tty, (0, 1, 2))):
        yield _say.note(
            "console-font",
            "The console's font has 256 or 512 signs: Chinese, Arabic or Devanagari do not show.",
            "Use a graphical terminal or SSH for these; for others see `sudo dpkg-reconfigure "
            "console-setup` (Debian).",
        )
    elif kind.startswith("screen") and not os.environ.get("TMUX"):
        yield _say.note(
            "screen-utf-8",
            "GNU screen draws wide characters wrongly unless it was started for UTF-8.",
            "Start it with `screen -U`.",
        )


def _colours(kind: str) -> str:
    if os.environ.get("NO_COLOR"):
        return "no colours (NO_COLOR is set)"
    if os.environ.get("COLORTERM", "") in {"truecolor", "24bit"}:
        return "true colour"
    if "256color" in kind:
        return "256 colours"
    return "no colours" if kind in {"", "dumb"} or kind.startswith("vt") else "16 colours"


def _through() -> list[str]:
    found = []
    if os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"):
        found.append("ssh")
    if os.environ.get("TMUX"):
        found.append("tmux")
    elif os.environ.get("STY"):
        found.append("screen")
    return found


def _locale(visit: Visit) -> str:
    """Return the locale for characters that the shell gave: Python mends its own copy of it."""
    given = dict(
        line.partition("=")[::2] for line in visit.read("proc/self/environ").split("\0") if line
    )
    names = given or dict(os.environ)
    return next((names[key] for key in ("LC_ALL", "LC_CTYPE", "LANG") if names.get(key)), "")


def _is_tty(number: int) -> bool:
    return os.isatty(number)
