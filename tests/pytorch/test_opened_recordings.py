"""What PyTorch did is what the debugger shows: each gradient to the bit, and our rules where we have them."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from plain_models import GPT, MODELS, ResNet
from recorded_models import CASES
from torch import nn
from torch.nn import functional as f

from backprop_engine.debugger import Break, Continue, Session, finished, update
from backprop_engine.derivatives.gradient_check import Verdict
from backprop_engine.derivatives.numeric_check import check_edge
from backprop_engine.explain.run_summary import run_summary
from backprop_engine.graph.paths import module_path
from backprop_engine.recordings.scenarios import load_recording
from backprop_engine.trace.trace import Trace
from backprop_tui.cli.main import run as run_command
from backprop_tui.prompt.reports import notices
from backprop_tui.torch import record

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch's own, of what it calls deprecated in itself


def wrong_edges(trace: Trace) -> list[str]:
    """The edges whose recorded contribution is not what small changes of our operator say."""
    found = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        for edge in trace.graph.edges:
            check = check_edge(trace, edge, most=256, sample=8)
            if check.verdict is Verdict.DIFFERS:
                found.append(f"{trace.graph.edge_name(edge)}: {check.error:.1e}")
    return found


@pytest.mark.parametrize("cells", [None, 8], ids=["whole", "figures"])
@pytest.mark.parametrize("name", CASES)
def test_a_recording_is_opened_and_told(
    name: str, cells: int | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    model = CASES[name].model()
    torch.manual_seed(1)
    with record(tmp_path / "run", model, cells=cells):
        CASES[name].step(model)
    run = load_recording(tmp_path / "run").run()
    trace = run.trace(run.iterations - 1)
    expected = {key: one.grad for key, one in model.named_parameters() if one.grad is not None}
    leaves = {leaf.name: trace.gradient(leaf) for leaf in run.graph.leaves if leaf.takes_gradient}
    if cells is None and run.iterations == 1 and "gradient of" not in name and "reentrant" not in name:
        found = {key: leaves[module_path(key)] for key in expected if module_path(key) in leaves}
        assert found
        for key, gradient in found.items():
            np.testing.assert_array_equal(gradient, expected[key].float().numpy())
    if cells is None:
        assert wrong_edges(trace) == []
    assert run_command(["run", str(tmp_path / "run")]) == 0
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    assert len(told.out.splitlines()) > len(trace.graph.edges)


def test_what_serves_an_operator_is_folded_into_it(tmp_path: Path) -> None:
    model = nn.Linear(4, 3)
    x = torch.linspace(-1, 1, 24).reshape(2, 3, 4).requires_grad_()
    with record(tmp_path / "run", model, cells=None):
        turned = x.transpose(0, 1).permute(0, 2, 1).transpose(1, 2).contiguous()  # (3, 2, 4)
        model(turned).squeeze().unflatten(0, (1, 3)).flatten(0, 2).tanh().sum().backward()
    trace = load_recording(tmp_path / "run").run().trace(0)
    graph = trace.graph
    written = [(node.op.name, node.shape) for node in graph.nodes if node.op is not None]
    assert written == [
        ("permute", (3, 2, 4)), ("linear", (3, 2, 3)), ("reshape", (6, 3)), ("tanh", (6, 3)), ("sum", ())
    ]  # fmt: skip
    assert wrong_edges(trace) == []
    grad, weight = x.grad, model.weight.grad
    assert grad is not None
    assert weight is not None
    np.testing.assert_array_equal(trace.gradient(graph.nodes[graph["permute"].operands[0]]), grad.numpy())
    np.testing.assert_array_equal(trace.gradient("weight"), weight.numpy())


@pytest.mark.parametrize("cells", [None, 0], ids=["whole", "figures"])
def test_nan_in_a_batch_is_where_first_nan_stops(cells: int | None, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 2))
    batches = [X.clone() for _ in range(3)]
    batches[1][2, 3] = torch.nan
    with record(tmp_path / "run", model, cells=cells, hold=False) as tape:
        for batch in batches:
            model.zero_grad()
            model(batch).square().mean().backward()
            assert torch.isnan(batch).any() == any(
                one.grad is not None and torch.isnan(one.grad).any() for one in model.parameters()
            )
            tape.step()
    session = update(Session(load_recording(tmp_path / "run").run()), Break("first nan"))
    session = finished(update(session, Continue()))
    assert (session.iteration, session.here) == (1, 1)
    assert session.selection is not None
    leaf = session.graph.nodes[session.selection]
    assert leaf.name == "data"
    assert leaf.position in session.graph.nodes[session.graph.order.start].operands
    said = notices(update(Session(session.run), Break("first nan")), session, "en")
    assert ["".join(span.text for span in line).strip() for line in said] == [
        "Stopped at breakpoint 1 (first nan): it comes from data.",
        "It was there from the start: nothing before this step computed it.",
    ]
    assert finished(update(session, Continue())).hit == ()


@pytest.mark.parametrize("cells", [None, 600], ids=["whole", "figures"])
def test_a_gpt_reads_as_its_architecture(cells: int | None, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = GPT(layers=4)
    with record(tmp_path / "run", model, cells=cells):
        MODELS["GPT"].step(model)
    trace = load_recording(tmp_path / "run").run().trace(0)
    graph = trace.graph
    block = [
        *("layer_norm", "linear", "split", "split", "split", "scaled_dot_product_attention", "linear"),
        *("add", "layer_norm", "linear", "gelu", "linear", "add"),
    ]
    written = [node.op.name for node in graph.nodes if node.op is not None]
    assert written == [
        *("embedding", "embedding", "add", *block * 4),
        *("layer_norm", "linear", *["index"] * written.count("index"), "reshape", "log_softmax", "nll"),
    ]
    assert 1 <= written.count("index") <= 2  # PyTorch 2.6 also slices the axis of which all is taken
    attention = graph["blocks[2].scaled_dot_product_attention"]
    assert attention.attributes["heads"] == 4
    assert attention.shape == (3, 16, 32)
    for name, parameter in model.named_parameters():
        gradient = trace.gradient(module_path(name))
        assert parameter.grad is not None
        if cells is None or parameter.numel() <= cells:
            np.testing.assert_array_equal(gradient, parameter.grad.numpy())
    if cells is None:
        again = attention.op.forward(*(trace.values[at] for at in attention.operands), **attention.attributes)
        np.testing.assert_allclose(again, trace.values[attention.position], rtol=1e-5, atol=1e-6)
        assert wrong_edges(trace) == []


def test_heads_that_a_hook_changed_are_shown(tmp_path: Path) -> None:
    def attend(x: torch.Tensor, hooked: int) -> torch.Tensor:
        parts = [(x * at).unflatten(-1, (2, 3)).transpose(1, 2) for at in (1, 2, 3)]
        if hooked < 3:
            parts[hooked].register_hook(lambda gradient: 2 * gradient)
        mixed = f.scaled_dot_product_attention(*parts)
        if hooked == 3:
            mixed.register_hook(lambda gradient: 2 * gradient)
        return mixed.transpose(1, 2).flatten(-2)

    for hooked in range(5):
        x = torch.linspace(-1, 1, 48).reshape(2, 4, 6).requires_grad_()
        with record(tmp_path / str(hooked), nn.Identity(), cells=None):
            attend(x, hooked).sin().sum().backward()
        trace = load_recording(tmp_path / str(hooked)).run().trace(0)
        ops = [node.op.name for node in trace.graph.nodes if node.op is not None]
        folded = ops == ["mul"] * 3 + ["scaled_dot_product_attention", "sin", "sum"]
        assert folded == (hooked == 4)
        assert x.grad is not None
        leaf = next(leaf for leaf in trace.graph.leaves if leaf.takes_gradient)
        np.testing.assert_array_equal(trace.gradient(leaf), x.grad.numpy())


X = torch.linspace(-2, 2, 24).reshape(4, 6) + 0.01
LABELS = torch.tensor([1, 0, 5, 2])
OPERATORS: dict[str, Any] = {
    "split": lambda x: sum(at * part for at, part in enumerate(x.chunk(3, 1), 1)),
    "scaled_dot_product_attention": lambda x: f.scaled_dot_product_attention(
        *(x.reshape(1, 1, 4, 6) * at for at in (1, 2, 3)), is_causal=True
    ),
    "scaled_dot_product_attention with a mask": lambda x: f.scaled_dot_product_attention(
        *(x.reshape(1, 1, 4, 6) * at for at in (1, 2, 3)), torch.linspace(-1, 1, 16).reshape(4, 4)
    ),
    "abs": torch.abs,
    "cos": torch.cos,
    "erf": torch.erf,
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": lambda x: torch.log(x.exp()),
    "log1p": lambda x: torch.log1p(x.exp()),
    "neg": torch.neg,
    "reciprocal": torch.reciprocal,
    "relu": torch.relu,
    "rsqrt": lambda x: torch.rsqrt(x.exp()),
    "sigmoid": torch.sigmoid,
    "silu": f.silu,
    "sin": torch.sin,
    "sqrt": lambda x: torch.sqrt(x.exp()),
    "tanh": torch.tanh,
    "mish": f.mish,
    **{
        name: getattr(torch, name)
        for name in ("tan", "sinh", "cosh", "atan", "ceil", "floor", "round", "sign")
    },
    "asin": lambda x: torch.asin(x / 3),
    "acos": lambda x: torch.acos(x / 3),
    "where of a comparison": lambda x: torch.where(x.detach().sin() >= x.detach(), x, -x),
    "add": lambda x: x + 2,
    "sub": lambda x: x - x.exp(),
    "mul": lambda x: x * x.exp(),
    "div": lambda x: x / 3,
    "maximum": lambda x: torch.maximum(x, -x),
    "pow": lambda x: x.exp() ** 2.5,
    "square": lambda x: x**2,
    "matmul": lambda x: x @ x.sin().T.contiguous(),
    "matmul of each": lambda x: torch.bmm(x.reshape(2, 2, 6), x.reshape(2, 6, 2)),
    "transpose": lambda x: x.T.exp(),
    "permute": lambda x: x.reshape(2, 2, 6).permute(2, 0, 1).exp(),
    "reshape": lambda x: x.reshape(3, 8).exp(),
    "broadcast_to": lambda x: x.unsqueeze(0).expand(3, 4, 6).exp(),
    "index": lambda x: x[1:3, 2].exp(),
    "concat": lambda x: torch.cat([x, x.exp()], 1),
    "stack": lambda x: torch.stack([x, x.exp()]),
    "where": lambda x: torch.where(x > 0, x.exp(), x),
    "masked_fill": lambda x: x.masked_fill(x > 0, -3.0),
    "clip": lambda x: x.clamp(-1, 0.5),
    "softmax": lambda x: x.softmax(-1),
    "linear": lambda x: f.linear(x, x.exp()),
    "log_softmax": lambda x: x.log_softmax(0),
    "logsumexp": lambda x: x.logsumexp(1),
    "sum": lambda x: x.exp().sum(1),
    "mean": lambda x: x.exp().mean((0, 1)),
    "max": lambda x: x.amax(1),
    "max and where": lambda x: x.sin().max(1, keepdim=True).values,
    "max of all": lambda x: x.sin().max(),
    "min": lambda x: x.sin().min(0).values,
    "maximum of two": lambda x: torch.max(x.sin(), x.cos()),
    "var": lambda x: x.var(1),
    "std": torch.std,
    "norm": lambda x: x.norm(dim=1),
    "gelu": lambda x: f.gelu(x, approximate="tanh"),
    "leaky_relu": f.leaky_relu,
    "elu": f.elu,
    "softplus": f.softplus,
    "mse": lambda x: f.mse_loss(x, x.detach().cos(), reduction="sum"),
    "bce_with_logits": lambda x: f.binary_cross_entropy_with_logits(x, torch.ones(4, 6)),
    "smooth_l1": lambda x: f.smooth_l1_loss(x, torch.zeros(4, 6), beta=0.5),
    "huber": lambda x: f.huber_loss(x, torch.zeros(4, 6), delta=0.7),
    "nll": lambda x: f.nll_loss(x, LABELS),
    "layer_norm": lambda x: f.layer_norm(x, (6,), torch.arange(6.0), torch.ones(6)),
    "conv2d": lambda x: f.conv2d(
        x.reshape(1, 1, 4, 6), torch.ones(2, 1, 2, 2), torch.ones(2), stride=(1, 2), padding=1
    ),
    "conv1d": lambda x: f.conv1d(x.reshape(1, 4, 6), torch.ones(2, 4, 3), dilation=2),
    "max_pool2d": lambda x: f.max_pool2d(x.reshape(1, 1, 4, 6), 2),
    "conv_transpose2d": lambda x: f.conv_transpose2d(
        x.reshape(1, 2, 3, 4), torch.arange(1.0, 25).reshape(2, 3, 2, 2), torch.ones(3), 2, 1, 1
    ),
    "conv_transpose1d": lambda x: f.conv_transpose1d(x.reshape(1, 4, 6), torch.arange(24.0).reshape(4, 2, 3)),
    "batch_norm": lambda x: f.batch_norm(
        x.exp(), torch.zeros(6), torch.ones(6), torch.arange(6.0), torch.ones(6), True
    ),
    "batch_norm without parameters": lambda x: f.batch_norm(x.exp(), None, None, training=True),
    "batch_norm without statistics": lambda x: f.batch_norm(
        x.exp(), None, None, torch.arange(6.0), torch.ones(6), training=True
    ),
    "batch_norm with statistics alone": lambda x: f.batch_norm(
        x.exp(), torch.zeros(6), torch.ones(6), training=True
    ),
    "batch_norm_inference": lambda x: f.batch_norm(
        x, torch.arange(6.0), torch.arange(1.0, 7), torch.arange(6.0), torch.ones(6)
    ),
    "group_norm": lambda x: f.group_norm(x.exp().reshape(2, 4, 3), 2, torch.arange(4.0), torch.ones(4)),
    "adaptive_avg_pool2d": lambda x: f.adaptive_avg_pool2d(x.reshape(1, 1, 4, 6), (3, 2)),
    "embedding": lambda x: f.embedding(LABELS % 4, x),
    "avg_pool2d": lambda x: f.avg_pool2d(x.reshape(1, 1, 4, 6), 3, 1, 1, count_include_pad=False),
    "identity": torch.clone,
    "minimum": lambda x: torch.minimum(x, -x),
    "dot": lambda x: x[0].exp() @ x[1],
}


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_of_pytorch_is_ours(name: str, tmp_path: Path) -> None:
    x = X.clone().requires_grad_()
    with record(tmp_path / "run", nn.Identity(), cells=None):
        OPERATORS[name](x).sin().sum().backward()
    trace = load_recording(tmp_path / "run").run().trace(0)
    ops = {node.op.name for node in trace.graph.nodes if node.op is not None and not node.op.recorded}
    assert name.partition(" ")[0] in ops
    for node in trace.graph.nodes:
        if node.op is not None and not node.op.recorded:
            operands = [np.asarray(trace.operand_values[at], np.float64) for at in node.operands]
            operands = [
                trace.values[at] if at in trace.graph.index_leaves else operand
                for at, operand in zip(node.operands, operands, strict=True)
            ]
            again = node.op.forward(*operands, **node.attributes)
            np.testing.assert_allclose(again, trace.values[node.position], rtol=2e-5, atol=2e-6)
    assert wrong_edges(trace) == []


def _two_roots(model: nn.Module) -> None:
    out = model(X)
    torch.autograd.backward([out.square().mean(), out.abs().sum()])


def _two_losses(model: nn.Module) -> None:
    out = model(X)
    out.square().mean().backward(retain_graph=True)
    out.abs().sum().backward()


def _accumulated(model: nn.Module) -> None:
    for part in X.chunk(2):
        model(part).square().mean().backward()


def _penalised(model: nn.Module) -> None:
    x = X.clone().requires_grad_()
    out = model(x).square().sum()
    (gradient,) = torch.autograd.grad(out, x, create_graph=True)
    (out + gradient.norm()).backward()


@pytest.mark.parametrize(
    ("step", "passes", "called"),
    [
        (_two_roots, 1, ["5", "6"]),
        (_two_losses, 2, ["5", "6"]),
        (_accumulated, 1, ["5.1", "5.2", "6.1", "6.2"]),
        (_penalised, 2, ["5", "6"]),
    ],
)
def test_every_backward_pass_of_a_step_is_reached(
    step: Any, passes: int, called: list[str], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 2))
    with record(tmp_path / "run", model, steps=range(5, 7)) as tape:
        for _ in range(7):
            model.zero_grad()
            step(model)
            tape.step()
    run = load_recording(tmp_path / "run").run()
    assert run.origin.passes == passes
    total = {name: np.zeros(tuple(one.shape), np.float32) for name, one in model.named_parameters()}
    for number in range(1, passes + 1):
        one = run.in_pass(number) if passes > 1 else run
        assert [one.iteration_label(iteration) for iteration in range(one.iterations)] == called
        for iteration in range(one.iterations):
            trace = one.trace(iteration)
            assert wrong_edges(trace) == []
            for name in total if one.moment(iteration).step == 6 else ():
                gradient = trace.gradients[one.graph.position(module_path(name))]
                total[name] += 0 if gradient is None else gradient
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        np.testing.assert_allclose(total[name], parameter.grad.numpy(), rtol=1e-5, atol=1e-6)


def test_a_check_of_a_resnet_is_bounded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    model = ResNet()
    with record(tmp_path / "run", model, cells=None):
        MODELS["ResNet"].step(model)
    assert run_command(["check", str(tmp_path / "run")]) == 0
    told = capsys.readouterr().out
    found = re.search(r"checked (\d+) of (\d+) entries and a random projection of each gradient", told)
    assert found is not None
    assert 0 < int(found[1]) < int(found[2])
    trace = load_recording(tmp_path / "run").run().trace(0)
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        np.testing.assert_array_equal(trace.gradient(module_path(name)), parameter.grad.numpy())


def test_a_layer_of_an_lstm_says_why_it_is_recorded_and_is_not_counted_as_checked(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = CASES["LSTM"].model()
    with record(tmp_path / "run", model, cells=None):
        CASES["LSTM"].step(model)
    trace = load_recording(tmp_path / "run").run().trace(0)
    layers = [node.op for node in trace.graph.nodes if node.op is not None and "rnn_layer" in node.op.name]
    assert layers
    for op in layers:
        assert op.recorded
        assert "lstm_cell" in op.lesson.in_language("en")
        assert "lstm_cell" in op.lesson.in_language("ko")
    assert run_summary(trace).checks is None  # all that it has are parameters of the layers
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        np.testing.assert_array_equal(trace.gradient(module_path(name)), parameter.grad.numpy())
