"""`python -m backprop_tui` and the command `backprop-tui`."""

from __future__ import annotations

import gc
import os
import sys
from io import TextIOWrapper

_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def main() -> None:
    """Run the command line. Bytes depend neither on threads (BLAS is pinned to one first) nor on a locale.

    What is loaded at the start stays to the end: until it is there, looking for garbage only takes time.
    """
    gc.disable()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    arguments = sys.argv[1:]
    threads = "1"
    for at, argument in enumerate(arguments):
        if argument == "--threads":
            threads = "".join(arguments[at + 1 : at + 2])
        elif argument.startswith("--threads="):
            threads = argument.partition("=")[2]
    for name in _THREAD_VARIABLES:
        os.environ[name] = threads if threads.isdecimal() and threads != "0" else "1"
    from backprop_tui.cli.main import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
