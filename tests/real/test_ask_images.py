"""Images from the command line to the model: sent, counted, kept, sent again, deleted."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hinterland import images
from hinterland.conversation import Conversation
from hinterland.engine import echo
from hinterland.engine.client import EngineClient
from hinterland.engine.protocol import Event, Failed
from hinterland.engine.wire import Connection
from hinterland.errors import StorageError
from hinterland.history import History
from hinterland.models.store import ModelStore
from hinterland.paths import Paths, find
from tests.gguf_files import write_projector
from tests.running import Hint, asking, kill, running_status, wait_until

WIDTH_OF_SMOLLM2 = 576
TOKENS_AN_IMAGE = 16


@pytest.fixture
def draw(tmp_path: Path) -> Callable[[str, str], Path]:
    def file(colour: str, name: str) -> Path:
        path = tmp_path / name
        Image.new("RGB", (300, 200), colour).save(path)
        return path

    return file


def answer(hint: Hint, *arguments: str) -> dict[str, Any]:
    ended = hint("ask", "--json", *arguments)
    assert ended.returncode == 0, ended.stderr
    envelope: dict[str, Any] = json.loads(ended.stdout)
    return envelope


def prompt_tokens(envelope: dict[str, Any]) -> int:
    return int(envelope["usage"]["prompt_tokens"])


def kept_images(paths: Paths) -> list[Path]:
    return [each for each in (paths.history / "images").rglob("*") if each.is_file()]


def test_images_are_kept_named_sent_again_and_deleted(
    hint: Hint, paths: Paths, draw: Callable[[str, str], Path]
) -> None:
    red, blue = draw("red", "red.png"), draw("blue", "blue.jpg")
    first = answer(
        hint, "-m", "echo", "-s", "s", "--image", str(red), "--image", str(blue), "two words"
    )
    assert prompt_tokens(first) == 3 + 2 * echo.IMAGE_TOKENS
    kept = kept_images(paths)
    assert sorted(each.suffix for each in kept) == [".jpg", ".png"]
    assert {each.stat().st_mode & 0o777 for each in kept} == {0o600}
    assert {each.parent.name for each in kept} == {first["conversation_id"]}
    red.unlink()
    again = answer(hint, "--continue", "three more words")
    assert prompt_tokens(again) == 3 + 2 + 3 + 2 * echo.IMAGE_TOKENS  # answer, new prompt
    shown = hint("history", "show").stdout
    assert "[image: red.png]\n[image: blue.jpg]\ntwo words" in shown
    exported = hint("history", "export", first["conversation_id"]).stdout
    assert "> [image: red.png]\n> [image: blue.jpg]\n> two words" in exported
    record = (paths.history / "conversations" / f"{first['conversation_id']}.json").read_text()
    assert "base64" not in record
    assert hint("history", "delete", "--yes", first["conversation_id"]).returncode == 0
    assert list((paths.history / "images").rglob("*")) == []


def test_without_a_history_no_image_is_written(
    hint: Hint, paths: Paths, draw: Callable[[str, str], Path]
) -> None:
    red = draw("red", "red.png")
    said = answer(hint, "-m", "echo", "--no-history", "-s", "s", "--image", str(red), "a word")
    assert prompt_tokens(said) == 3 + echo.IMAGE_TOKENS
    assert not paths.history.exists()
    pixels = images.parts(images.load(red).url)[1]
    for written in (each for each in paths.state.rglob("*") if each.is_file()):
        content = written.read_bytes()
        assert pixels not in content
        assert base64.b64encode(pixels)[:60] not in content


def test_an_answer_that_outlives_its_ask_keeps_its_images(
    hint: Hint, paths: Paths, draw: Callable[[str, str], Path]
) -> None:
    red = draw("red", "red.png")
    with asking("-m", "echo:20", "--image", str(red), "word " * 40) as process:
        kill(process.pid)
        process.communicate()
        journal = next(paths.journal.glob("*.journal")).read_bytes()
        assert len(journal.partition(b"\n")[0]) < 1500
    wait_until(lambda: running_status().running == 0, "the answer is finished")
    turn = json.loads(hint("history", "show", "--json").stdout)["turns"][-1]
    assert [note["name"] for note in turn["images"]] == ["red.png"]
    assert [each.name for each in kept_images(paths)] == [turn["images"][0]["file"]]
    more = prompt_tokens(answer(hint, "-m", "echo", "--continue", "and"))
    assert more > echo.IMAGE_TOKENS + 80


def test_an_image_of_an_answer_that_failed_does_not_stay(
    hint: Hint, paths: Paths, draw: Callable[[str, str], Path]
) -> None:
    red = str(draw("red", "red.png"))
    failed = hint("ask", "-m", "echo", "--image", red, "word " * echo.CONTEXT)
    assert failed.returncode == 2
    assert "The prompt has" in failed.stderr
    assert kept_images(paths) == []


def test_a_kept_image_that_is_gone_is_said_and_not_left_out(
    paths: Paths, draw: Callable[[str, str], Path]
) -> None:
    async def talk() -> None:
        history = History(paths)
        first = Conversation(EngineClient(paths), history, model="echo")
        picture = images.load(draw("red", "red.png"))
        async for _ in first.ask("word", images=[picture]):
            pass
        kept_images(paths)[0].unlink()
        record, _ = history.resume(first.id)
        later = Conversation(EngineClient(paths), history, record=record)
        with pytest.raises(StorageError, match=r"The image red\.png .* cannot be read"):
            async for _ in later.ask("again"):
                pass

    asyncio.run(talk())


def test_more_images_than_a_request_may_hold_are_an_error(paths: Paths) -> None:
    async def ask() -> Event:
        pixels = images.data_url("image/jpeg", b"x" * 1_000_000)
        conversation = Conversation(EngineClient(paths), None, model="echo")
        pictures = [images.Picture(f"{number}.jpg", pixels) for number in range(60)]
        return [event async for event in conversation.ask("word", images=pictures)][-1]

    failed = asyncio.run(ask())
    assert isinstance(failed, Failed)
    assert "larger than 64 MB" in failed.message


def test_a_broken_image_is_refused_before_an_engine_runs(
    hint: Hint, paths: Paths, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    ended = hint("ask", "-m", "echo", "--image", str(broken), "What is this?")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("hint: ") == 1
    assert "broken.png is broken" in ended.stderr
    assert not paths.socket.exists()


def ask_as_another_client(paths: Paths, *parts: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Send OpenAI's protocol and nothing of ours; the engine has to run."""

    async def ask() -> tuple[int, dict[str, Any]]:
        content = [*parts, {"type": "text", "text": "one two"}]
        body = {"model": "echo", "messages": [{"role": "user", "content": content}]}
        connection = await Connection.open(paths.socket)
        data = json.dumps(body).encode()
        status = await connection.send("POST", "/v1/chat/completions", data)
        answered = await connection.body()
        connection.close()
        return status, json.loads(answered) if status != 200 else {}

    return asyncio.run(ask())


