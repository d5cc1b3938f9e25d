# pyright: reportMissingImports=false
"""A small model of PyTorch -> a scenario: exported without decomposition, compared with autograd, written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import torch

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.scenario.model import Scenario
from backprop_tui.torch.aten_readers import is_read
from backprop_tui.torch.eager import (
    ModelCall,
    ModelLoss,
    checked_type,
    computed,
    own_path,
    undisturbed,
)
from backprop_tui.torch.exported import ProgramReading
from backprop_tui.torch.writing import written

__all__ = ["from_torch"]

_DEEPEST: Final = 4
"""How deep the decomposition of operators into others may go."""


def from_torch(
    module: Any,
    args: Any,
    path: str | os.PathLike[str],
    *,
    kwargs: Mapping[str, Any] | None = None,
    loss: Callable[..., Any] | None = None,
    target: Any = None,
    inline: int = 64,
    overwrite: bool = False,
) -> Scenario:
    """Write what `module` computes for `args` as a scenario, and return it.

    `args` is a tuple of arguments, or the only one. The module's output is the loss, if it has one entry;
    otherwise `loss` computes one from it: ``loss(output)``, or ``loss(output, target)`` if a `target` is
    given. Tensors of at most `inline` numbers are in the file, and others in a ``.npz`` beside it.

    Nothing is written unless the loss and every gradient are what autograd computes. Raises `UsageError` for
    what a scenario cannot express: an operator that it lacks, a function with its own backward, a branch that
    depends on a tensor's values, a buffer that changes, a random draw, a model that is too large, each with
    its source line if PyTorch knows it; and `FileExistsError` unless `overwrite`.

    >>> import torch
    >>> from backprop_tui.torch import from_torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2))
    >>> criterion, labels = torch.nn.CrossEntropyLoss(), torch.tensor([0, 1, 1, 0])
    >>> from_torch(model, torch.randn(4, 2), "mlp.yaml", loss=criterion, target=labels)  # doctest: +SKIP
    <Scenario mlp: 6 leaves, 4 computed nodes, output loss>
    """
    if not isinstance(module, torch.nn.Module):
        raise UsageError(
            msg("from_torch takes a torch.nn.Module, not {type}", type=type(module).__name__),
            msg("put the function into the forward of one"),
        )
    path = Path(path)
    for file in (path, path.with_suffix(".npz")):
        if file.exists() and not overwrite:
            raise FileExistsError(f"{file} exists; overwrite=True replaces it")
    whole = ModelLoss(module, loss, target)
    run = ModelCall.of(module, args if isinstance(args, tuple) else (args,), kwargs or {})
    dtype = checked_type(module, run)
    with undisturbed(module):
        eager = computed(whole, run)
        program = _exported(whole, run)
    return written(path, ProgramReading(program, whole.kinds, run, dtype), whole, eager, inline)


def _exported(whole: ModelLoss, run: ModelCall) -> Any:
    """The program, without decomposition; operators that write in place are replaced by ones that give new
    tensors.
    """
    try:
        program = torch.export.export(whole, run.args, run.kwargs, strict=False)
        _detach_blocks(program)
        if any(_writes(node) for node in program.graph.nodes):
            program = program.run_decompositions({})
        program = _decomposed(program)
    except Exception as problem:  # noqa: BLE001  # PyTorch raises errors of many kinds, and says them at length
        raise _refused(problem) from None
    signature = program.graph_signature
    changed = [*signature.buffers_to_mutate.values(), *signature.user_inputs_to_mutate.values()]
    if changed:
        names = ", ".join(map(own_path, changed))
        raise UsageError(
            msg("{names} would change, which a scenario cannot express", names=clean(names)),
            msg("call module.eval(), or make the layer with track_running_stats=False"),
        )
    return program


def _detach_blocks(program: Any) -> None:
    """Detach the results of blocks without gradients: a decomposition may dissolve such a block."""
    graph = program.graph
    for node in list(graph.nodes):
        called = getattr(node.target, "__name__", "")
        if node.op == "call_function" and "set_grad_enabled" in called and not node.args[0]:
            for result in list(node.users):
                with graph.inserting_after(result):
                    detached = graph.call_function(torch.ops.aten.detach.default, (result,))
                result.replace_all_uses_with(detached, lambda user, own=detached: user is not own)
                detached.meta = dict(result.meta)
    program.graph_module.recompile()


def _writes(node: Any) -> bool:
    """Whether a call changes its arguments."""
    return isinstance(node.target, torch._ops.OpOverload) and node.target._schema.is_mutable


def _decomposed(program: Any) -> Any:
    """The program with operators that we lack decomposed into others by PyTorch itself."""
    for _ in range(_DEEPEST):
        called = {node.target for node in program.graph.nodes}
        targets = [target for target in called if isinstance(target, torch._ops.OpOverload)]
        unread = [target for target in targets if not is_read(target._schema.name.removeprefix("aten::"))]
        known = torch.export.default_decompositions() if unread else {}
        table = {target: known[target] for target in unread if target in known}
        if not table:
            break
        program = program.run_decompositions(table)
    return program


def _refused(problem: Exception) -> UsageError:
    """Why a module cannot be exported, in a sentence; in PyTorch's own words if the reason is not one that is
    known here.
    """
    text = str(problem).strip()
    if "DataDependent" in type(problem).__name__ or "data-dependent" in text.lower():
        return UsageError(
            msg("a branch or a number in the program depends on the values of a tensor"),
            msg("write it with torch.where, or record the run instead: backprop_tui.torch.record"),
        )
    first = f"{type(problem).__name__}: {text}".partition("\n")[0]
    return UsageError(
        msg("torch.export cannot export this module: {problem}", problem=shortened(clean(first), 300)),
        msg("record the run instead: backprop_tui.torch.record"),
    )
