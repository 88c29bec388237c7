"""Golden screens of the chat; `golden.py` says how they are compared and taken anew."""

from __future__ import annotations

from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import (
    Failed,
    FinishReason,
    Loading,
    Note,
    PromptProgress,
    Queued,
    ReasoningDelta,
    Request,
    TextDelta,
)
from hinterland.history import History
from hinterland.paths import find
from tests.history_samples import a_turn
from tests.snapshots.golden import TERMINAL, golden, turn
from tests.tui.chatting import Person, PromptedEngine

NARROW, WIDE = (40, 12), (300, 100)

ANSWER = """\
Boiling **kills germs**: bacteria, viruses and parasites.

## How long

1. Bring it to a *rolling* boil.
   - A lid saves fuel.
   - So does `dry` wood.
2. Wait one minute, three above 2,000 m.

| where | minutes | at what height |
|:------|--------:|:---------------|
| coast | 1 | up to 2,000 m |
| mountains | 3 | above 2,000 m |

> Boiling does not remove chemicals.
"""

CODE = """\
This counts the minutes:

```python
def minutes(metres: float) -> int:
    \"\"\"How long water has to boil.\"\"\"
    return 3 if metres > 2000 else 1  # WHO, 2015
```

Run it with `python3 minutes.py`.
"""

CHINESE = """\
**煮沸**可以杀死细菌、病毒和寄生虫。

1. 把水烧到*翻滚*。
2. 保持一分钟；海拔两千米以上保持三分钟。

| 地点 | 分钟 |
|:-----|-----:|
| 海边 | 1 |
| 高山 | 3 |
"""

ARABIC = """\
الغليان **يقتل الجراثيم**: البكتيريا والفيروسات والطفيليات.

1. سخّن الماء حتى يغلي.
2. انتظر دقيقة واحدة، وثلاث دقائق فوق 2000 متر.
"""

REASONING = "The user asks about water. Boiling kills germs, so say how long it takes."

WORDS = "word " * 28


def answer(request: Request) -> str:
    """Say as much as was asked."""
    return request.messages[-1].content


@golden(sizes=[TERMINAL, NARROW, WIDE])
async def test_empty(person: Person, engine: PromptedEngine) -> None:
    """You should see an empty chat that says what to do, at every size."""


@golden(turn("Why do we boil drinking water?", ANSWER), sizes=[(80, 40), NARROW, WIDE])
async def test_answer(person: Person, engine: PromptedEngine) -> None:
    """You should see headings, nested lists, a table and a quotation, at every size."""


@golden(turn("How long? In Python.", CODE))
async def test_code(person: Person, engine: PromptedEngine) -> None:
    """You should see code with its colours, apart from the text."""


@golden(turn("Why boil water?", "It kills germs.", reasoning=REASONING))
async def test_reasoning_folded(person: Person, engine: PromptedEngine) -> None:
    """You should see that the model thought, and what it answered."""


@golden(turn("Why boil water?", "It kills germs.", reasoning=REASONING))
async def test_reasoning_unfolded(person: Person, engine: PromptedEngine) -> None:
    """You should see what the model thought."""
    await person.press("ctrl+t")
    await person.sees("say how long")


@golden(turn("为什么要把水烧开？", CHINESE))
async def test_chinese(person: Person, engine: PromptedEngine) -> None:
    """You should see Chinese in lines and columns that hold."""


@golden(turn("لماذا نغلي الماء؟", ARABIC))
async def test_arabic(person: Person, engine: PromptedEngine) -> None:
    """You should see Arabic, every line of it within the screen."""


@golden(turn("Why?", ANSWER), turn("In Python?", CODE), NO_COLOR="1")
async def test_monochrome(person: Person, engine: PromptedEngine) -> None:
    """You should see an answer without any colour."""


@golden()
async def test_loading(person: Person, engine: PromptedEngine) -> None:
    """You should see how far the model has loaded."""
    await person.ask("Why boil water?")
    engine.say(Loading("small-model", 0.45))
    await person.sees("loading the model 45%")


@golden(sizes=[NARROW])
async def test_queued(person: Person, engine: PromptedEngine) -> None:
    """You should see the place in the line, on a narrow screen too."""
    await person.ask("Why boil water?")
    engine.say(Queued(2))
    await person.sees("number 2 in line")


