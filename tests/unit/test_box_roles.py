"""Role files: what may stand in them, what is said of one that cannot be used, and whose terms they make."""

from __future__ import annotations

import os
import re
from datetime import date, datetime
from pathlib import Path

import pytest

from hinterland import language
from hinterland.box import classes as classes_module
from hinterland.box import roles
from hinterland.box.class_routes import seed_of
from hinterland.box.classes import Classes, under
from hinterland.box.roles import Keep, Quiz, Role, parse
from hinterland.engine.service.house import Terms
from hinterland.errors import ConfigError
from hinterland.sentences import sentence
from hinterland.site import Site

GOOD = """\
title = "Class 5a"
group = "class-5a"
models = ["small", "large"]
tools = ["ask", "tutor"]
system = "Answer in short sentences."
keep = "transcripts"
until = 2027-07-01

[[hours]]
days = ["mon", "wed"]
from = "08:00"
to = "12:30"

[[hours]]
from = "20:00"
to = "24:00"

[limits]
at_once = 1
context = 1024

[quiz]
topic = "fractions"
"""
MONDAY = datetime(2027, 3, 1, 9)  # noqa: DTZ001 - local, as lessons are
ENGLISH = re.compile(r"\b(the|expected|got|line|whole|missing|quotes|such|text|value|name)\b")
PUPIL, SITE = 1001, Site()


def role(text: str = GOOD) -> Role:
    return parse(text.encode(), "5a", Path("5a.toml"))


MISTAKES = [
    ('group = "class-5a"', 'groop = "class-5a"', "line 2, groop: there is no such setting"),
    ('group = "class-5a"', "", "cannot be used: the setting `group` is missing."),
    ('topic = "fractions"', "", "line 22, quiz: the setting `topic` is missing."),
    ('"tutor"', '"quiz"', "line 4, tools[1]: the tools are ask, chat, batch"),
    ('"transcripts"', '"all"', "line 6, keep: it is one of nothing, history, transcripts"),
    ('"12:30"', '"07:30"', "line 12, hours[0].to: the end has to be later"),
    ('"20:00"', "20:00:00", "line 15, hours[1].from: hours are written in quotes"),
    ('"mon"', '"Monday"', "line 10, hours[0].days[0]: the days are mon, tue"),
    ("2027-07-01", '"summer"', "line 7, until: the last day is written without quotes"),
    ("at_once = 1", "at_once = -1", "line 19, limits.at_once: expected a whole number >= 0"),
    ("at_once = 1", "at_once = []", "at_once: expected a whole number, got a list"),
    ("topic", "topik", "line 23, quiz.topik: there is no such setting"),
    ('"class-5a"', '"class 5a"', "line 2, group: it has to be the name of a system group"),
    ('topic = "fractions"', 'topic = "x"\nseed = "x"', "expected a whole number, got text"),
    ("[quiz]", "[[quiz]]", "quiz: expected a section, got a list"),
    ('"Class 5a"', "2027-07-01", "title: expected text, got a date"),
    ("at_once = 1", "at_once =", "Invalid value"),
    ('"Answer in short sentences."', "'''Answer", "Expected \"'''\" (at end of document)"),
]


@pytest.mark.parametrize(("written", "instead", "said"), MISTAKES)
def test_a_role_file_that_cannot_be_used_is_named_with_the_place(
    written: str, instead: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        role(GOOD.replace(written, instead, 1))
    assert caught.value.message.startswith("The role file 5a.toml cannot be used")
    assert said in caught.value.message


@pytest.mark.parametrize("code", ["fr", "nl", "zh_CN"])
@pytest.mark.parametrize(("written", "instead", "said"), MISTAKES)
def test_what_is_wrong_is_said_in_one_language(
    code: str, written: str, instead: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        role(GOOD.replace(written, instead, 1))
    language.choose(code)
    try:
        told = sentence(caught.value)
    finally:
        language.choose("")
    assert "5a.toml" in told
    assert not ENGLISH.search(told), (said, told)


@pytest.mark.parametrize(
    ("written", "instead", "hint"),
    [
        ("[limits]", "[limit]", "Did you mean `limits`?"),
        ("at_once", "at_onse", "Did you mean `at_once`?"),
        ("title", "at_onse", "Did you mean `[limits] at_once`?"),
        ("title", "topic", "It belongs under [quiz]."),
        ("context", "until", "It belongs above the first line in square brackets."),
        ("title", "zzz", "docs/classroom.md says what may stand in it."),
    ],
)
def test_the_setting_that_was_meant_is_named(written: str, instead: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        role(GOOD.replace(written, instead, 1))
    assert "there is no such setting" in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"x = " + b"[" * 30_000, "Nested more than 64 levels deep (at line 1)"),
        (b"a." * 30_000 + b"a = 1", "Nested more than 64 levels deep (at line 1)"),
        (b'group = "class-5a"\ntitle = "\xe9"\n', "It is not UTF-8 text (at line 2)"),
    ],
)
def test_what_no_reader_of_toml_should_be_given_is_one_sentence(text: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match="cannot be used") as caught:
        parse(text, "5a", Path("5a.toml"))
    assert said in caught.value.message


