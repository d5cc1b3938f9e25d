"""What recording a step of a GPT in PyTorch costs, beside the plain step and beside anomaly mode.

``PYTHONPATH=tests/pytorch:tests/support python benchmarks/record_torch.py`` from a checkout with PyTorch.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import torch
from plain_models import GPT
from torch.nn import functional

from backprop_tui.torch import record


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=5)
    turns = parser.parse_args().turns
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    model = GPT(width=256, heads=8, layers=4, length=128)
    tokens = torch.randint(65, (8, 128))

    def step() -> None:
        model.zero_grad()
        functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten()).backward()

    sizes: dict[str, int] = {}
    ways: dict[str, Callable[[], None]] = {
        "plain": step,
        "anomaly mode": partial(_in_anomaly_mode, step),
        "figures only, `cells=0`": partial(_recorded, step, model, sizes, "figures only, `cells=0`", cells=0),
        "the default": partial(_recorded, step, model, sizes, "the default"),
        "everything, `cells=None`": partial(
            _recorded, step, model, sizes, "everything, `cells=None`", cells=None
        ),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(turns):
        for name, run in ways.items():
            started = process_time()
            run()
            best[name] = min(best[name], process_time() - started)
    print(f"{sum(one.numel() for one in model.parameters()) / 1e6:.1f} million parameters")
    print("| | time | size |\n|---|---|---|")
    for name, time in best.items():
        size = f"{sizes[name] / 1e6:.1f} MB" if name in sizes else ""
        print(f"| {name} | {time / best['plain']:.2f} | {size} |")


def _in_anomaly_mode(step: Callable[[], None]) -> None:
    with torch.autograd.detect_anomaly():
        step()


def _recorded(step: Callable[[], None], model: Any, sizes: dict[str, int], name: str, **options: Any) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        with record(Path(folder, "run"), model, **options):
            step()
        sizes[name] = sum(path.stat().st_size for path in Path(folder, "run").iterdir())


if __name__ == "__main__":
    main()
