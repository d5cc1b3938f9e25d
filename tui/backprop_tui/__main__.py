"""`python -m backprop_tui` and the command `backprop-tui`."""

from __future__ import annotations

import os
import sys

_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def main() -> None:
    """Run the command line; BLAS is pinned to one thread first, so that bytes do not depend on threads."""
    arguments = sys.argv[1:]
    threads = "1"
    if "--threads" in arguments[:-1]:
        at = arguments.index("--threads")
        threads = arguments[at + 1]
    for name in _THREAD_VARIABLES:
        os.environ[name] = threads if threads.isdecimal() and threads != "0" else "1"
    from backprop_tui.cli.main import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