@golden(sizes=[NARROW])
async def test_noted(person: Person, engine: PromptedEngine) -> None:
    """You should see why it waits, your prompt, and the place in the line, none over another."""
    await person.ask("Why boil water?")
    engine.say(Note("The shared box has gone; waiting for it to come back."), Queued(2))
    await person.sees("come back", "> Why boil", "number 2 in line")


@golden(sizes=[NARROW])
async def test_unsaved(person: Person, engine: PromptedEngine) -> None:
    """You should see that the disk is full, and all of the answer so far."""
    await person.ask("Why boil water?")
    engine.say(TextDelta("It kills germs, and that is why."))
    await person.sees("that is why")
    engine.say(Note("The disk is full: this answer is not being saved.", saved=False))
    engine.say(PromptProgress(1, 2))  # a state without a speed
    await person.sees("is full", "It kills germs", "not saved · reading")


@golden()
async def test_reading(person: Person, engine: PromptedEngine) -> None:
    """You should see how much of the prompt has been read."""
    await person.ask("Why boil water?\nAnd milk?")
    engine.say(PromptProgress(512, 2048))
    await person.sees("reading prompt 512/2048")


@golden()
async def test_thinking(person: Person, engine: PromptedEngine) -> None:
    """You should see that the model thinks."""
    await person.ask("Why boil water?")
    engine.say(ReasoningDelta(REASONING))
    await person.sees("thinking")


@golden(turn("Why boil water?", "It kills", FinishReason.CANCELLED))
async def test_writing(person: Person, engine: PromptedEngine) -> None:
    """You should see an answer that was stopped, and the next one being written."""
    await person.ask("And milk?\nIs it the same?")
    engine.say(TextDelta("Milk is *heated*, n"))
    await person.sees("Milk is heated, n")
    engine.say(Loading("small-model", 0.5))  # a state without a speed, which no picture can hold
    await person.sees("loading the model 50%")


@golden(sizes=[TERMINAL, NARROW])
async def test_failure(person: Person, engine: PromptedEngine) -> None:
    """You should see why it failed, and the prompt back in the box."""
    await person.ask("Why boil water?")
    engine.say(Failed("EngineError", "The worker crashed.", "Ask again."))
    await person.answered()
    await person.sees("failed")


@golden(
    *(turn(f"question {number} {WORDS}", WORDS) for number in range(3)),
    sizes=[TERMINAL, NARROW],
    engine=lambda: EchoEngine(answer=answer, context=256),
)
async def test_window_full(person: Person, engine: EchoEngine) -> None:
    """You should see with numbers what does not fit, and every way out."""
    await person.ask("and now " + WORDS * 2)
    await person.sees("Esc", "the window is full")
    await person.answered()


@golden(sizes=[TERMINAL, NARROW])
async def test_palette(person: Person, engine: PromptedEngine) -> None:
    """You should see what fits a few letters, each with its key."""
    await person.press("ctrl+p", "c", "h", "t")
    await person.sees("New chat", "Do it")


@golden(sizes=[TERMINAL, NARROW])
async def test_help(person: Person, engine: PromptedEngine) -> None:
    """You should see every key."""
    await person.press("f1")
    await person.sees("Back")


@golden()
async def test_models(person: Person, engine: PromptedEngine) -> None:
    """You should see which models there are: here none is installed."""
    await person.press("f2")
    await person.sees("Back")


def remember() -> None:
    """Keep two conversations of a day long past, which is shown alike for ever."""
    history, day = History(find()), 1_577_872_800.0  # 2020-01-01
    asked = {"well": "How deep is the well?", "water": "Why do we boil drinking water?"}
    for number, (name, prompt) in enumerate(asked.items()):
        history.add_turn(name, a_turn(prompt, "Thirty metres.", created=day + 3600 * number))
    history.tag("water", ["health"])


@golden(sizes=[TERMINAL, NARROW])
async def test_conversations(person: Person, engine: PromptedEngine) -> None:
    """You should see conversations under their day, with how many turns each has."""
    remember()
    await person.press("ctrl+o")
    await person.sees("How deep", "Why do we boil")


@golden()
async def test_found(person: Person, engine: PromptedEngine) -> None:
    """You should see what was said, where the words were found."""
    remember()
    await person.press("f3", *"metres")
    await person.sees("Thirty metres")


@golden(turn("Why?", "Because."))
async def test_completion(person: Person, engine: PromptedEngine) -> None:
    """You should see the commands that begin so."""
    await person.press("/", "t")
    await person.sees("/think", "/title")
