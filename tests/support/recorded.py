"""Small recordings, written without PyTorch: a linear layer, a ReLU, another linear layer, a mean square,
also on several ranks; and a program whose steps have several backward passes.

The events are those that the recorder writes for such a model, the numbers are computed here with NumPy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from backprop_engine.recordings.events import (
    FORMAT,
    BackwardCall,
    EngineEnd,
    EngineStart,
    GraphNode,
    Manifest,
    Operand,
    OperatorCall,
    ReducedGradient,
    TensorEntry,
)
from backprop_engine.recordings.writer import RecordingWriter

__all__ = ["STEPS", "recorded_mlp", "recorded_passes", "recorded_ranks", "recorded_roots"]

STEPS = 3


class _Step:
    """The tensors of one step, numbered as they come."""

    def __init__(self, writer: RecordingWriter, cells: int) -> None:
        self.writer, self.cells, self.count = writer, cells, 0

    def entry(self, array: Any) -> TensorEntry:
        array = np.asarray(array, np.float32)
        span = self.writer.tensor("F32", array.shape, array.tobytes()) if array.size <= self.cells else None
        nan, inf = int(np.isnan(array).sum()), int(np.isinf(array).sum())
        norm = None if nan or inf else float(np.linalg.norm(array.ravel().astype(float)))
        self.count += 1
        return TensorEntry(self.count, array.shape, "F32", norm, nan, inf, span)


def recorded_mlp(
    folder: Path,
    *,
    cells: int = 1000,
    steps: int = STEPS,
    spoilt: int | None = None,
    hooked: bool = False,
    rank: int = 0,
    world: int = 1,
) -> dict[str, Any]:
    """Write the recording of a rank; gives the last step's gradients of parameters by name.

    In the step `spoilt` the ReLU gives a NaN. If `hooked`, a hook doubles the gradient of the ReLU. With
    several ranks each has its own batch, and the mean of their gradients is what all go on with.
    """
    rng = np.random.default_rng(0)
    w1, b1 = rng.normal(size=(4, 3)), rng.normal(size=4)
    w2, b2 = rng.normal(size=(2, 4)), rng.normal(size=2)
    batches = [(rng.normal(size=(5, 3)), rng.normal(size=(5, 2))) for _ in range(world)]
    x, target = batches[rank]
    writer = RecordingWriter(folder, Manifest(FORMAT, "torch", "2.13.0", rank, world, model="MLP"))
    found: dict[str, Any] = {}
    for number in range(steps):
        weights = (w1, b1, w2, b2)
        means = {
            name: np.mean([_gradients(*weights, *batch)[name] for batch in batches], axis=0)
            for name in ("hidden.weight", "hidden.bias", "head.weight", "head.bias")
        }
        hidden = x @ w1.T + b1
        relu = np.maximum(hidden, 0)
        if number == spoilt:
            relu[2, 1] = np.nan
        head = relu @ w2.T + b2
        dhead = 2 * (head - target) / head.size
        drelu = dhead @ w2
        given = 2 * drelu if hooked else drelu
        dhidden = given * (hidden > 0)
        found = {
            "hidden.weight": dhidden.T @ x, "hidden.bias": dhidden.sum(0),
            "head.weight": dhead.T @ relu, "head.bias": dhead.sum(0),
        }  # fmt: skip
        writer.start(number)
        step = _Step(writer, cells)
        e = step.entry
        leaves = {"w1": e(w1), "b1": e(b1), "w2": e(w2), "b2": e(b2)}
        data, aim, turned, turned2 = e(x), e(target), e(w1.T), e(w2.T)
        hidden_, relu_, head_, loss_ = e(hidden), e(relu), e(head), e(np.mean((head - target) ** 2))

        def leaf(key: str, name: str, entries: dict[str, TensorEntry] = leaves) -> Operand:
            return Operand(entries[key].id, leaf=name, tensor=entries[key])

        def made(entry: TensorEntry, node: str) -> Operand:
            return Operand(entry.id, node, tensor=entry)

        def call(op: str, node: str, module: str, line: int, inputs: Any, output: TensorEntry) -> None:
            writer.event(OperatorCall(op, node, None, module, "train.py", line, "forward", inputs, (output,)))

        call("aten.t.default", "n0", "hidden", 9, (leaf("w1", "hidden.weight"),), turned)
        fed = Operand(data.id, tensor=data)
        inputs = (leaf("b1", "hidden.bias"), fed, made(turned, "n0"))
        call("aten.addmm.default", "n1", "hidden", 9, inputs, hidden_)
        call("aten.relu.default", "n2", "MLP", 10, (made(hidden_, "n1"),), relu_)
        call("aten.t.default", "n3", "head", 11, (leaf("w2", "head.weight"),), turned2)
        inputs = (leaf("b2", "head.bias"), made(relu_, "n2"), made(turned2, "n3"))
        call("aten.addmm.default", "n4", "head", 11, inputs, head_)
        inputs = (made(head_, "n4"), Operand(aim.id, tensor=aim))
        call("aten.mse_loss.default", "n5", "", 20, inputs, loss_)
        writer.event(EngineStart((("n5", 0),), "train.py", 21))
        for node, name, following in (
            ("n5", "MseLossBackward0", (("n4", 0), None)),
            ("n4", "AddmmBackward0", (("a4", 0), ("n2", 0), ("n3", 0))),
            ("n3", "TBackward0", (("a3", 0),)),
            ("n2", "ReluBackward0", (("n1", 0),)),
            ("n1", "AddmmBackward0", (("a2", 0), None, ("n0", 0))),
            ("n0", "TBackward0", (("a1", 0),)),
        ):
            writer.event(GraphNode(node, name, following))
        names = {"a1": "hidden.weight", "a2": "hidden.bias", "a3": "head.weight", "a4": "head.bias"}
        for (node, name), value in zip(names.items(), leaves.values(), strict=True):
            writer.event(GraphNode(node, "torch::autograd::AccumulateGrad", (), name, value))
        gradients = {name: e(array) for name, array in found.items()}
        dw2t, dw1t = e(found["head.weight"].T), e(found["hidden.weight"].T)
        top, middle, below, low = e(dhead), e(drelu), e(given), e(dhidden)
        bias2, bias1 = gradients["head.bias"], gradients["hidden.bias"]
        for node, above, handed in (
            ("n5", e(1.0), (top, None)),
            ("n4", top, (bias2, middle, dw2t)),
            ("a4", bias2, ()),
            ("n3", dw2t, (gradients["head.weight"],)),
            ("a3", gradients["head.weight"], ()),
            ("n2", below, (low,)),
            ("n1", low, (bias1, None, dw1t)),
            ("a2", bias1, ()),
            ("n0", dw1t, (gradients["hidden.weight"],)),
            ("a1", gradients["hidden.weight"], ()),
        ):
            writer.event(BackwardCall(node, (above,), handed))
        going_on = found
        if world > 1:
            going_on = means
            for name, mean in means.items():
                writer.event(ReducedGradient(name, e(mean)))
        writer.event(EngineEnd())
        w1, b1 = w1 - 0.1 * going_on["hidden.weight"], b1 - 0.1 * going_on["hidden.bias"]
        w2, b2 = w2 - 0.1 * going_on["head.weight"], b2 - 0.1 * going_on["head.bias"]
    writer.close()
    return found


def _gradients(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, target: Any) -> dict[str, Any]:
    """The gradients of a batch."""
    hidden = x @ w1.T + b1
    relu = np.maximum(hidden, 0)
    dhead = 2 * (relu @ w2.T + b2 - target) / target.size
    dhidden = dhead @ w2 * (hidden > 0)
    return {
        "hidden.weight": dhidden.T @ x, "hidden.bias": dhidden.sum(0),
        "head.weight": dhead.T @ relu, "head.bias": dhead.sum(0),
    }  # fmt: skip


def recorded_ranks(folder: Path, world: int = 2, **options: Any) -> list[dict[str, Any]]:
    """Write the recording of each rank; gives each one's own gradients of the last step."""
    return [recorded_mlp(folder / f"rank-{rank}", rank=rank, world=world, **options) for rank in range(world)]


