"""What `backprop-tui check` takes for large tensors, in processor time of the whole process.

All gradients are compared along random directions first, then entry by entry within a budget, which the
answer states. The second column is what recording the file once takes, its loading included. POSIX only.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

FILES = {
    "perceptron 784-256-10, batch of 16": """\
inputs: {X: {shape: [16, 784], init: normal, seed: 1}}
constants: {t: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5]}
params:
  W1: {shape: [784, 256], init: xavier_uniform, seed: 2}
  b1: {shape: [256], init: zeros}
  W2: {shape: [256, 10], init: xavier_uniform, seed: 3}
  b2: {shape: [10], init: zeros}
nodes:
  h: tanh(X @ W1 + b1)
  L: "softmax_with_loss(h @ W2 + b2, target=t)"
""",
    "tanh of an outer product, 800 × 800": """\
inputs: {a: {shape: [800], init: normal, seed: 1}, b: {shape: [800], init: normal, seed: 2}}
nodes: {L: "sum(tanh(outer(a, b)))"}
""",
}
"""The files, by what they are."""


def seconds(*arguments: str) -> tuple[float, str]:
    """What a process takes of the processor, and what it says of entries."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "backprop_tui", *arguments], capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    taken = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return taken, done.stdout.partition("\n")[0].rpartition("step), ")[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=3, help="turns of each (3)")
    turns = parser.parse_args().turns
    os.environ |= {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    with TemporaryDirectory() as folder:
        for title, text in FILES.items():
            path = Path(folder, "scenario.yaml")
            path.write_text(text, "utf-8")
            checks = [seconds("check", str(path)) for _ in range(turns)]
            runs = [seconds("run", str(path), "--brief")[0] for _ in range(turns)]
            print(f"{title:<40}{median(taken for taken, _ in checks):6.2f} s {median(runs):6.2f} s")
            print(f"  {checks[0][1]}")


if __name__ == "__main__":
    main()
