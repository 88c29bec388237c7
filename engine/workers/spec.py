"""What a worker needs to know: one line of JSON on its command line."""

from __future__ import annotations

import msgspec


class WorkerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A model and how to run it. Decided by the service from the config, never by a caller."""

    model: str
    """The model's id."""
    kind: str
    """Which worker runs it: a module of `hinterland.engine.workers`."""
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
    socket: str = ""
    """Where it listens."""

    @property
    def identity(self) -> str:
        """What makes a loaded model the one that is asked for: two files may have the same name."""
        return f"{self.model}\n{self.path}\n{self.bytes}\n{self.mtime_ns}\n{self.sha256}\n{self.projector}"

    @property
    def sees(self) -> bool:
        """Whether it can be sent images."""
        return bool(self.projector) or self.kind == "echo"

    @property
    def pool_tokens(self) -> int:
        """Tokens in the context pool that the slots share."""
        return self.context * self.slots


def encode(spec: WorkerSpec) -> str:
    """Return the line for a worker's command line."""
    return msgspec.json.encode(spec).decode()


def decode(line: str) -> WorkerSpec:
    """Return the spec in a line that `encode` made."""
    return msgspec.json.decode(line, type=WorkerSpec)
