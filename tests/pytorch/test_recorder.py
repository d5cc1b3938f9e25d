"""Recording a run of PyTorch changes no bit of it, and what is recorded is what autograd did."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from errno import ENOSPC
from pathlib import Path
from typing import Any

import faulty_models
import numpy as np
import pytest
import torch
from faulty_models import FAULTS, Fault
from recorded_models import CASES, Case, Language
from safetensors.numpy import load_file
from torch import nn
from torch.utils._python_dispatch import _get_current_dispatch_mode

from backprop_engine.recordings.events import BackwardCall
from backprop_engine.recordings.findings import find
from backprop_engine.recordings.recording import EngineRun, Recording, open_recording
from backprop_engine.recordings.scenarios import load_recording
from backprop_engine.recordings.writer import _Shard
from backprop_tui.cli.main import run as run_command
from backprop_tui.torch import record

pytestmark = pytest.mark.filterwarnings("ignore")  # PyTorch's own, of what it calls deprecated in itself


def trained(case: Case) -> tuple[nn.Module, dict[str, Any]]:
    torch.manual_seed(0)
    model = case.model()
    torch.manual_seed(1)
    case.step(model)
    return model, gradients(model)


def gradients(model: nn.Module) -> dict[str, Any]:
    return {name: one.grad for name, one in model.named_parameters() if one.grad is not None}


def recorded(case: Case, folder: Path, **options: Any) -> tuple[Recording, dict[str, Any]]:
    torch.manual_seed(0)
    model = case.model()
    torch.manual_seed(1)
    with record(folder, model, **options):
        case.step(model)
    return open_recording(folder), gradients(model)


def runs(recording: Recording) -> Iterator[EngineRun]:
    for step in recording.steps:
        yield from step.runs


def sums(recording: Recording, run: EngineRun) -> Iterator[tuple[BackwardCall, Any, Any]]:
    """Each gradient that contributions arrived at, and their sum."""
    arrived: dict[tuple[str, int], list[Any]] = {}
    for call in run.calls:
        for output, gradient in enumerate(call.upstream):
            contributions = arrived.pop((call.node, output), None)
            if gradient is not None and contributions:
                yield call, recording.entries(gradient).astype(float), sum(contributions)
        for edge, one in zip(run.nodes[call.node].next, call.contributions, strict=False):
            if edge is not None and one is not None:
                arrived.setdefault((edge[0], edge[1]), []).append(recording.entries(one).astype(float))


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_the_same_to_the_bit_and_contributions_add_up(name: str, tmp_path: Path) -> None:
    _, expected = trained(CASES[name])
    recording, found = recorded(CASES[name], tmp_path, cells=None)
    assert expected.keys() == found.keys() != set()
    assert all(torch.equal(expected[key], found[key]) for key in expected)
    compared = 0
    for run in runs(recording):
        for call, gradient, total in sums(recording, run):
            compared += 1
            if name != "a hook on a tensor" or "Addmm" not in run.nodes[call.node].name:
                low = "autocast" in name
                np.testing.assert_allclose(
                    total, gradient, rtol=1e-2 if low else 1e-5, atol=1e-3 if low else 1e-7
                )
    assert compared > 2


@pytest.mark.parametrize("name", [name for name in CASES if name != "a gradient of a gradient"])
def test_leaves_have_the_gradients_that_pytorch_gives_them(name: str, tmp_path: Path) -> None:
    recording, expected = recorded(CASES[name], tmp_path, cells=None)
    found: dict[str, Any] = {}
    for run in runs(recording):
        for call in run.calls:
            leaf = run.nodes[call.node].leaf
            if leaf in expected and call.upstream[0] is not None:
                found[leaf] = found.get(leaf, 0) + recording.entries(call.upstream[0]).astype(float)
    assert found.keys() == expected.keys()
    for leaf, gradient in found.items():
        np.testing.assert_allclose(gradient, expected[leaf].double().numpy(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_every_node_has_its_operator_and_its_line(name: str, tmp_path: Path) -> None:
    recording, _ = recorded(CASES[name], tmp_path)
    for step in recording.steps:
        nodes = [node for run in step.runs for node in run.nodes.values() if node.leaf is None]
        assert nodes
        for node in nodes:
            call = step.maker_of[node.node]
            assert call.line > 0, node.name
            assert call.file, node.name


def test_an_operator_knows_its_module_and_operands_their_makers(tmp_path: Path) -> None:
    recording, _ = recorded(CASES["attention"], tmp_path)
    (step,) = recording.steps
    modules = {call.module for call in step.operators}
    assert {"blocks.0.up", "blocks.1.norms.1", "tokens", "Language"} <= modules
    run = step.runs[0]
    for name, node in run.nodes.items():
        call = step.maker_of.get(name)
        if call is None or not call.op:
            continue
        makers = {operand.node for operand in call.inputs if operand is not None and operand.node is not None}
        assert {edge[0] for edge in node.next if edge is not None and edge[0] in step.maker_of} <= makers, (
            node.name
        )


def test_shards_are_safetensors(tmp_path: Path) -> None:
    recording, _ = recorded(CASES["attention"], tmp_path, cells=None)
    tensors = load_file(tmp_path / "data-0000.safetensors")
    ours = [recording.entries(one) for one in recording.steps[0].tensors.values() if one.data is not None]
    stored = [one for name, one in tensors.items() if name.startswith("t")]
    assert len(stored) > 100
    for found in ours:
        assert any(found.shape == one.shape and np.array_equal(found, one, equal_nan=True) for one in stored)
    assert all(one.data.begin % 64 == 0 for one in recording.steps[0].tensors.values() if one.data)


# What is kept


def loop(model: nn.Module, tape: Any, steps: int) -> None:
    for _ in range(steps):
        model(torch.arange(24).reshape(3, 8) % 11).backward()
        model.zero_grad()
        tape.step()


def test_only_the_steps_asked_for_are_recorded(tmp_path: Path) -> None:
    model = Language()
    with record(tmp_path, model, steps=range(2, 4)) as tape:
        loop(model, tape, 6)
    recording = open_recording(tmp_path)
    assert [step.number for step in recording.steps] == [2, 3]
    assert all(step.runs and step.operators for step in recording.steps)


def test_the_oldest_steps_go_first(tmp_path: Path) -> None:
    model = Language()
    with record(tmp_path / "one", model) as tape:
        loop(model, tape, 1)
    one = sum(path.stat().st_size for path in (tmp_path / "one").iterdir())
    with record(tmp_path / "ring", model, max_bytes=3 * one) as tape:
        loop(model, tape, 8)
        assert sum(path.stat().st_size for path in (tmp_path / "ring").iterdir()) <= 3.1 * one
    recording = open_recording(tmp_path / "ring")
    numbers = [step.number for step in recording.steps]
    assert numbers == list(range(numbers[0], 8))
    assert numbers[0] > 4
    assert all(recording.entries(one) is not None for one in recording.steps[0].tensors.values() if one.data)


def test_figures_alone_are_recorded_where_that_is_wanted(tmp_path: Path) -> None:
    recording, _ = recorded(CASES["attention"], tmp_path, cells=0)
    full, _ = recorded(CASES["attention"], tmp_path / "full", cells=None)
    assert not list(tmp_path.glob("*.safetensors"))
    for number, tensor in recording.steps[0].tensors.items():
        assert tensor.data is None
        values = full.entries(full.steps[0].tensors[number])
        if tensor.norm is not None:
            assert tensor.norm == pytest.approx(np.linalg.norm(values.astype(float).ravel()), rel=1e-5)


def test_a_step_with_trouble_is_stored_whole(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    with record(tmp_path, model, cells=0) as tape:
        model(torch.ones(3, 2)).sum().backward()
        model.zero_grad()
        tape.step()
        (model(torch.ones(3, 2)) * float("nan")).sum().backward()
    fine, bad = open_recording(tmp_path).steps
    assert all(tensor.data is None for tensor in fine.tensors.values())
    assert all(tensor.data is not None for tensor in bad.tensors.values())


def test_a_crash_leaves_a_recording(tmp_path: Path) -> None:
    model = Language()

    def crash() -> None:
        with record(tmp_path, model) as tape:
            loop(model, tape, 2)
            model(torch.zeros(1, 2, dtype=torch.long))
            raise KeyError

    with pytest.raises(KeyError):
        crash()
    assert [step.number for step in open_recording(tmp_path).steps] == [0, 1, 2]


def test_a_killed_program_leaves_a_recording(tmp_path: Path) -> None:
    program = f"""
