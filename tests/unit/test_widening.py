"""Weights written again: the same numbers but for rounding, in a file that an engine can use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType
from hypothesis import given
from hypothesis import strategies as st

from hinterland.models import header
from hinterland.models.gguf_values import UnusableError
from hinterland.models.widening import widen, widened
from tests.gguf_files import write_model

Q4_1, Q8_0 = GGMLQuantizationType.Q4_1, GGMLQuantizationType.Q8_0


@given(st.integers(0, 2**32 - 1), st.floats(0, 8, width=16), st.floats(-8, 8, width=16))
def test_every_weight_stays_within_half_a_step(seed: int, step: float, least: float) -> None:
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 256, (5, 20), dtype=np.uint8)
    blocks[:, :4] = np.array([step, least], np.float16).view(np.uint8)
    before = gguf.dequantize(blocks, Q4_1).reshape(5, 32)
    after = gguf.dequantize(np.frombuffer(widened(blocks.tobytes()), np.uint8).reshape(5, 34), Q8_0)
    largest = np.abs(before).max(axis=1, keepdims=True)
    # Half a step of 127, and what the step itself is off as a 16-bit number.
    assert (np.abs(after - before) <= largest * (1 / 254 + 1 / 1024) + 1e-5).all()


def _narrow(path: Path) -> Path:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Narrow")
    writer.add_file_type(3)
    writer.add_token_list(["a", "b"])
    rng = np.random.default_rng(1)
    for name, rows in (("output.weight", 3), ("blk.0.ffn_up.weight", 70_000)):
        weights = rng.standard_normal((rows, 32)).astype(np.float32)
        writer.add_tensor(name, gguf.quantize(weights, Q4_1), raw_dtype=Q4_1)
    writer.add_tensor("output_norm.weight", np.ones(7, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_file_is_written_again_with_all_it_says(tmp_path: Path) -> None:
    before = _narrow(tmp_path / "narrow.gguf")
    after = tmp_path / "wide.gguf"
    widen(before, after)
    old, new = gguf.GGUFReader(before), gguf.GGUFReader(after)
    assert header.read(after).file_type == 7
    for key in set(old.fields) - {"general.file_type"}:
        assert new.fields[key].contents() == old.fields[key].contents()
    assert [(t.name, list(t.shape)) for t in new.tensors] == [
        (t.name, list(t.shape)) for t in old.tensors
    ]
    for was, now in zip(old.tensors, new.tensors, strict=True):
        narrow = was.tensor_type == Q4_1
        assert now.tensor_type == (Q8_0 if narrow else was.tensor_type)
        apart = gguf.dequantize(now.data, now.tensor_type) - gguf.dequantize(
            was.data, was.tensor_type
        )
        assert np.abs(apart).max() <= (0.05 if narrow else 0)
    assert list(tmp_path.glob(".*")) == []


def test_a_file_that_cannot_be_written_again_leaves_nothing(tmp_path: Path) -> None:
    torn, whole = tmp_path / "torn.gguf", _narrow(tmp_path / "whole.gguf").read_bytes()
    torn.write_bytes(whole[:-5000])
    none = tmp_path / "none.gguf"
    none.write_bytes(b"GGUF")
    for path in (torn, none):
        with pytest.raises(UnusableError):
            widen(path, tmp_path / "wide.gguf")
    assert {path.name for path in tmp_path.iterdir()} == {"torn.gguf", "whole.gguf", "none.gguf"}


def test_a_file_without_such_weights_keeps_them(tmp_path: Path) -> None:
    before, after = write_model(tmp_path / "a.gguf"), tmp_path / "b.gguf"
    widen(before, after)
    for was, now in zip(
        gguf.GGUFReader(before).tensors, gguf.GGUFReader(after).tensors, strict=True
    ):
        assert was.data.tobytes() == now.data.tobytes()


_FORBIDDEN = """
import ctypes, os, runpy, struct, sys

number = {"x86_64": 141, "aarch64": 140}[os.uname().machine]  # setpriority(2)
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
program = struct.pack("@HP", len(steps), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
    sys.exit(77)
try:
    os.nice(1)
except PermissionError:
    runpy.run_module("hinterland.models.widening", run_name="__main__")
else:
    sys.exit(77)
"""


@pytest.mark.skipif(
    os.uname().machine not in ("x86_64", "aarch64"), reason="other numbers of system calls"
)
def test_it_runs_where_nobody_may_change_priorities(tmp_path: Path) -> None:
    """So it is in the box's service: its unit filters the system calls @resources."""
    before, after = _narrow(tmp_path / "narrow.gguf"), tmp_path / "wide.gguf"
    done = subprocess.run(
        [sys.executable, "-c", _FORBIDDEN, str(before), str(after)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("no system call can be forbidden here")
    assert done.returncode == 0, done.stderr
    assert header.read(after).file_type == 7