def test_a_fifo_among_role_files_stops_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "5a.toml")
    with pytest.raises(ConfigError, match="it is no file"):
        roles.load(tmp_path, "5a")


def test_a_role_never_gives_more_than_the_site() -> None:
    site = Terms(
        at_once=4, tokens_a_day=500, context=512, models=("large", "huge"), system="Rules."
    )
    made = under(role(), site, MONDAY)
    for ours, theirs, least in ((2000, 300, 300), (300, 2000, 300), (0, 300, 300), (300, 0, 300)):
        short = role(GOOD.replace("at_once = 1", f"answer = {theirs}"))
        assert under(short, Terms(answer=ours), MONDAY).answer == least
    assert (made.at_once, made.tokens_a_day, made.context) == (1, 500, 512)
    assert made.models == ("large",)
    assert made.system == "Rules.\n\nAnswer in short sentences."
    assert made.role == "5a"
    assert not made.closed


def test_models_that_no_one_allows_are_not_all_models() -> None:
    made = under(role(), Terms(models=("huge",)), MONDAY)
    assert made.models
    assert "names no model that this box allows" in made.closed


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (MONDAY, True),
        (MONDAY.replace(hour=12, minute=29), True),
        (MONDAY.replace(hour=12, minute=30), False),
        (MONDAY.replace(day=2), False),
        (MONDAY.replace(day=2, hour=23, minute=59), True),
        (MONDAY.replace(year=2028), False),
    ],
)
def test_a_class_is_open_in_its_hours_up_to_its_last_day(now: datetime, is_open: bool) -> None:
    said = under(role(), Terms(), now).closed
    assert bool(said) is not is_open
    assert is_open or "Class 5a" in said


@pytest.mark.parametrize("keep", list(Keep))
def test_pupils_are_told_exactly_where_the_teacher_can_read(keep: Keep) -> None:
    made = under(role(GOOD.replace('"transcripts"', f'"{keep}"')), Terms(), MONDAY)
    assert bool(made.notice) is (keep is Keep.TRANSCRIPTS)


def test_a_broken_role_file_closes_its_class_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "5a.toml").write_text(GOOD + "seed = 'x'\n")
    (tmp_path / "6b.toml").write_text('group = "class-6b"\n')
    classes = Classes(SITE, tmp_path)
    assert classes.apply(PUPIL, {"class-5a"}, Terms(), MONDAY).closed
    assert not classes.apply(PUPIL, {"class-6b"}, Terms(), MONDAY).closed
    assert classes.broken_for(PUPIL, {"class-5a"}) is not None
    assert classes.broken_for(PUPIL, {"class-6b"}) is None
    assert not classes.apply(PUPIL, {"class-5a", SITE.teachers}, Terms(), MONDAY).closed
    (tmp_path / "5a.toml").write_text(GOOD)
    mended = classes.apply(PUPIL, {"class-5a"}, Terms(), MONDAY)
    assert (mended.role, mended.closed) == ("5a", "")


def test_one_that_does_not_even_name_its_group_closes_all_classes(tmp_path: Path) -> None:
    (tmp_path / "5a.toml").write_text("group = [")
    assert Classes(SITE, tmp_path).apply(PUPIL, {"class-6b"}, Terms(), MONDAY).closed


@pytest.mark.parametrize(
    "mistake",
    [
        GOOD.replace('"transcripts"', '"all"'),
        GOOD.replace('"Class 5a"', '"Class 5a'),
        "",
        "group = [",
        "x" * (roles.LARGEST + 1),
    ],
)
def test_a_mistake_made_meanwhile_leaves_the_class_as_it_was(tmp_path: Path, mistake: str) -> None:
    file = tmp_path / "5a.toml"
    file.write_text(GOOD)
    classes = Classes(SITE, tmp_path)
    before = classes.apply(PUPIL, {"class-5a"}, Terms(), MONDAY)
    assert (before.role, before.closed) == ("5a", "")
    file.write_text(mistake)
    assert classes.apply(PUPIL, {"class-5a"}, Terms(), MONDAY) == before
    assert not classes.apply(PUPIL, {"class-6b"}, Terms(), MONDAY).closed
    file.write_text(mistake + "\n")
    assert classes.apply(PUPIL, {"class-5a"}, Terms(), MONDAY) == before
    file.unlink()
    classes.apply(PUPIL, {"class-5a"}, Terms(), MONDAY)
    file.write_text(mistake)
    assert classes.apply(PUPIL, {"class-5a"}, Terms(), MONDAY).closed, "it came back"