import os, signal, torch
from backprop_tui.torch import record
model = torch.nn.Linear(2, 2)
with record({str(tmp_path / "run")!r}, model, cells=None) as tape:
    for step in range(3):
        model(torch.ones(1, 2)).sum().backward()
        if step == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        tape.step()
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    recording = open_recording(tmp_path / "run")
    assert [step.number for step in recording.steps] == [0, 1]
    assert not recording.manifest.complete
    values = [recording.entries(one) for one in recording.steps[1].tensors.values()]
    assert all(value is not None for value in values)


def test_what_the_recorder_hooked_into_is_as_before(tmp_path: Path) -> None:
    engine = torch.autograd._engine_run_backward
    hooks = torch.nn.modules.module._global_forward_pre_hooks

    def crash() -> None:
        with record(tmp_path, Language()):
            assert torch.autograd._engine_run_backward is not engine
            assert hooks
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash()
    assert torch.autograd._engine_run_backward is engine
    assert not hooks


def test_another_recording_is_not_overwritten(tmp_path: Path) -> None:
    recorded(CASES["LSTM"], tmp_path)
    with pytest.raises(FileExistsError), record(tmp_path):
        pass


@pytest.mark.parametrize("room", [-1, 400])
def test_a_training_goes_on_where_the_disk_is_full(
    room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def weights(limit: int | None) -> list[Any]:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with record(tmp_path / str(limit), model) as tape:
            for step in range(4):
                if step == 2 and limit is not None:
                    monkeypatch.setattr(_Shard, "_put", without_room(limit))
                optimizer.zero_grad()
                model(torch.ones(5, 3)).square().mean().backward()
                optimizer.step()
                tape.step()
        return [one.detach() for one in model.parameters()]

    def without_room(limit: int) -> Any:
        put = _Shard._put

        def refused(shard: _Shard, *tensor: Any) -> Any:
            if shard.end > limit:
                raise OSError(ENOSPC, "No space left on device")
            return put(shard, *tensor)

        return refused

    expected = weights(None)
    with pytest.warns(RuntimeWarning, match="the recording ends with step 1: No space left on device"):
        found = weights(room)
    assert all(map(torch.equal, found, expected))
    assert [step.number for step in open_recording(tmp_path / str(room)).steps] == [0, 1]


def test_ranks_are_not_recorded_beside_a_single_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(CASES["LSTM"], tmp_path)
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    with pytest.raises(FileExistsError, match="single process"), record(tmp_path):
        pass
    assert sorted(tmp_path.iterdir()) == before


def test_importing_the_program_imports_no_torch() -> None:
    program = (
        "import sys, backprop_tui, backprop_tui.torch, backprop_tui.cli.main; print('torch' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )


# The doctor


def at_fault(fault: Fault, folder: Path) -> list[str]:
    """The kinds of findings whose line ends in the mark, as the command tells them."""
    torch.manual_seed(0)
    model = fault.model()
    with record(folder, model) as tape:
        fault.train((model, tape))
    lines = Path(faulty_models.__file__).read_text(encoding="utf-8").splitlines()
    return [
        finding.kind
        for finding in find(open_recording(folder))
        if finding.file == faulty_models.__file__ and lines[finding.line - 1].endswith("# here")
    ]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_at_its_line(name: str, tmp_path: Path) -> None:
    assert FAULTS[name].kind in at_fault(FAULTS[name], tmp_path)


@pytest.mark.parametrize("name", [name for name in CASES if name != "a hook on a tensor"])
def test_nothing_is_found_where_nothing_is_wrong(name: str, tmp_path: Path) -> None:
    recording, _ = recorded(CASES[name], tmp_path)
    assert find(recording) == []


def test_the_doctor_tells_it_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at_fault(FAULTS["dead relu"], tmp_path)
    assert run_command(["doctor", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "faulty_models.py" in told
    assert "dead-relu: this ReLU passes no gradient" in told
    assert run_command(["doctor", str(tmp_path), "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["kind"], finding["op"]) == ("dead-relu", "aten.relu.default")
    recorded(CASES["LSTM"], tmp_path / "fine")
    assert run_command(["doctor", str(tmp_path / "fine")]) == 0
    assert "no problem was found" in capsys.readouterr().out


# Corners


def test_a_norm_whose_squares_overflow_is_found(tmp_path: Path) -> None:
    x = torch.full((4,), 1e30, requires_grad=True)
    with record(tmp_path):
        (x * 2).sum().backward()
    (step,) = open_recording(tmp_path).steps
    assert step.tensors[0].norm == pytest.approx(2e30)
    assert {tensor.inf for tensor in step.tensors.values()} == {0}


def test_a_sparse_gradient_is_described_and_not_stored(tmp_path: Path) -> None:
    table = nn.Embedding(5, 3, sparse=True)
    with record(tmp_path, table, cells=None):
        table(torch.tensor([1, 3, 1])).sum().backward()
    recording = open_recording(tmp_path)
    (run,) = runs(recording)
    (gradient,) = (call.upstream[0] for call in run.calls if run.nodes[call.node].leaf == "weight")
    assert (gradient.shape, gradient.data, gradient.norm) == ((5, 3), None, None)


def test_without_holding_no_tensor_is_kept_for_later(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    with record(tmp_path, model, cells=0, hold=False):
        (model(torch.ones(3, 2)) * float("nan")).sum().backward()
    (step,) = open_recording(tmp_path).steps
    assert all(tensor.data is None for tensor in step.tensors.values())
    assert any(tensor.nan for tensor in step.tensors.values())


def test_what_was_overwritten_meanwhile_is_said(tmp_path: Path) -> None:
    with record(tmp_path, cells=0):
        x = torch.ones(3)
        y = x * float("nan")
        y.add_(1)
    recording = open_recording(tmp_path)
    assert recording.manifest.left_out == (
        "1 tensors of steps with trouble were overwritten in place before they ended",
    )


def test_what_is_written_in_place_is_described_as_it_is_then(tmp_path: Path) -> None:
    x = torch.tensor([-3.0, 4.0], requires_grad=True)
    with record(tmp_path, cells=None):
        y = x * 1
        y.relu_()
        z = y * 2
        z.sum().backward()
    recording = open_recording(tmp_path)
    (step,) = recording.steps
    outputs = {call.op: call.outputs[0] for call in step.operators if call.outputs}
    assert outputs["aten.relu_.default"].norm == 4
    assert list(recording.entries(outputs["aten.relu_.default"])) == [0, 4]
    (product,) = (call for call in step.operators if call.node == step.runs[0].calls[1].node)
    operand = product.inputs[0]
    assert operand is not None
    assert list(recording.entries(step.tensors[operand.id])) == [0, 4]
    assert [call.outputs[0].norm for call in step.operators if call.op == "aten.mul.Tensor"] == [5, 8]


def test_operators_outside_of_the_modules_asked_for_leave_no_figures(tmp_path: Path) -> None:
    model = Language()
    with record(tmp_path, model, modules="blocks.1*"):
        CASES["attention"].step(model)
    (step,) = open_recording(tmp_path).steps
    assert {call.module.split(".")[1] for call in step.operators} == {"1"}
    assert len(step.runs[0].calls) > 60


def test_leaves_without_a_name_get_one(tmp_path: Path) -> None:
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    with record(tmp_path):
        (x * y).sum().backward()
    (run,) = runs(open_recording(tmp_path))
    assert sorted(node.leaf for node in run.nodes.values() if node.leaf) == ["input 1", "input 2"]


def test_a_backward_pass_that_fails_is_in_the_recording(tmp_path: Path) -> None:
    x = torch.ones(2, requires_grad=True)

    def spoil(_: Any) -> None:
        raise ArithmeticError("no further")

    def failing() -> None:
        y = x * 2
        y.register_hook(spoil)
        with record(tmp_path):
            y.sum().backward()

    with pytest.raises(ArithmeticError):
        failing()
    recording = open_recording(tmp_path)
    (finding,) = find(recording)
    assert finding.kind == "error"
    assert "no further" in finding.message


def test_another_pytorch_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.autograd, "_engine_run_backward")
    with pytest.raises(RuntimeError, match="_engine_run_backward"), record(tmp_path):
        pass


def test_the_module_names_what_it_has() -> None:
    import backprop_tui.torch as recorder

    assert dir(recorder) == ["Tape", "from_torch", "record"]
    with pytest.raises(AttributeError, match="nonsense"):
        recorder.nonsense  # noqa: B018


def test_settings_are_kept_by_name(tmp_path: Path) -> None:
    x = torch.ones(2, 3, requires_grad=True)
    with record(tmp_path):
        masked = x.sum(1, keepdim=True).masked_fill(torch.tensor([[True], [False]]), float("-inf"))
        nn.functional.gelu(x.reshape(3, 2), approximate="tanh").sum().backward()
        del masked
    (step,) = open_recording(tmp_path).steps
    settings = {call.op: call.settings for call in step.operators}
    assert settings["aten.sum.dim_IntList"] == {"dim": [1], "keepdim": True}
    assert settings["aten.masked_fill.Scalar"] == {"value": "-inf"}
    assert settings["aten.gelu.default"] == {"approximate": "tanh"}
    assert settings["aten.view.default"] == {"size": [3, 2]}


def test_a_step_after_the_end_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    engine = torch.autograd._engine_run_backward
    with record(tmp_path / "run") as tape:
        torch.ones(2, requires_grad=True).sum().backward()
    with pytest.raises(RuntimeError, match="has ended"):
        tape.step()
    assert torch.autograd._engine_run_backward is engine
    assert _get_current_dispatch_mode() is None


def _of_many_axes(x: Any) -> Any:
    return x.reshape(2, 3, *[1] * 50).exp().sum()


def _beside_a_transform(x: Any) -> Any:
    torch.func.grad(lambda y: (y * y).sum())(x.detach())
    return x.exp().sum()


def _beside_a_tensor_without_memory(x: Any) -> Any:
    torch.ones(2, 3, device="meta").mul(2)
    return x.exp().sum()


@pytest.mark.parametrize("loss", [_of_many_axes, _beside_a_transform, _beside_a_tensor_without_memory])
def test_what_is_unusual_in_a_program_is_recorded(loss: Any, tmp_path: Path) -> None:
    x = torch.linspace(-1, 1, 6).reshape(2, 3).requires_grad_()
    with record(tmp_path / "run"):
        loss(x).backward()
    trace = load_recording(tmp_path / "run").run().trace(0)
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.numpy(), x.detach().exp().numpy())
    (leaf,) = (leaf for leaf in trace.graph.leaves if leaf.takes_gradient)
    np.testing.assert_array_equal(trace.gradient(leaf), x.grad.numpy())