def image_part(kind: str, data: bytes) -> dict[str, Any]:
    url = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def test_images_of_other_clients_are_decoded_before_a_worker_sees_them(
    hint: Hint, paths: Paths
) -> None:
    assert hint("engine", "start", "-m", "echo").returncode == 0
    sound, tiff = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(sound, "PNG")
    Image.new("RGB", (40, 40), "red").save(tiff, "TIFF")
    assert ask_as_another_client(paths, image_part("png", sound.getvalue()))[0] == 200
    for parts, said in (
        ([image_part("png", tiff.getvalue())], "Image 1 of the request is a TIFF image."),
        ([image_part("png", sound.getvalue()[:50])], "Image 1 of the request is broken"),
        ([{"type": "image_url", "image_url": {"url": "http://127.0.0.1/x.png"}}], "`data:image/"),
        ([{"type": "input_audio", "input_audio": {"data": ""}}], "input_audio"),
    ):
        status, error = ask_as_another_client(paths, *parts)
        assert status == 400
        assert said in error["error"]["message"]


@pytest.fixture
def seer(small_model: str, tmp_path: Path) -> str:
    """The small model with a projector of noise: it is sent images, and makes nothing of them."""
    store = ModelStore(find())  # after `small_model` has said where the models are
    projector = write_projector(tmp_path / "mmproj.gguf", WIDTH_OF_SMOLLM2)
    return store.add(store.find(small_model).path, "seer", projector=projector).id


