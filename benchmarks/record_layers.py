"""Recording layers of networks, against the same two passes written by hand in NumPy, and against PyTorch.

A transformer block of 4 sequences with 64 tokens of 128 numbers and 4 heads, and a perceptron 784-512-512-10
with a batch of 256 rows, forward and backward in double precision. What is written by hand keeps whatever the
backward pass can use again, writes into arrays that it has, and computes no gradient but those of the input
and the parameters; a recording keeps every value and every contribution. All in one process, on one thread
and in turns; what counts is the processor's time, of a few recordings the fastest.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import math
import os
import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from statistics import median
from time import process_time
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from backprop_engine import make_graph, record
from backprop_engine.ops.error_function import erfc_of

BATCH, TOKENS, WIDTH, HEADS = 4, 64, 128, 4
SIZE = WIDTH // HEADS
ROWS, LAYERS = 256, (784, 512, 512, 10)
RECORDINGS = 3
EPS = 1e-5
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}

Numbers: TypeAlias = Mapping[str, Any]
Pass: TypeAlias = Callable[[], Mapping[str, Any]]
"""Both passes: gives the gradients by name."""

_HEADS = f"permute(reshape({{}}, shape=[{BATCH}, {TOKENS}, {HEADS}, {SIZE}]), axes=[0, 2, 1, 3])"
BLOCK = {
    "n1": "layer_norm(X, g1, b1)",
    "Q": _HEADS.format("n1 @ Wq"),
    "K": _HEADS.format("n1 @ Wk"),
    "V": _HEADS.format("n1 @ Wv"),
    "H": "scaled_dot_product_attention(Q, K, V)",
    "J": f"reshape(permute(H, axes=[0, 2, 1, 3]), shape=[{BATCH}, {TOKENS}, {WIDTH}])",
    "R": "X + J @ Wo",
    "n2": "layer_norm(R, g2, b2)",
    "m": "gelu(n2 @ W1 + c1)",
    "Y": "R + m @ W2 + c2",
    "L": "mse(Y, target=t)",
}
PERCEPTRON = {
    "h1": "relu(linear(X, W1, c1))",
    "h2": "relu(linear(h1, W2, c2))",
    "L": "softmax_with_loss(linear(h2, W3, c3), target=t)",
}


def block_numbers() -> dict[str, Any]:
    """The leaves of the block; `t` is the target."""
    numbers = np.random.default_rng(0)
    shapes = dict.fromkeys(("Wq", "Wk", "Wv", "Wo"), (WIDTH, WIDTH))
    shapes |= {"W1": (WIDTH, 4 * WIDTH), "W2": (4 * WIDTH, WIDTH)}
    leaves = {name: numbers.normal(size=shape) / math.sqrt(shape[0]) for name, shape in shapes.items()}
    leaves |= {"c1": np.zeros(4 * WIDTH), "c2": np.zeros(WIDTH)}
    leaves |= {"g1": np.ones(WIDTH), "b1": np.zeros(WIDTH), "g2": np.ones(WIDTH), "b2": np.zeros(WIDTH)}
    return leaves | {name: numbers.normal(size=(BATCH, TOKENS, WIDTH)) for name in ("X", "t")}


def perceptron_numbers() -> dict[str, Any]:
    """The leaves of the perceptron; `t` are the classes."""
    numbers = np.random.default_rng(1)
    leaves: dict[str, Any] = {"X": numbers.normal(size=(ROWS, LAYERS[0]))}
    for layer, (before, after) in enumerate(pairwise(LAYERS), 1):
        leaves[f"W{layer}"] = numbers.normal(size=(after, before)) / math.sqrt(before)
        leaves[f"c{layer}"] = np.zeros(after)
    return leaves | {"t": numbers.integers(0, LAYERS[-1], ROWS)}


# Ours


def recorded(nodes: Mapping[str, str], numbers: Numbers) -> Pass:
    """A recording of the graph."""
    leaves = {name: value for name, value in numbers.items() if name != "t"}
    graph = make_graph(nodes, params=leaves, constants={"t": numbers["t"]})

    def run() -> Mapping[str, Any]:
        trace = record(graph)
        return {name: trace.gradient(name) for name in leaves}

    return run


# By hand


def normalise(a: Any) -> tuple[Any, Any]:
    """Rows of mean 0 and variance 1, and the roots that they were divided by."""
    n = a - a.mean(axis=-1, keepdims=True)
    r = np.sqrt(np.einsum("...i,...i->...", n, n)[..., None] / a.shape[-1] + EPS)
    n /= r
    return n, r


def normalise_backward(g: Any, n: Any, r: Any, weight: Any) -> tuple[Any, Any, Any]:
    """The gradients of the rows, of the weight and of the bias."""
    dweight, dbias = np.einsum("bti,bti->i", g, n), g.sum(axis=(0, 1))
    h = g * weight
    mean = h.mean(axis=-1, keepdims=True)
    along = np.einsum("...i,...i->...", h, n)[..., None] / n.shape[-1]
    h -= mean
    h -= along * n
    h /= r
    return h, dweight, dbias


def split(a: Any) -> Any:
    """Rows of all heads, each head's apart."""
    return a.reshape(BATCH, TOKENS, HEADS, SIZE).transpose(0, 2, 1, 3)


