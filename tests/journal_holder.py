"""A process that is writing a journal, and goes on holding it until it is killed."""

from __future__ import annotations

import sys

from hinterland.paths import find
from tests.history_samples import a_turn, journal_writer

if __name__ == "__main__":
    conversation_id, turn_id, text = sys.argv[1:]
    writer = journal_writer(find(), conversation_id, a_turn(id=turn_id))
    writer.write(b'data: {"choices": [{"delta": {"content": "%s"}}]}\n\n' % text.encode())
    print("written", flush=True)
    sys.stdin.read()
