"""HTTP to a remote engine: TLS verified, no redirects, and tries again only while nothing was said.

The only importer of httpx2, and imported only when a remote engine is used.
"""

from __future__ import annotations

import asyncio
import email.utils
import os
import random
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

import httpx2

from hinterland import address
from hinterland.engine.remote.key import Key
from hinterland.engine.remote.refusals import LARGEST, AgainError, refused
from hinterland.engine.workers.spec import RemoteSpec
from hinterland.errors import ConfigError, EngineError
from hinterland.text import clean_line

TRIES = 4
_TO_CONNECT = 10.0  # seconds
_FIRST_PAUSE = 0.5  # seconds, doubled for each further try, and half of it left to chance
_LONGEST_PAUSE = 30.0  # seconds; a remote that asks for more is said to be busy
_BUSY = frozenset({429, 502, 503, 504})

Item = TypeVar("Item")


class Answer:
    """A response, its body still to be read."""

    def __init__(self, response: httpx2.Response, key: Key) -> None:
        self.status = response.status_code
        self.kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        self._response = response
        self._key = key

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""
        return self._response.aiter_bytes()

    async def body(self, most: int) -> bytes:
        """Return the body, at most `most` bytes of it, without the key."""
        body = bytearray()
        async for piece in self._response.aiter_bytes():
            body += piece
            if len(body) >= most:
                break
        return self._key.hide(bytes(body[:most]).decode("utf-8", "replace")).encode()


class Endpoint:
    """One remote engine. `model` and `models` are for what is said of a refusal."""

    def __init__(self, name: str, spec: RemoteSpec, key: Key) -> None:
        """Raises ConfigError for certificates or a proxy that cannot be used."""
        self.name = name
        self.address = address.parse(spec.url)
        self.engine = f"{name} at {self.address.place}"
        self.model = spec.model
        self.models: tuple[str, ...] = ()
        self.key = key
        self.timeout = spec.timeout
        try:
            self._client = httpx2.AsyncClient(
                verify=_trust(spec.ca_file, name),
                timeout=httpx2.Timeout(spec.timeout, connect=min(_TO_CONNECT, spec.timeout)),
                limits=httpx2.Limits(max_connections=None, max_keepalive_connections=8),
                follow_redirects=False,
                # The environment's proxy would carry words for this machine out of it.
                trust_env=not self.address.here,
                headers={"User-Agent": "hinterland", "Accept-Encoding": "identity"},
            )
        except (ImportError, ValueError, httpx2.InvalidURL) as error:
            raise ConfigError(  # the error may quote a password
                f"The proxy that the environment names cannot be used for {name}.",
                "Mend HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, then `hint engine stop`.",
            ) from error

    async def close(self) -> None:
        """Drop the connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        patience: float | None = None,
        also: frozenset[int] = frozenset(),
    ) -> AsyncGenerator[Answer, None]:
        """Give the response to one try, with status 200 or one of `also`.

        Raises HinterlandError, or AgainError where another try may help; also while it is read.
        """
        headers = self.key.header
        if body is not None:
            headers["Content-Type"] = "application/json"
        wait = patience or self.timeout
        timeout = httpx2.Timeout(wait, connect=min(_TO_CONNECT, wait))
        try:
            async with self._client.stream(
                method, url, content=body, headers=headers, timeout=timeout
            ) as response:
                answer = Answer(response, self.key)
                if answer.status != 200 and answer.status not in also:
                    raise self._refused(answer.status, await answer.body(LARGEST), response.headers)
                yield answer
        except httpx2.HTTPError as error:
            raise self._failed(error, wait) from error

    async def patiently(
        self, once: Callable[[], AsyncGenerator[Item, None]]
    ) -> AsyncGenerator[Item, None]:
        """Yield what `once` does, and try again a few times as long as it has yielded nothing."""
        for tried in range(1, TRIES + 1):
            begun = False
            try:
                async with aclosing(once()) as items:
                    async for item in items:
                        begun = True
                        yield item
                return
            except AgainError as again:
                pause = again.pause
                if pause is None:
                    pause = _FIRST_PAUSE * 2 ** (tried - 1) * random.uniform(0.5, 1)  # noqa: S311 - no secret
                if begun or tried == TRIES or pause > _LONGEST_PAUSE:
                    raise again.error from again
            await asyncio.sleep(pause)

    def _refused(self, status: int, body: bytes, headers: httpx2.Headers) -> Exception:
        error = refused(
            self.engine,
            self.name,
            status,
            body,
            model=self.model,
            models=self.models,
            location=self.key.hide(headers.get("location", "")),
        )
        if status not in _BUSY:
            return error
        pause = _seconds(headers.get("retry-after", ""))
        if pause is not None and pause > _LONGEST_PAUSE:
            error.hint = f"It asks to be left alone for {pause:.0f} seconds."
        return AgainError(error, pause)

    def _failed(self, error: httpx2.HTTPError, wait: float) -> Exception:
        """Return what a failed exchange means. The library's words may hold a proxy's password."""
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, ssl.SSLError):
            cause = cause.__cause__ or cause.__context__
        if cause is not None:
            reason = getattr(cause, "verify_message", "") or cause.reason or "TLS failed"
            return EngineError(
                f"The connection to {self.engine} is not safe: {clean_line(str(reason))}.",
                f"engines.{self.name}.ca_file names the certificates to trust, if it has its own.",
            )
        if isinstance(error, httpx2.ConnectTimeout | httpx2.ConnectError):
            return AgainError(
                EngineError(
                    f"{self.engine} cannot be reached.",
                    f"Is it running, and the network up? engines.{self.name}.url says where it is.",
                )
            )
        if isinstance(error, httpx2.TimeoutException):
            return EngineError(
                f"{self.engine} said nothing for {wait:.0f} seconds.",
                f"Ask again, or raise engines.{self.name}.timeout.",
            )
        if isinstance(error, httpx2.ProxyError):
            return EngineError(
                f"The proxy on the way to {self.engine} refused.",
                "See HTTPS_PROXY and NO_PROXY where the engine was started.",
            )
        return AgainError(EngineError(f"{self.engine} broke the connection off.", "Ask again."))


def _trust(ca_file: str, name: str) -> ssl.SSLContext:
    if not ca_file:
        return httpx2.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=os.path.expanduser(ca_file))
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"The certificates in {clean_line(ca_file)} cannot be used: "
            f"{error.strerror or 'no certificate is in it'}.",
            f"Mend engines.{name}.ca_file.",
        ) from error


def _seconds(retry_after: str) -> float | None:
    """Return how long a Retry-After header asks to wait; None when there is none that says."""
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