def joined(a: Any) -> Any:
    """The rows of all heads, side by side again."""
    return a.transpose(0, 2, 1, 3).reshape(-1, WIDTH)


def block_by_hand(numbers: Numbers) -> Pass:
    """The block as one would write it who computes nothing else."""
    X, t = numbers["X"], numbers["t"]
    Wq, Wk, Wv, Wo, W1, W2 = (numbers[name] for name in ("Wq", "Wk", "Wv", "Wo", "W1", "W2"))
    g1, b1, g2, b2, c1, c2 = (numbers[name] for name in ("g1", "b1", "g2", "b2", "c1", "c2"))

    def run() -> Mapping[str, Any]:
        normal1, r1 = normalise(X)
        n1 = (normal1 * g1 + b1).reshape(-1, WIDTH)
        q, k, v = split(n1 @ Wq), split(n1 @ Wk), split(n1 @ Wv)
        p = q @ k.mT
        p *= 1 / math.sqrt(SIZE)
        p -= p.max(axis=-1, keepdims=True)
        np.exp(p, out=p)
        p /= p.sum(axis=-1, keepdims=True)
        heads = joined(p @ v)
        R = X + (heads @ Wo).reshape(X.shape)
        normal2, r2 = normalise(R)
        n2 = (normal2 * g2 + b2).reshape(-1, WIDTH)
        a = n2 @ W1
        a += c1
        gate = erfc_of(a * -math.sqrt(0.5))
        gate *= 0.5
        m = a * gate
        Y = m @ W2
        Y += c2
        Y += R.reshape(-1, WIDTH)

        dY = Y - t.reshape(-1, WIDTH)
        dY *= 2 / dY.size
        dm = dY @ W2.T
        slope = a * a
        slope *= -0.5
        np.exp(slope, out=slope)
        slope *= a
        slope *= 1 / math.sqrt(2 * math.pi)
        slope += gate
        dm *= slope
        dn2 = (dm @ W1.T).reshape(X.shape)
        dR, dg2, db2 = normalise_backward(dn2, normal2, r2, g2)
        dR += dY.reshape(X.shape)
        flat = dR.reshape(-1, WIDTH)
        dheads = split(flat @ Wo.T)
        dv = p.mT @ dheads
        ds = dheads @ v.mT
        ds -= np.einsum("...ij,...ij->...i", ds, p)[..., None]
        ds *= p
        ds *= 1 / math.sqrt(SIZE)
        dq, dk, dv = joined(ds @ k), joined(ds.mT @ q), joined(dv)
        dn1 = (dq @ Wq.T + dk @ Wk.T + dv @ Wv.T).reshape(X.shape)
        dX, dg1, db1 = normalise_backward(dn1, normal1, r1, g1)
        dX += dR
        return {
            "X": dX, "g1": dg1, "b1": db1, "g2": dg2, "b2": db2,
            "Wq": n1.T @ dq, "Wk": n1.T @ dk, "Wv": n1.T @ dv, "Wo": heads.T @ flat,
            "W1": n2.T @ dm, "c1": dm.sum(axis=0), "W2": m.T @ dY, "c2": dY.sum(axis=0),
        }  # fmt: skip

    return run


def perceptron_by_hand(numbers: Numbers) -> Pass:
    """The perceptron as one would write it who computes nothing else."""
    X, t = numbers["X"], numbers["t"]
    W1, W2, W3, c1, c2, c3 = (numbers[name] for name in ("W1", "W2", "W3", "c1", "c2", "c3"))
    rows = np.arange(ROWS)

    def run() -> Mapping[str, Any]:
        h1 = X @ W1.T
        h1 += c1
        np.maximum(h1, 0, out=h1)
        h2 = h1 @ W2.T
        h2 += c2
        np.maximum(h2, 0, out=h2)
        g = h2 @ W3.T
        g += c3
        g -= g.max(axis=-1, keepdims=True)
        np.exp(g, out=g)
        g /= g.sum(axis=-1, keepdims=True)
        g[rows, t] -= 1
        g /= ROWS
        g2 = g @ W3
        g2 *= h2 > 0
        g1 = g2 @ W2
        g1 *= h1 > 0
        return {
            "X": g1 @ W1, "W1": g1.T @ X, "c1": g1.sum(axis=0), "W2": g2.T @ h1, "c2": g2.sum(axis=0),
            "W3": g.T @ h2, "c3": g.sum(axis=0),
        }  # fmt: skip

    return run


