"""One hand at a time: whoever installs or undoes holds a lock from before it reads the receipt."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from hinterland.errors import InputError
from hinterland.kit.carried.placing import Places


@contextmanager
def alone(places: Places) -> Iterator[None]:
    """Hold the lock of an installation for the block; raises InputError at once where somebody else
    installs or undoes, OSError.

    It is a folder's that no installer makes, so that all of them meet at the same one.
    """
    outside = next(each for each in (places.outside, *places.outside.parents) if each.exists())
    # Programs that are started hold it too: pip may outlive an installer that was killed.
    handle = os.open(outside, os.O_RDONLY | os.O_CLOEXEC)
    os.set_inheritable(handle, True)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError("A kit is being installed or undone already.", "Wait for it.") from error
    else:
        yield
    finally:
        os.close(handle)
