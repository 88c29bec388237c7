"""The Hugging Face hub, through its own client: where the makers of most models publish them."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import BinaryIO

from hinterland.errors import ModelError
from hinterland.models.catalog import Entry
from hinterland.models.hashing import sha256, short
from hinterland.models.progress import Progress
from hinterland.models.sources import Fetched, WrongBytesError

ENDPOINT = "https://huggingface.co"
SECONDS_TO_ANSWER = 3.0
_HINT = (
    "Pull again to go on where it stopped, or fetch the file elsewhere and `hint models add` it."
)


class HubSource:
    name = "the Hugging Face hub"

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")
        self._answers: bool | None = None

    def holds(self, entry: Entry) -> bool:
        return entry.repo is not None and entry.sha256 is not None and entry.shards == 1

    def available(self) -> bool:
        """Return whether the hub answers within three seconds, as itself and not as a login page.

        It is asked once.
        """
        if self._answers is None:
            self._answers = self._ask()
        return self._answers

    def _ask(self) -> bool:
        if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
            return False
        answered = threading.Event()

        def ask() -> None:
            import urllib.request

            try:
                url = f"{self._endpoint}/api/models?limit=1"
                with urllib.request.urlopen(url, timeout=SECONDS_TO_ANSWER) as answer:  # noqa: S310 - set by the account
                    if "json" in answer.headers.get("Content-Type", ""):
                        answered.set()
            except (OSError, ValueError):
                pass

        # In a thread, since looking up a name has no time limit of its own.
        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(SECONDS_TO_ANSWER)
        return answered.is_set()

    def origin(self, entry: Entry) -> str:
        at = f" at {entry.revision[:12]}" if entry.revision else ""
        return f"{self.name}: {entry.repo}{at}, {entry.file}"

    def scratch(self, entry: Entry) -> int:
        return 0

    def fetch(self, entry: Entry, into: Path, progress: Progress) -> Fetched:
        if entry.repo is None or entry.sha256 is None:
            raise ValueError(f"{entry.id} is not to be had from the hub")
        # Read when the client is imported: no telemetry, no bars of its own, and plain HTTP, which
        # resumes after a kill where its other protocol would keep a second copy in a cache.
        for switch in ("DISABLE_TELEMETRY", "DISABLE_PROGRESS_BARS", "DISABLE_XET"):
            os.environ[f"HF_HUB_{switch}"] = "1"
        from huggingface_hub import errors, get_hf_file_metadata, get_token, hf_hub_url
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import build_hf_headers, logging  # type: ignore[attr-defined] # not exported

        logging.set_verbosity_error()  # type: ignore[no-untyped-call,unused-ignore] # by version
        url = hf_hub_url(entry.repo, entry.file, revision=entry.revision, endpoint=self._endpoint)
        target = into / "hub.partial"
        try:
            found = get_hf_file_metadata(url, token=get_token(), endpoint=self._endpoint)
            if re.fullmatch("[0-9a-f]{64}", found.etag or "") and found.etag != entry.sha256:
                raise WrongBytesError(
                    f"The hub has another file than the catalogue pins for {entry.id}: "
                    f"its SHA-256 is {short(found.etag or '')}, not {short(entry.sha256)}.",
                    "Nothing was fetched. The file was replaced there; a newer catalogue may know it.",
                )
            total = entry.bytes or found.size
            start = _length(target)
            if total is not None and start > total:
                target.unlink()
                start = 0
            with target.open("ab") as file:
                http_get(
                    url,
                    _Counted(file, entry.id, start, total, progress),  # type: ignore[arg-type] # a file to it
                    resume_size=start,
                    headers=build_hf_headers(token=get_token()),
                    expected_size=total,
                )
        except errors.HfHubHTTPError as error:
            raise ModelError(_refusal(entry, error.response.status_code), _HINT) from error
        except (errors.HTTPError, ConnectionError) as error:  # type: ignore[attr-defined] # not exported
            raise ModelError(f"The hub broke off while {entry.id} was fetched.", _HINT) from error
        except OSError as error:
            if error.errno is not None:
                raise
            raise ModelError(f"The hub did not send all of {entry.id}.", _HINT) from error
        return Fetched(target, sha256(target, progress, f"Checking {entry.id}"))


def _length(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _refusal(entry: Entry, status: int) -> str:
    if status in (401, 403):
        return (
            f"The hub gives {entry.id} only to accounts that agreed to its terms (HTTP {status})."
        )
    if status == 404:
        return f"The hub no longer has {entry.file} in {entry.repo}."
    return f"The hub refused {entry.id} (HTTP {status})."


class _Counted:
    """A file that tells how long it gets; the client writes to it, and rewinds it to start anew."""

    def __init__(
        self, file: BinaryIO, what: str, start: int, total: int | None, progress: Progress
    ) -> None:
        self._file, self._progress = file, progress
        self._what, self._done, self._total = what, start, total

    def write(self, content: bytes) -> int:
        if self._total is not None and self._done + len(content) > self._total:
            raise WrongBytesError(
                f"The hub sends more than the {self._total:,} bytes of {self._what}.",
                "It is not what the catalogue pins; nothing was installed.",
            )
        written = self._file.write(content)
        self._done += written
        self._progress.advance(self._what, self._done, self._total)
        return written

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int) -> int:
        self._done = offset
        return self._file.seek(offset)

    def truncate(self) -> int:
        return self._file.truncate()