def recorded_passes(
    folder: Path,
    steps: range = range(4),
    turns: int = 1,
    *,
    penalty: bool = False,
    spoilt: int | None = None,
) -> None:
    """Write a program that divides ``w * x`` by the number of the step plus 1, and goes backward from there.

    It does so `turns` times in a step; with a `penalty`, another backward pass of each step begins at
    ``exp(w)``, which is NaN in the step `spoilt`.
    """
    writer = RecordingWriter(folder, Manifest(FORMAT, "torch", "2.13.0"))
    for number in steps:
        writer.start(number)
        step = _Step(writer, 1000)
        w, x = step.entry(3.0), step.entry(5.0)
        leaf = Operand(w.id, leaf="w", tensor=w)
        for turn in range(turns):
            product, quotient = step.entry(15.0), step.entry(15.0 / (number + 1))
            mul, div, leaf_node = (f"{name}{turn}" for name in "mda")
            given = (leaf, Operand(x.id, tensor=x))
            writer.event(
                OperatorCall("aten.mul.Tensor", mul, None, "", "loop.py", 3, "step", given, (product,))
            )
            writer.event(
                OperatorCall(
                    "aten.div.Tensor", div, None, "", "loop.py", 4, "step",
                    (Operand(product.id, mul, tensor=product),), (quotient,), {"other": number + 1},
                )
            )  # fmt: skip
            writer.event(EngineStart(((div, 0),), "loop.py", 5))
            writer.event(GraphNode(div, "DivBackward0", ((mul, 0),)))
            writer.event(GraphNode(mul, "MulBackward0", ((leaf_node, 0), None)))
            writer.event(GraphNode(leaf_node, "AccumulateGrad", (), "w", w))
            one, handed, last = step.entry(1.0), step.entry(1 / (number + 1)), step.entry(5 / (number + 1))
            writer.event(BackwardCall(div, (one,), (handed,)))
            writer.event(BackwardCall(mul, (handed,), (last, None)))
            writer.event(BackwardCall(leaf_node, (last,), ()))
            writer.event(EngineEnd())
        if penalty:
            power, one = step.entry(np.nan if number == spoilt else np.exp(3.0)), step.entry(1.0)
            writer.event(
                OperatorCall("aten.exp.default", "e", None, "", "loop.py", 7, "step", (leaf,), (power,))
            )
            writer.event(EngineStart((("e", 0),), "loop.py", 8))
            writer.event(GraphNode("e", "ExpBackward0", (("a", 0),)))
            writer.event(GraphNode("a", "AccumulateGrad", (), "w", w))
            writer.event(BackwardCall("e", (one,), (power,)))
            writer.event(BackwardCall("a", (power,), ()))
            writer.event(EngineEnd())
    writer.close()


