"""An OpenAI-compatible endpoint on loopback whose model says words at a steady rate, for two chats to
be measured with. It answers what Ollama's own interface is asked, too."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "small-model"
SENTENCE = "The quick brown fox jumps over **the lazy dog** and `runs` on. "
FIRST_WORD, LAST_WORD = "Quokkas", "Zanzibar"
"""What an answer begins and ends with."""


class Speaker(ThreadingHTTPServer):
    """An endpoint whose model says `words` words, `rate` of them a second."""

    daemon_threads = True

    def __init__(self, rate: float, words: int) -> None:
        super().__init__(("127.0.0.1", 0), _Speech)
        self.rate = rate
        self.words = words
        self.ended = 0.0
        """When the last word was sent."""
        self.characters = 0
        """How long the answer was."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Speech(BaseHTTPRequestHandler):
    server: Speaker

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        found = {
            "/v1/models": {"object": "list", "data": [{"id": MODEL, "object": "model"}]},
            "/api/tags": {"models": [{"model": MODEL, "name": MODEL}]},
            "/api/ps": {"models": []},
        }.get(self.path)
        self._reply({} if found is None else found, 404 if found is None else 200)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/api/show":
            self._reply({"capabilities": ["completion"], "model_info": {}, "details": {}})
        elif self.path == "/v1/chat/completions":
            with suppress(OSError):
                self._speak()
        else:
            self._reply({}, 404)

    def _reply(self, said: object, status: int = 200) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _speak(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        begun = time.perf_counter()
        paragraph = (SENTENCE * 5).split(" ")[:-1]
        characters = self._chunk({"role": "assistant", "content": f"{FIRST_WORD}. "})
        for number in range(self.server.words):
            word = paragraph[number % len(paragraph)]
            end = "\n\n" if (number + 1) % len(paragraph) == 0 else " "
            characters += self._chunk({"content": word + end})
            pause = begun + (number + 1) / self.server.rate - time.perf_counter()
            if pause > 0:
                time.sleep(pause)
        characters += self._chunk({"content": f"{LAST_WORD}."})
        self.server.ended = time.perf_counter()
        self.server.characters = characters
        self._chunk({}, "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def _chunk(self, delta: dict[str, str], finish: str | None = None) -> int:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        said = {
            "id": "1",
            "created": 1,
            "object": "chat.completion.chunk",
            "model": MODEL,
            "choices": [choice],
        }
        self.wfile.write(b"data: " + json.dumps(said).encode() + b"\n\n")
        self.wfile.flush()
        return len(delta.get("content", ""))


@contextmanager
def speaking(rate: float, words: int) -> Iterator[Speaker]:
    """Run the endpoint."""
    speaker = Speaker(rate, words)
    threading.Thread(target=speaker.serve_forever, daemon=True).start()
    try:
        yield speaker
    finally:
        speaker.shutdown()
        speaker.server_close()
