"""What a worker needs to know: one line of JSON on its command line."""

from __future__ import annotations

import msgspec

PROMPT_CACHE_MIB = 256
"""MiB of RAM for the KV state of prompts that lost their slot (llama.cpp's own default is 8,192,
more than the whole memory of the boxes this is for)."""
SPINS = "1000"
"""How often a thread looks before it sleeps until the others are done; libgomp's own is about
300,000. SmolLM2-135M, 2 threads, 2 cores: the same speed alone (68 tokens/s), and beside two busy
programs 29 tokens/s against 16, without the stalls of seconds."""


class RemoteSpec(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint elsewhere. It never holds a key: specs are logged and stand on command lines."""

    url: str
    model: str = ""
    """What the endpoint calls the model; empty takes the only one it has."""
    key_variable: str = ""
    """The environment variable with the key, where the service runs."""
    timeout: float = 300.0
    """Seconds to wait for the next byte."""
    ca_file: str = ""


class WorkerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A model and how to run it. Decided by the service from the config, never by a caller."""

    model: str
    """The model's id."""
    kind: str
    """Which worker runs it: a module of `hinterland.engine.workers`."""
    program: str = ""
    """The llama-server that the native worker becomes."""
    fallback: bool = False
    """Whether the bundled engine may stand in for a program that fails its smoke test."""
    note: str = ""
    """Why this is not the program that was wanted, for people."""
    path: str = ""
    sha256: str = ""
    bytes: int = 0
    """The file's size."""
    mtime_ns: int = 0
    """The file's time of change."""
    context: int = 4096
    """Tokens of context for each caller."""
    slots: int = 1
    trained_context: int = 0
    """Tokens of context the model was made for: the window is never larger; 0 where nobody knows."""
    bytes_per_token: int = 0
    """Bytes of memory that another token of context takes in one slot."""
    fewest_slots: int = 1
    """Slots that a larger window has to leave memory for."""
    threads: int = 1
    gpu_layers: int = -1
    projector: str = ""
    """The file of the image projector (mmproj); empty for a model that cannot see."""
    thinking: tuple[str, ...] = ()
    """What its chat template says of thinking, in the words of `engine.service.thinking`; nothing
    for a model that does not think."""
    stop: tuple[str, ...] = ()
    """Texts that end every answer, whatever else a request says."""
    memory: int = 0
    """Bytes of RAM it will need, estimated."""
    type: str = ""
    """What ctransformers calls such a model: `gpt2`, `mpt`, …; `gguf` for a GGUF file."""
    template: str = ""
    """For ctransformers: a chat template's name or its Jinja2 text; empty means that of the type."""
    special_tokens: dict[str, int] = {}
    """For ctransformers: text → token, for those that the library does not find in a text."""
    prefixes: str = ""
    """The folder it may save prefix states in; empty: it saves none."""
    shape: str = ""
    """Settings that a saved state of this model depends on besides the model."""
    shared: bool = False
    """Whether it serves people who must not learn of each other: nothing of what they say is kept
    longer than it is needed, or logged."""
    batch: int = 0
    """Tokens that are computed at once; 0 is llama.cpp's own number."""
    socket: str = ""
    """Where it listens."""
    remote: RemoteSpec | None = None
    """Set for the kind `remote`, which is no process here. Its `context` and `slots` may be 0: what
    the endpoint says."""

    @property
    def identity(self) -> str:
        """What makes a loaded model the one that is asked for: two files may have the same name."""
        if self.remote is not None:
            return f"{self.model}\n{self.remote}\n{self.context}\n{self.slots}"
        return f"{self.model}\n{self.path}\n{self.bytes}\n{self.mtime_ns}\n{self.sha256}\n{self.projector}"

    @property
    def sees(self) -> bool:
        """Whether it can be sent images; a remote engine refuses by itself what it cannot see."""
        return bool(self.projector) or self.kind in ("echo", "remote")

    @property
    def prompt_cache(self) -> int:
        """MiB for the state of prompts that lost their slot: whose they were nobody knows any more."""
        return 0 if self.shared else PROMPT_CACHE_MIB

    @property
    def pool_tokens(self) -> int:
        """Tokens in the context pool that the slots share."""
        return self.context * self.slots


def bundled(spec: WorkerSpec, note: str = "") -> WorkerSpec:
    """Return `spec` as the bundled llama.cpp runs it; `note` says why it is not a native program."""
    return msgspec.structs.replace(
        spec, kind="llamacpp", program="", fallback=False, note=note or spec.note
    )


def encode(spec: WorkerSpec) -> str:
    """Return the line for a worker's command line."""
    return msgspec.json.encode(spec).decode()


def decode(line: str) -> WorkerSpec:
    """Return the spec in a line that `encode` made."""
    return msgspec.json.decode(line, type=WorkerSpec)