def recorded_roots(folder: Path, seeds: tuple[float, ...], *, steps: int = 2) -> None:
    """Write a program that goes backward from several roots at once: ``u = exp(z)``, ``v = sin(z)`` and
    ``w = exp(u)``, as many as there are `seeds`, from these gradients.

    The leaf z is no parameter, and another one in each step.
    """
    writer = RecordingWriter(folder, Manifest(FORMAT, "torch", "2.13.0"))
    z0 = 0.5
    values = {"u": np.exp(z0), "v": np.sin(z0), "w": np.exp(np.exp(z0))}
    for number in range(steps):
        writer.start(number)
        e = _Step(writer, 1000).entry
        z, made = e(z0), {name: e(value) for name, value in values.items()}
        name = f"input {number + 1}"
        leaf, u = Operand(z.id, leaf=name, tensor=z), Operand(made["u"].id, "u", tensor=made["u"])
        calls = {"u": ("exp", leaf), "v": ("sin", leaf), "w": ("exp", u)}
        for node, (op, given) in calls.items():
            call = OperatorCall(f"aten.{op}.default", node, None, "", "r.py", 3, "f", (given,), (made[node],))
            writer.event(call)
        used = [*values][: len(seeds)]
        writer.event(EngineStart(tuple((node, 0) for node in used), "r.py", 5))
        last = ["w"] if "w" in used else []
        upstream = dict(zip(used, seeds, strict=True))
        if last:
            writer.event(GraphNode("w", "ExpBackward0", (("u", 0),)))
        writer.event(GraphNode("u", "ExpBackward0", (("z", 0),)))
        writer.event(GraphNode("v", "SinBackward0", (("z", 0),)))
        writer.event(GraphNode("z", "AccumulateGrad", (), name, z))
        total = 0.0
        for node in (*last, "u", "v"):
            slope = np.cos(z0) if node == "v" else values[node]
            handed = upstream[node] * slope
            given, passed = e(upstream[node]), e(handed)
            writer.event(BackwardCall(node, (given,), (passed,)))
            if node == "w":
                upstream["u"] += handed
            else:
                total += handed
        writer.event(BackwardCall("z", (e(total),), ()))
        writer.event(EngineEnd())
    writer.close()
