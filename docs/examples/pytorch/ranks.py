"""Two ranks train one model, and each halves its learning rate when its own loss is small."""

import tempfile

import torch
from torch import distributed, nn

from backprop_tui.torch import record


def train(rank: int, meeting: str) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    parallel = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.linspace(-1, 1, 24).reshape(6, 4) * (1 + rank)
    with record("run", model) as tape:
        for _ in range(4):
            loss = parallel(x).square().mean()
            loss.backward()
            if loss < 0.3:
                optimizer.param_groups[0]["lr"] /= 2
            optimizer.step()
            optimizer.zero_grad()
            tape.step()
    distributed.destroy_process_group()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(train, (f"{folder}/meeting",), 2)
