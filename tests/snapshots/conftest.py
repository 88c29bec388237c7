"""The option with which golden screens are taken anew."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden", action="store_true", help="write the golden screens anew; see tests/snapshots"
    )
