"""The ctransformers worker from within: right tokens, right text, right prompts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine.protocol import FinishReason, Message, Sampling
from hinterland.engine.workers.ctransformers import chat_template, model
from hinterland.engine.workers.ctransformers.answer import Finished, Read, Said, Step, answer
from hinterland.engine.workers.ctransformers.model import LegacyModel
from hinterland.engine.workers.ctransformers.text_flow import TextFlow
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import InputError, ModelError
from hinterland.models import gguf_chat, legacy
from hinterland.models.legacy_layouts import TYPES
from tests import legacy_files, llama_files
from tests.legacy_files import no_ctransformers

GREEDY = Sampling(temperature=0.0, max_tokens=8)


def loaded(path: Path, kind: str, context: int = 256) -> LegacyModel:
    chat = gguf_chat.read(path) if kind == "gguf" else gguf_chat.Chat()
    return LegacyModel(
        WorkerSpec(
            model="tiny",
            kind="ctransformers",
            path=str(path),
            type=kind,
            context=context,
            special_tokens=chat.special_tokens,
        )
    )


def steps(running: LegacyModel, prompt: list[int], flow: TextFlow | None = None) -> list[Step]:
    return list(answer(running, prompt, GREEDY, flow or TextFlow()))


def text(done: list[Step]) -> str:
    return "".join(step.text for step in done if isinstance(step, Said))


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> LegacyModel:
    if no_ctransformers.args[0]:
        pytest.skip(no_ctransformers.kwargs["reason"])
    return loaded(legacy_files.write_gpt2(tmp_path_factory.mktemp("gpt2") / "tiny.bin"), "gpt2")


@pytest.mark.parametrize("prompt", [" ba di ko ta", "Hello", "é 世界 \n\n x", " ne" * 40])
def test_gpt2_says_the_same_as_the_reference(gpt2: LegacyModel, prompt: str) -> None:
    tokens = gpt2.tokens(prompt)
    expected = b"".join(legacy_files.VOCABULARY[t] for t in legacy_files.gpt2_says(tokens, 8))
    assert text(steps(gpt2, tokens)).encode() == expected


@no_ctransformers
@pytest.mark.parametrize("version", [1, 2, 3])
def test_llama_says_the_same_as_the_reference(version: int, tmp_path: Path) -> None:
    running = loaded(llama_files.write_llama(tmp_path / "tiny.gguf", version=version), "gguf")
    tokens = running.tokens("<s>[INST] Hi bada ti é [/INST]")
    assert tokens[0] == 1 and tokens.count(1) == 1
    expected = llama_files.llama_says(tokens, 8)
    said = "".join(llama_files.VOCABULARY[t] for t in expected).replace("▁", " ")
    assert text(steps(running, tokens)) == said


@no_ctransformers
@pytest.mark.parametrize("kind", TYPES)
def test_every_type_loads_and_answers(kind: str, tmp_path: Path) -> None:
    file = legacy_files.write_any(tmp_path / "tiny.bin", kind)
    assert kind in legacy.fitting(file)
    running = loaded(file, kind)
    done = steps(running, running.tokens(" ba di ko"))
    assert isinstance(done[-1], Finished)
    assert done[-1].completion_tokens > 0


def test_a_prompt_that_was_read_is_not_read_again(gpt2: LegacyModel) -> None:
    prompt = gpt2.tokens(" ba di ko ta ne" * 8)
    first = steps(gpt2, prompt)
    again = steps(gpt2, prompt)
    end = again[-1]
    assert isinstance(end, Finished)
    assert end.cached == len(prompt) - 1
    assert text(again) == text(first)
    read = [step.done for step in first if isinstance(step, Read)]
    assert read == sorted(read) and read[-1] == len(prompt)


def test_a_stop_text_over_several_tokens_is_never_shown(gpt2: LegacyModel) -> None:
    prompt = gpt2.tokens(" ba di ko ta")
    whole = text(steps(gpt2, prompt))
    stop = whole[4:8]
    done = steps(gpt2, prompt, TextFlow([stop]))
    assert text(done) == whole[: whole.index(stop)]
    end = done[-1]
    assert isinstance(end, Finished)
    assert end.reason is FinishReason.STOP


def test_all_of_a_long_text_is_in_its_tokens(gpt2: LegacyModel) -> None:
    long = "x" * 5000 + " ba di" * 2000 + "\n\n\t  " * 50 + "世界" * 900
    said = b"".join(gpt2.bytes_of(token) for token in gpt2.tokens(long))
    assert said.decode() == long


def test_pieces_of_a_text_have_the_tokens_of_the_whole(
    gpt2: LegacyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Ba di, ko 12 ta!  ne  \n\n fa ga" * 30
    whole = gpt2.tokens(text)
    monkeypatch.setattr(model, "_LONGEST_WORDS", 40)
    assert gpt2.tokens(text) == whole


def test_what_a_model_cannot_say_is_refused(gpt2: LegacyModel, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="NUL"):
        gpt2.tokens("a\0b")
    english = legacy_files.write_any(tmp_path / "ascii.bin", "gptj", ascii_only=True)
    running = loaded(english, "gptj")
    assert running.tokens("plain")
    with pytest.raises(InputError, match="vocabulary"):
        running.tokens("é")


def test_sampling_stays_in_the_vocabulary(gpt2: LegacyModel) -> None:
    prompt = gpt2.tokens(" ba di")
    for wild in (
        Sampling(top_k=10**6, max_tokens=4),
        Sampling(top_k=0, top_p=5.0, max_tokens=4),
        Sampling(top_k=-3, top_p=-1.0, max_tokens=4),
        Sampling(temperature=1e-9, seed=-1, max_tokens=4),
    ):
        done = list(answer(gpt2, prompt, wild, TextFlow()))
        assert isinstance(done[-1], Finished)


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=4), max_size=3), st.data())
def test_text_flows_whole_however_it_is_cut(
    said: str, stops: list[str], data: st.DataObject
) -> None:
    encoded = said.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(encoded)), max_size=10)))
    flow = TextFlow(stops)
    shown = ""
    for start, end in zip([0, *cuts], [*cuts, len(encoded)], strict=True):
        shown += flow.feed(encoded[start:end])
    shown += flow.end()
    places = [at for stop in stops if (at := said.find(stop)) >= 0]
    if places:
        assert flow.stopped
        assert not any(stop in shown for stop in stops)
        assert said.startswith(shown)
    else:
        assert shown == said


def test_half_a_character_waits_and_a_wrong_byte_is_marked() -> None:
    flow = TextFlow()
    assert flow.feed("é".encode()[:1]) == ""
    assert flow.feed("é".encode()[1:]) == "é"
    assert flow.feed(b"\xff") == "\N{REPLACEMENT CHARACTER}"
    assert flow.feed("世".encode()[:2]) == ""
    assert flow.end() == ""


CHAT = (Message("system", "Be brief."), Message("user", "Hi?"))
MORE = (*CHAT, Message("assistant", "Hello."), Message("user", "Why?"))


@pytest.mark.parametrize("name", chat_template.named().template)
def test_every_named_template_says_everything_once_and_in_order(name: str) -> None:
    prompt = chat_template.find(name, "").render(MORE, "<s>", "</s>")
    places = [prompt.index(message.content) for message in MORE]
    assert places == sorted(places)
    assert all(prompt.count(message.content) == 1 for message in MORE)
    assert not prompt.startswith("\n")


@pytest.mark.parametrize(
    ("kind", "prompt"),
    [
        ("gpt2", "Be brief.\nUser: Hi?\nAssistant:"),
        ("starcoder", "Be brief.\nHi?"),
        (
            "mpt",
            "<|im_start|>user\nHi?<|im_end|>\n<|im_start|>assistant\n",
        ),
        ("dolly-v2", "Be brief.\n\n### Instruction:\nHi?\n\n### Response:\n"),
        ("llama", "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi? [/INST]"),
    ],
)
def test_a_type_has_a_template(kind: str, prompt: str) -> None:
    messages = CHAT if "Be brief." in prompt else CHAT[1:]
    template = chat_template.find("", kind)
    assert template.render(messages, "<s>", "</s>") == prompt
    begun = template.render((*messages, Message("assistant", "Well, I")), "<s>", "</s>")
    assert begun == prompt + ("" if prompt.endswith("\n") or not template.trim else " ") + "Well, I"


def test_every_type_names_a_template_that_there_is() -> None:
    file = chat_template.named()
    assert set(file.types) == {*TYPES, "gguf"}
    assert set(file.types.values()) <= set(file.template)
    assert all(template.source for template in file.template.values())


def test_a_template_can_refuse_and_cannot_reach_out() -> None:
    refusing = chat_template.find("{{ raise_exception('no system message') }}", "")
    with pytest.raises(InputError, match="no system message"):
        refusing.render(CHAT, "", "")
    reaching = chat_template.find("{{ ''.__class__.__mro__ }}", "")
    with pytest.raises(InputError):
        reaching.render(CHAT, "", "")
    with pytest.raises(ModelError, match="no chat template called nosuch"):
        chat_template.find("nosuch", "")
    with pytest.raises(ModelError, match="cannot be used"):
        chat_template.find("{% for %}", "")