# PyTorch


def block_in_torch(numbers: Numbers) -> Pass:
    """The block by PyTorch's functions."""
    import torch
    import torch.nn.functional as F  # noqa: N812

    leaves, t = _tensors(numbers)
    X = leaves["X"]

    def heads(a: Any) -> Any:
        return a.view(BATCH, TOKENS, HEADS, SIZE).transpose(1, 2)

    def loss() -> Any:
        n1 = F.layer_norm(X, (WIDTH,), leaves["g1"], leaves["b1"])
        queries = (heads(n1 @ leaves[name]) for name in ("Wq", "Wk", "Wv"))
        attended = F.scaled_dot_product_attention(*queries).transpose(1, 2).reshape(X.shape)
        R = X + attended @ leaves["Wo"]
        n2 = F.layer_norm(R, (WIDTH,), leaves["g2"], leaves["b2"])
        return F.mse_loss(R + F.gelu(n2 @ leaves["W1"] + leaves["c1"]) @ leaves["W2"] + leaves["c2"], t)

    return _backward(torch, leaves, loss)


def perceptron_in_torch(numbers: Numbers) -> Pass:
    """The perceptron by PyTorch's functions."""
    import torch
    import torch.nn.functional as F  # noqa: N812

    leaves, t = _tensors(numbers)

    def loss() -> Any:
        h = leaves["X"]
        for layer in (1, 2):
            h = F.relu(F.linear(h, leaves[f"W{layer}"], leaves[f"c{layer}"]))
        return F.cross_entropy(F.linear(h, leaves["W3"], leaves["c3"]), t)

    return _backward(torch, leaves, loss)


def _tensors(numbers: Numbers) -> tuple[dict[str, Any], Any]:
    """The leaves that get gradients, and the target."""
    import torch

    torch.set_num_threads(1)
    leaves = {name: torch.tensor(value, requires_grad=name != "t") for name, value in numbers.items()}
    target = leaves.pop("t")
    return leaves, target


def _backward(torch: Any, leaves: Mapping[str, Any], loss: Callable[[], Any]) -> Pass:
    def run() -> Mapping[str, Any]:
        return dict(zip(leaves, torch.autograd.grad(loss(), list(leaves.values())), strict=True))

    return run


# Measuring


class Network(NamedTuple):
    """A network in three ways; the first is ours."""

    title: str
    ways: Mapping[str, Pass]


def networks() -> list[Network]:
    block, perceptron = block_numbers(), perceptron_numbers()
    has_torch = importlib.util.find_spec("torch") is not None
    return [
        Network(
            f"a transformer block, {BATCH}×{TOKENS}×{WIDTH}",
            {"ours": recorded(BLOCK, block), "by hand": block_by_hand(block)}
            | ({"PyTorch": block_in_torch(block)} if has_torch else {}),
        ),
        Network(
            f"a perceptron, {ROWS}×{'-'.join(map(str, LAYERS))}",
            {"ours": recorded(PERCEPTRON, perceptron), "by hand": perceptron_by_hand(perceptron)}
            | ({"PyTorch": perceptron_in_torch(perceptron)} if has_torch else {}),
        ),
    ]


def seconds(run: Pass) -> float:
    """The processor's time of the fastest of a few recordings."""
    gc.collect()
    times = []
    for _ in range(RECORDINGS):
        started = process_time()
        run()
        times.append(process_time() - started)
    return min(times)


def disagreement(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> float:
    """By how much gradients differ at most, relative to the largest entry of each."""
    return max(
        float(np.max(np.abs(np.asarray(found[name]) - np.asarray(wanted[name]))))
        / float(np.max(np.abs(np.asarray(wanted[name]))))
        for name in wanted
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=21, help="turns of each way (21)")
    turns = parser.parse_args().turns
    for title, ways in networks():
        ours = ways["ours"]()
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(turns):
            for way, run in ways.items():
                times[way].append(seconds(run))
        print(f"{title}: {1000 * median(times['ours']):.1f} ms; ours as a multiple of")
        for way, run in ways.items():
            if way != "ours":
                ratios = sorted(our / other for our, other in zip(times["ours"], times[way], strict=True))
                low, high = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
                fastest = min(times["ours"]) / min(times[way])
                print(
                    f"  {way:<10}{median(ratios):6.2f}   (half of the turns within {low:.2f}–{high:.2f}, "
                    f"of the fastest {fastest:.2f}; gradients agree to {disagreement(ours, run()):.0e})"
                )


if __name__ == "__main__":
    if not ONE_THREAD.items() <= os.environ.items():  # they are read while NumPy is loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    main()
