"""A llama-server on a TCP port of the loopback device: what a remote endpoint is in the tests.

`python llama_server.py MODEL KEY PORT` prints its port when it is ready, and ends with its standard
input; with 0 it takes a free port.
"""

from __future__ import annotations

import os
import socket
import sys


def main() -> None:
    os.environ["GOMP_SPINCOUNT"] = "1000"  # as our worker does: read when the library is loaded
    import xllamacpp

    with socket.create_server(("127.0.0.1", int(sys.argv[3]))) as free:
        port = free.getsockname()[1]
    parameters = xllamacpp.CommonParams()
    parameters.model.path = sys.argv[1]
    parameters.model_alias = {"there"}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.api_keys = [sys.argv[2]]
    parameters.n_ctx = 4096
    parameters.n_parallel = 2
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 2
    parameters.verbosity = 0
    _serving = xllamacpp.Server(parameters)
    print(port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
