"""What every process of a run under gloo does: a training of three steps for each row of `RUNS`.

The line at fault ends in `# here`, where there is one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from plain_models import GPT, TOKENS
from torch import distributed, nn
from torch.nn import functional

from backprop_tui.torch import record

__all__ = ["RUNS", "Run", "work"]


class Run(NamedTuple):
    """A training that every rank takes part in, and the kind of finding and the ranks that it leads to."""

    train: Callable[[int, int, Path], None]
    kind: str = ""
    ranks: str = ""
    """Which ranks are named: `one` (the second), `all`, or none where nothing is wrong."""


class Net(nn.Module):
    """Two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 8), nn.Linear(8, 2)

    def forward(self, x: Any) -> Any:
        return self.second(torch.tanh(self.first(x)))  # here


def _batch(rank: int, step: int) -> Any:
    return torch.linspace(-1, 1, 24).reshape(6, 4).roll(rank + 3 * step)


def _train(
    net: Any,
    model: nn.Module,
    folder: Path,
    rank: int,
    *,
    batch: Callable[[int, int], Any] = _batch,
    loss: Callable[[Any, Any], Any] = lambda net, x: net(x).square().mean(),
    rate: float = 0.1,
    average: Callable[[nn.Module], None] = lambda model: None,
    steps: int = 3,
    cells: int | None = 65_536,
) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    with record(folder, model, cells=cells) as tape:
        for step in range(steps):
            loss(net, batch(rank, step)).backward()  # here
            average(model)
            optimizer.step()
            optimizer.zero_grad()
            tape.step()


def _parallel(model: nn.Module) -> nn.Module:
    return nn.parallel.DistributedDataParallel(model)


def _next_token(net: Any, tokens: Any) -> Any:
    return functional.cross_entropy(net(tokens).flatten(0, 1), tokens.flatten())


def _tokens(rank: int, step: int) -> Any:
    return (TOKENS + rank + step) % 50


def _ddp(rank: int, _: int, folder: Path) -> None:
    model = GPT(width=16, layers=1)
    _train(_parallel(model), model, folder, rank, batch=_tokens, loss=_next_token)


def _fsdp(rank: int, world: int, folder: Path) -> None:
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    model, mesh = GPT(width=16, layers=1), init_device_mesh("cpu", (world,))
    for block in model.blocks:
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)
    _train(model, model, folder, rank, batch=_tokens, loss=_next_token)


def _bad_batch(rank: int, _: int, folder: Path) -> None:
    def batch(rank: int, step: int) -> Any:
        whole = _batch(rank, step)
        if (rank, step) == (1, 1):
            return torch.from_numpy(whole.numpy() * np.float32("nan"))  # here
        return whole

    _train(_parallel(model := Net()), model, folder, rank, batch=batch)


def _not_normalized(rank: int, _: int, folder: Path) -> None:
    def batch(rank: int, step: int) -> Any:
        return _batch(rank, step) * (255.0**2 if rank == 1 and step == 1 else 1)

    model = nn.Linear(4, 2)
    _train(_parallel(model), model, folder, rank, batch=batch, steps=2)


def _another_rate(rank: int, _: int, folder: Path) -> None:
    _train(_parallel(model := Net()), model, folder, rank, rate=0.1 + 0.01 * (rank == 1))


def _forgotten(rank: int, world: int, folder: Path) -> None:
    def average(model: nn.Module) -> None:
        for name, one in model.named_parameters():
            if not name.startswith("first"):
                distributed.all_reduce(one.grad)
                one.grad /= world

    _train(model := Net(), model, folder, rank, average=average, cells=0)


def _averaged_by_hand(rank: int, world: int, folder: Path) -> None:
    def average(model: nn.Module) -> None:
        for one in model.parameters():
            distributed.all_reduce(one.grad)
            one.grad /= world

    _train(model := Net(), model, folder, rank, average=average)


def _ended_early(rank: int, world: int, folder: Path) -> None:
    _train(model := nn.Linear(4, 2), model, folder, 0, steps=2 if rank == 1 else 3)


RUNS: Final = {
    "DDP": Run(_ddp),
    **({"FSDP2": Run(_fsdp)} if hasattr(torch.cpu.Stream, "record_event") else {}),  # none on CPU in 2.6
    "averaged by hand": Run(_averaged_by_hand),
    "a bad batch": Run(_bad_batch, "input-nan", "one"),
    "a batch that is not normalised": Run(_not_normalized, "rank-outlier", "one"),
    "another learning rate": Run(_another_rate, "diverged", "one"),
    "a parameter that is not averaged": Run(_forgotten, "diverged", "any"),
    "a rank that ends early": Run(_ended_early, "rank-stopped", "one"),
}


def work(rank: int, world: int, folder: str) -> None:
    """Join the others and go through all runs; each leaves its recording in a folder of its name."""
    torch.set_num_threads(1)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=world
    )
    for name, run in RUNS.items():
        torch.manual_seed(0)
        run.train(rank, world, Path(folder, name))
        distributed.barrier()
    distributed.destroy_process_group()
