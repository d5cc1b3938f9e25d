"""Keys in a large run: a recording of more than 1 GB, and scenarios of 10,000 nodes.

Two figures for each key, both of the main thread's processor time: up to the last byte that follows it, and
the longest stretch in which the interface could not answer, pictures that come later included. The first
screen is compared with that of an empty Textual app, by the time of all threads. Linux only, in a
pseudo-terminal of 120×40.

A recording of a GPT, of 1.9 GB, is made first where `--recording` names none, which takes PyTorch and a
checkout: ``PYTHONPATH=tests/pytorch:tests/support python benchmarks/large.py``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from first_screen import EMPTY_APP
from terminal import COLUMNS, ROWS, NoScreenError, Terminal

NODES = 10_000
STEPS = 4
"""Steps of the training that is recorded."""
QUIET = 0.4
CLOCKED = Path(__file__).with_name("clocked.py")
KEYS = {
    "a step": b"s",
    "a step back": b"S",
    "the next node": b"n",
    "the start of the backward pass": b"m",
    "the end": b"\x1b[F",
    "a step from there": b"S",
    "the start": b"\x1b[H",
    "a step from the start": b"s",
    "nearer": b"+",
    "a step near by": b"s",
    "farther": b"-",
    "all folded": b"z",
    "a step, folded": b"s",
    "nearer, folded": b"+",
    "farther, folded": b"-",
    "all unfolded": b"z",
    "the next iteration": b"}",
    "the one before": b"{",
    "continue": b"c",
    "continue back": b"C",
    "another plot": b"v",
    "the stage": b"P",
    "all panels": b"P",
}
"""The keys of a pass, in this order."""


def chain() -> str:
    """A chain of scalars, without groups."""
    links = (f"  h{at}: tanh(h{at - 1} * w + x)" for at in range(1, NODES // 3 + 1))
    return "\n".join(["inputs: {x: 0.25}", "params: {w: 0.5, h0: 0.1}", "nodes:", *links])


def scan() -> str:
    """A recurrent cell of four nodes, unrolled."""
    xs = ", ".join(["0.5"] * (NODES // 4))
    return f"""inputs: {{xs: [{xs}], h0: 0}}
params: {{w: 1.0, u: 0.5}}
cells:
  rnn: {{inputs: [x, p], nodes: {{r: u * p, q: w * x, a: q + r, h: tanh(a)}}, outputs: [h]}}
nodes:
  s: {{scan: rnn, over: {{x: xs}}, carry: {{p: {{init: h0, next: h}}}}}}
  L: sum(s.h)
"""


def blocks() -> str:
    """Instances of a cell of 154 nodes, each of which also takes what an earlier one gave."""
    inside = [f"      h{at}: tanh(h{at - 1} * w)" for at in range(1, 77)]
    cell = ["cells:", "  block:", "    inputs: [h0, r]", "    nodes:", *inside, "      y: h76 + r * u"]
    lines = [f"  b{at}: {{cell: block, inputs: {{h0: {before(at, 1)}, r: {before(at, 2 + at * at % 9)}}}}}"
             for at in range(64)]  # fmt: skip
    head = ["inputs: {x: 0.5}", "params: {w: 0.9, u: 0.5}", *cell, "    outputs: [y]", "nodes:"]
    return "\n".join([*head, *lines, "  L: b63.y ** 2"])


def before(at: int, by: int) -> str:
    """What the block `by` places before gives."""
    return f"b{at - by}.y" if at >= by else "x"


@contextmanager
def recording() -> Iterator[Path]:
    """A recording of some steps of a GPT of 3.2 million parameters, with all entries of all tensors."""
    import torch
    from plain_models import GPT
    from torch.nn import functional

    from backprop_tui.torch import record

    torch.manual_seed(0)
    model = GPT(width=256, heads=8, layers=4, length=128)
    tokens = torch.randint(65, (8, 128))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with TemporaryDirectory() as folder:
        path = Path(folder, "gpt")
        with record(path, model, cells=None) as steps:
            for _ in range(STEPS):
                optimizer.zero_grad()
                functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten()).backward()
                optimizer.step()
                steps.step()
        yield path


def measure(title: str, arguments: list[str], passes: int) -> None:
    """Print what the first screen and the keys of some passes cost."""
    empty = Terminal([sys.executable, "-c", EMPTY_APP])
    empty.first_screen(quiet=QUIET)
    nothing = empty.processor_time()
    empty.end()
    with TemporaryDirectory() as folder:
        clock = Path(folder, "clock")
        terminal = Terminal([sys.executable, str(CLOCKED), str(clock), *arguments])
        try:
            terminal.first_screen(quiet=1.0, timeout=120.0)
            beyond = terminal.processor_time() - nothing
            print(
                f"\n{title}: the first screen takes {beyond:.2f} s more than that of an empty app", flush=True
            )
            for key in [*KEYS.values()] * passes + [b"s"]:
                with suppress(NoScreenError):  # nothing changes
                    terminal.press(key, quiet=QUIET, timeout=20.0)
        finally:
            terminal.end()
        times = clock.read_text().splitlines()
    for at, name in enumerate(KEYS):
        pairs = [line.split() for line in times[at :: len(KEYS)]]
        print(f"  {name:<32}" + "".join(f"{float(key):8.0f}{float(stretch):6.0f}" for key, stretch in pairs))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--recording", type=Path, help="a recording that there is already")
    parser.add_argument("--passes", type=int, default=2, help="how often each key is pressed (2)")
    parser.add_argument("--only", default="", help="what has this in its name")
    options = parser.parse_args()
    print(f"milliseconds of the main thread, and of its longest stretch, at {COLUMNS}×{ROWS}")
    for name, text in {"chain": chain(), "scan": scan(), "blocks": blocks()}.items():
        if options.only in name:
            with TemporaryDirectory() as folder:
                path = Path(folder, f"{name}.yaml")
                path.write_text(text, "utf-8")
                measure(name, [str(path)], options.passes)
    if options.only in "recording":
        with recording() if options.recording is None else nullcontext(options.recording) as path:
            measure("recording", [str(path)], options.passes)


if __name__ == "__main__":
    main()