def test_what_is_mended_elsewhere_than_in_the_file_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classes_module, "_LOOK_AGAIN", 0.0)
    (tmp_path / "5a.toml").write_text(GOOD)
    tmp_path.chmod(0o777)
    classes = Classes(SITE, tmp_path)
    assert classes.apply(PUPIL, {"class-5a"}, Terms(), MONDAY).closed
    tmp_path.chmod(0o755)
    assert not classes.apply(PUPIL, {"class-5a"}, Terms(), MONDAY).closed


def test_a_role_that_was_read_holds_while_nobody_knows_whose_the_file_is(tmp_path: Path) -> None:
    """As while a directory of accounts cannot be reached: no less than with any other mistake."""
    file = tmp_path / "5a.toml"
    file.write_text(GOOD)
    classes = Classes(SITE, tmp_path)
    before = classes.apply(PUPIL, {"class-5a"}, Terms(), MONDAY)
    if os.getuid() == 0:
        os.chown(file, 100_005, -1)
    else:
        file.chmod(0o666)
    assert classes.apply(PUPIL, {"class-5a"}, Terms(), MONDAY) == before
    with pytest.raises(ConfigError):
        roles.load(tmp_path, "5a")


def test_a_group_that_a_mistaken_file_names_anew_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "5a.toml"
    file.write_text(GOOD)
    classes = Classes(SITE, tmp_path)
    assert not classes.apply(PUPIL, {"class-6b"}, Terms(), MONDAY).closed
    file.write_text(GOOD.replace("class-5a", "class-6b").replace('"transcripts"', '"all"'))
    assert classes.apply(PUPIL, {"class-6b"}, Terms(), MONDAY).closed
    assert not classes.apply(PUPIL, {"class-5a"}, Terms(), MONDAY).closed


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        (GOOD.replace('"Answer in', "Answer in"), {"class-5a"}),
        (GOOD.replace("[quiz]", "[quiz"), {"class-5a"}),
        (GOOD.replace("\n", "\r\n").replace("[quiz]", "[quiz"), {"class-5a"}),
        # What stands before the group is wrong: it may be in the middle of another text.
        (GOOD.replace('"Class 5a"', '"Class 5a'), {"class-5a", "class-6b"}),
        ('title = """\ngroup = "class-5a"\n', {"class-5a", "class-6b"}),
        # Which of the two was meant nobody knows.
        (GOOD.replace("keep =", 'group = "class-6b"\nkeep ='), {"class-5a", "class-6b"}),
    ],
)
def test_a_file_that_is_no_toml_closes_its_class_where_that_is_sure(
    tmp_path: Path, text: str, closed: set[str]
) -> None:
    (tmp_path / "5a.toml").write_bytes(text.encode())
    classes = Classes(SITE, tmp_path)
    for group in ("class-5a", "class-6b"):
        terms = classes.apply(PUPIL, {group}, Terms(), MONDAY)
        assert bool(terms.closed) is (group in closed), group


def test_a_fifo_among_role_files_closes_all_classes_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "5a.toml")
    assert Classes(SITE, tmp_path).apply(PUPIL, {"class-6b"}, Terms(), MONDAY).closed


def test_the_lock_of_an_editor_closes_no_class(tmp_path: Path) -> None:
    (tmp_path / "6b.toml").write_text('group = "class-6b"\n')
    (tmp_path / ".#6b.toml").symlink_to("ana@box.1234")  # as Emacs makes it
    assert not Classes(SITE, tmp_path).apply(PUPIL, {"class-6b"}, Terms(), MONDAY).closed


def test_of_two_classes_the_open_one_holds_then_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('group = "club"\nuntil = 2020-01-01\n')
    (tmp_path / "b.toml").write_text('group = "club"\n')
    (tmp_path / "c.toml").write_text('group = "club"\n')
    found = Classes(SITE, tmp_path).holds_for(PUPIL, {"club"}, MONDAY)
    assert found is not None
    assert found.name == "b"


def test_teachers_are_under_no_role(tmp_path: Path) -> None:
    (tmp_path / "5a.toml").write_text('teachers = "staff-5a"\n' + GOOD)
    classes = Classes(SITE, tmp_path)
    for groups in ({"class-5a", "staff-5a"}, {"class-5a", SITE.teachers}):
        assert classes.holds_for(PUPIL, groups, MONDAY) is None
    assert classes.holds_for(0, {"class-5a"}, MONDAY) is None


def test_the_quiz_of_the_day_is_another_one_tomorrow_unless_the_teacher_says_so() -> None:
    monday, tuesday = date(2027, 3, 1), date(2027, 3, 2)
    assert seed_of(Quiz("fractions"), monday) != seed_of(Quiz("fractions"), tuesday)
    assert seed_of(Quiz("fractions", seed=7), monday) == seed_of(Quiz("fractions", seed=7), tuesday)


def test_a_command_that_asks_no_model_is_always_there() -> None:
    assert role().may_use("ask")
    assert role().may_use("history")
    assert not role().may_use("chat")
    assert role(GOOD.replace('tools = ["ask", "tutor"]', "")).may_use("chat")
