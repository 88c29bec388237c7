"""Answers for tests of their view, and a terminal emulator to see them on."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pyte
from hypothesis import Phase, settings

from hinterland.cli.answer.lines import Lines
from hinterland.cli.answer.terminal import Painter

ANSWER = """\
# Why do we **boil** water?

Boiling water kills *germs* such as bacteria, viruses and parasites that cause **diarrhoea**, cholera \
and typhoid. See [WHO](https://www.who.int/water) and `boil()`.

## Steps

1. **Collect** the water in a clean pot, and let the dirt settle before you pour it off.
2. Bring it to a *rolling* boil.
   - one minute at sea level
   - three minutes above 2,000 m
     continued line that is long enough to wrap on a narrow terminal
3. Let it cool, ~~open~~ covered. Use **kwargs or 2 * 3 * 4 or snake_case or __init__.

```python
def boil(minutes: int = 1) -> None:  # a comment that goes over the edge of the screen
    print("*" * minutes)

```

| Height | Minutes | Why |
|:-------|--------:|:---:|
| 0 m | 1 | water boils at **100 °C** |
| 2,000 m | 3 | it boils at a lower temperature, so it needs more time |

> Never leave a fire alone.

***

煮沸可以杀死水中的细菌、病毒和寄生虫，所以在饮用之前最好把水煮沸一分钟以上。请记住：高海拔地区需要更长的时间。

يقتل غليان الماء الجراثيم والفيروسات والطفيليات التي تسبب الإسهال والكوليرا. 👩‍👩‍👧 ❤️ 👍🏽

<b>html</b> & List<String> \\*stay\\* and \\( x_1 \\) too. An unclosed **bold at the end
"""

# The same without its table, whose columns depend on how much of it was seen at a time.
PROSE = ANSWER.partition("| Height")[0] + ANSWER.partition("***\n")[2]

# These draw thousands of frames; shrinking a failure would draw millions.
FEW = settings(max_examples=20, phases=[Phase.explicit, Phase.generate])
MARKUP = re.findall(
    r"\S+",
    "** * _ ` ``` ~~~ ~~ # ## - + 1. 2) > | |-|-| |a|b| [ ]( ) ! \\ --- === word Wörter 煮沸 。 🙂 "
    "اغلِ a_b 3 : https://e.org <br> $ $x^2$ \\( \\) $$ \\[ \\] \\frac{1}{x}",
)

HOSTILE = "a\x1b]52;c;eA==\x07 \x1b[2J **b\x9b2J** \u202ec\u2066 `\x1b[31m` [\x1b](\x1bc)\n"
HOSTILE += "|\x1b|\x1b|\n|-|-|\n|\x9d|\x1b|"


class Terminal:
    """A terminal emulator and all that has scrolled off its top."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.screen = pyte.HistoryScreen(columns, rows, history=10_000, ratio=0.5)
        self.stream = pyte.Stream(self.screen)
        self.sent = ""

    def show(self, text: str) -> None:
        self.sent += text
        self.feed(text.replace("\n", "\r\n"))

    def feed(self, text: str) -> None:
        # pyte drops what follows a zero width joiner or a variation selector.
        self.stream.feed(re.sub("[\u200d\ufe0f]", "", text))

    @property
    def text(self) -> list[str]:
        """Every row there ever was, without the empty ones at the end."""
        gone = ["".join(row[x].data for x in range(len(row))) for row in self.screen.history.top]
        rows = [row.rstrip() for row in (*gone, *self.screen.display)]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def styled(self, row: int) -> list[tuple[str, bool, bool, str]]:
        """Return the characters of a row: text, bold, italic, colour."""
        cells = self.screen.buffer[row]
        return [(c.data, c.bold, c.italics, c.fg) for _, c in sorted(cells.items())]


class Answer:
    """Text on its way to a terminal, without the terminal's device."""

    def __init__(self, columns: int = 80, rows: int = 24, *, colour: bool = True) -> None:
        self.terminal = Terminal(columns, rows)
        self.lines = Lines(columns - 1, rows)
        self.painter = Painter(colour=colour)
        self.rows = rows

    def write(self, text: str) -> None:
        self.lines.take(text)
        done, self.lines.done = self.lines.done, []
        self.terminal.show(self.painter.frame(done, self.lines.live(), self.rows))

    def resize(self, columns: int) -> None:
        """Change the width, on a terminal that leaves its rows alone."""
        self.lines.keep()
        self.painter.keep(but_last=self.lines.in_code)
        self.lines.width = columns - 1
        self.terminal.screen.resize(columns=columns)

    def finish(self) -> list[str]:
        self.lines.finish()
        self.write("")
        self.terminal.show("\n")
        return self.terminal.text


def shown(text: str, columns: int = 80, rows: int = 24) -> list[str]:
    """Return the rows of a text that comes in one piece."""
    answer = Answer(columns, rows)
    answer.write(text)
    return answer.finish()


def pieces(text: str, seed: int) -> Iterator[str]:
    """Cut a text at random places."""
    chance = random.Random(seed)
    at = 0
    while at < len(text):
        size = chance.choice((1, 1, 2, 3, 5, 8, 40))
        yield text[at : at + size]
        at += size
