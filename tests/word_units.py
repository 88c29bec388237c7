"""The units of a Word file."""

from __future__ import annotations

from tests.translation_documents import read


def shown(data: bytes) -> list[str]:
    """Return the texts of the units, with codes in angle brackets."""
    return [
        "".join(part if isinstance(part, str) else f"⟨{part.source}⟩" for part in unit.parts)
        for unit in read(data, "docx")
    ]