@pytest.mark.model
def test_a_model_with_a_projector_is_shown_images(
    hint: Hint, paths: Paths, seer: str, draw: Callable[[str, str], Path]
) -> None:
    question = ("-m", seer, "--temperature", "0", "--max-tokens", "4", "What is this?")
    red, blue = draw("red", "red.png"), draw("blue", "blue.jpg")
    text = answer(hint, *question)
    shown = answer(hint, "--image", str(red), *question)
    assert shown["answer"].strip()
    assert prompt_tokens(shown) == prompt_tokens(text) + TOKENS_AN_IMAGE
    # The same image is in the cache up to the question's end; another one is not.
    same = answer(hint, "--image", str(red), *question)
    other = answer(hint, "--image", str(blue), *question)
    assert same["answer"] == shown["answer"]
    assert same["usage"]["cached_tokens"] >= other["usage"]["cached_tokens"] + TOKENS_AN_IMAGE
    both = answer(hint, "--image", str(red), "--image", str(blue), *question)
    assert prompt_tokens(both) == prompt_tokens(text) + 2 * TOKENS_AN_IMAGE
    again = answer(hint, "--continue", "--max-tokens", "4", "And now?")
    assert prompt_tokens(again) > prompt_tokens(both)
    odds = first_odds(paths, seer, red)
    assert odds != first_odds(paths, seer, blue)
    assert odds == first_odds(paths, seer, red)


def first_odds(paths: Paths, model: str, image: Path) -> list[float]:
    """Return how likely the model finds the likeliest first tokens of its answer."""
    part = {"type": "image_url", "image_url": {"url": images.load(image).url}}
    body = {
        "model": model,
        "messages": [{"role": "user", "content": [part, {"type": "text", "text": "Colour?"}]}],
        "max_tokens": 1,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": 5,
        "cache_prompt": False,
    }

    async def ask() -> list[float]:
        connection = await Connection.open(paths.socket)
        data = json.dumps(body).encode()
        assert await connection.send("POST", "/v1/chat/completions", data) == 200
        said = json.loads(await connection.body())
        connection.close()
        tokens = said["choices"][0]["logprobs"]["content"]
        return [round(each["logprob"], 4) for each in tokens[0]["top_logprobs"]]

    return asyncio.run(ask())


@pytest.mark.model
def test_a_model_without_a_projector_says_so(
    hint: Hint, small_model: str, draw: Callable[[str, str], Path]
) -> None:
    ended = hint("ask", "-m", small_model, "--image", str(draw("red", "red.png")), "What is it?")
    assert ended.returncode == 2
    assert f"The model {small_model} cannot see images." in ended.stderr
    assert "hint models recommend --task vision" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.model
def test_a_projector_of_another_model_is_an_error_and_no_crash(
    hint: Hint, small_model: str, tmp_path: Path, draw: Callable[[str, str], Path]
) -> None:
    store = ModelStore(find())
    projector = write_projector(tmp_path / "mmproj.gguf", 64)
    store.add(store.find(small_model).path, "odd", projector=projector)
    ended = hint("ask", "-m", "odd", "--image", str(draw("red", "red.png")), "What is it?")
    assert ended.returncode == 3
    assert "The image projector of odd cannot be used: mismatch between text model" in ended.stderr
