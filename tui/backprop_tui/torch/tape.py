# pyright: reportMissingImports=false
"""The recorder: operators as they are dispatched, and every node of autograd as it runs backward.

A dispatch mode, below autograd, observes the forward pass. An operand names the node that made it. Autograd
makes a node before it calls an operator, so if its count of nodes has grown since the previous call, the last
node belongs to this call. Hooks on all nodes reachable from the roots observe the backward pass; they receive
the upstream gradients and the contributions that autograd computed. Both are mechanisms of PyTorch
itself and change no values.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import torch
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes, _get_current_dispatch_mode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from backprop_engine.recordings.events import (
    FORMAT,
    BackwardCall,
    BackwardCheck,
    EngineEnd,
    EngineStart,
    GraphNode,
    Manifest,
    Operand,
    OperatorCall,
    PlainValue,
    ReducedGradient,
    TensorEntry,
)
from backprop_engine.recordings.folders import manifest_path, rank_folder
from backprop_engine.recordings.writer import RecordingWriter
from backprop_tui.torch.calls import settings_of, written_to
from backprop_tui.torch.functions import ApplyHook, Registered, bare_apply, registered
from backprop_tui.torch.nodes import OperandSource, RecordedEdge, edges_of, node_count, node_name, numbered
from backprop_tui.torch.replay import Comparison, KeptCall, compare
from backprop_tui.torch.tensors import TensorStore, version
from backprop_tui.torch.user_code import is_users_file, user_line

__all__ = ["Tape", "record"]

_PLUMBING: Final = (torch.ops.aten._to_copy, torch.ops.aten.as_strided, torch.ops.aten.view)
"""Operators that compute nothing, or whose second call would need the storage of the first."""
_BETWEEN_RANKS: Final = ("c10d", "_c10d_functional", "c10d_functional")
"""The namespaces of operators that exchange tensors between ranks."""
Finish = Callable[[list[TensorEntry]], Any]
"""Makes an event from the descriptions of the step's tensors, by number, which are known when it ends."""


class Tape:
    """A recording in progress; `step` begins the next step of the training loop.

    `steps` are the steps to record, None for all. `modules` is a pattern of module paths such as
    ``blocks.1*``; operators outside of the modules that match are not recorded.
    """

    def __init__(
        self,
        writer: RecordingWriter,
        model: Any,
        *,
        steps: range | None,
        modules: str | None,
        cells: int | None,
        hold: bool,
        check: bool = False,
    ) -> None:
        self._writer, self._steps, self._pattern = writer, steps, modules
        self._tensors = TensorStore(writer, cells, hold=hold)
        self._waiting: list[Finish] = []
        self._described: set[int] = set()
        self._paths: dict[int, str] = {}
        self._leaves: Any = WeakIdKeyDictionary()
        self._unnamed = 0
        self._model, self._reduced = model, False
        """Whether ranks have reduced something during the current run of the engine."""
        if model is not None:
            self._paths = {
                id(module): path or type(module).__name__ for path, module in model.named_modules()
            }
            self._name_parameters()
        self._modules: list[str] = []
        self._check = check
        self._kept: dict[str, tuple[KeptCall, list[RecordedEdge | None]]] = {}
        """With `check`, the call that made each node, and the nodes that its operands came from."""
        self._mode: _Dispatch | None = None
        self._handles: list[Any] = []
        self._engine: Any = None
        self._step = 0
        self._ended = False

    # Steps

    def step(self) -> None:
        """End the current step and begin the next one; `RuntimeError` once the recording has ended."""
        if self._ended:
            raise RuntimeError("this recording has ended: step() belongs into its `with` block")
        self._stop()
        self._step += 1
        self._start()

    def _start(self) -> None:
        if self._writer.failure is not None or (self._steps is not None and self._step not in self._steps):
            return
        self._writer.start(self._step)
        register = torch.nn.modules.module
        self._handles = [
            register.register_module_forward_pre_hook(self._enter),
            register.register_module_forward_hook(self._leave, always_call=True),
        ]
        self._engine = torch.autograd._engine_run_backward
        torch.autograd._engine_run_backward = self._run_engine
        self._apply = ApplyHook(self.function)
        self._mode = _Dispatch(self)
        self._mode.__enter__()

    def _end(self) -> None:
        """End the last step, after which there is no other."""
        self._ended = True
        self._stop()

    def _stop(self) -> None:
        if self._mode is None:
            return
        self._mode.__exit__(None, None, None)
        self._mode = None
        torch.autograd._engine_run_backward = self._engine
        self._apply.restore()
        for handle in self._handles:
            handle.remove()
        self._handles, self._modules = [], []
        self._finish_step()

    def _finish_step(self) -> None:
        entries = self._tensors.finish()
        for finish in self._waiting:
            self._writer.event(finish(entries))
        self._waiting, self._described, self._kept = [], set(), {}
        self._writer.finish_step()

    # Modules and leaves

    def _name_parameters(self) -> None:
        for name, parameter in self._model.named_parameters() if self._model is not None else ():
            self._leaves[parameter] = name

    def _enter(self, module: Any, _: Any) -> None:
        self._modules.append(self._paths.get(id(module), type(module).__name__))

    def _leave(self, *_: Any) -> None:
        if self._modules:
            self._modules.pop()

    def leaf_name(self, tensor: Any) -> str:
        """The name of a parameter, or for another leaf one that is unique in this recording."""
        if tensor not in self._leaves and isinstance(tensor, torch.nn.Parameter):
            self._name_parameters()  # FSDP gives a module other parameters while it runs
        if tensor not in self._leaves:
            self._unnamed += 1
            self._leaves[tensor] = f"input {self._unnamed}"
        return str(self._leaves[tensor])

    # Forward

    def operator(
        self,
        name: str,
        node: str | None,
        sources: Sequence[OperandSource | None] = (),
        outputs: Sequence[Any] = (),
        settings: dict[str, PlainValue] | None = None,
        *,
        view: bool = False,
    ) -> None:
        """Record the call of an operator; `sources` are those of its operands."""
        module = self._modules[-1] if self._modules else ""
        if self._pattern is not None and not fnmatchcase(module, self._pattern):
            return
        running = torch._C._current_autograd_node()
        within = None if running is None else node_name(running)
        file, line, function = user_line()
        operands = [None if source is None else self._operand(source) for source in sources]
        made = self._tensors.add_outputs(outputs, made=not view)
        self._described.update(made)

        def finish(entries: list[TensorEntry]) -> OperatorCall:
            inputs = tuple(None if operand is None else operand(entries) for operand in operands)
            outs = tuple(entries[number] for number in made)
            return OperatorCall(
                name, node, within, module, file, line, function, inputs, outs, settings or {}
            )

        self._waiting.append(finish)

    def function(self, called: Any, given: tuple[Any, ...]) -> Any:
        """Call a `torch.autograd.Function` and record it as a single operator."""
        mode, apply = self._mode, bare_apply(called)
        if (
            mode is None
            or _get_current_dispatch_mode() is None  # this recorder's own call, or one that it makes again
            or torch._C._are_functorch_transforms_active()
            or (torch._C._current_autograd_node() is not None and not torch.is_grad_enabled())
        ):
            return apply(*given)
        with _disable_current_modes():
            mode.flush()
            sources = [self.source(one) if isinstance(one, torch.Tensor) else None for one in given]
            library = registered(called)
            kept = self._kept_function(called, given, library) if self.checks(called) else None
            mode.skip()
        result = apply(*given)
        with _disable_current_modes():
            mode.skip(0)
            outputs = [value for value in tree_leaves(result) if isinstance(value, torch.Tensor)]
            node = next((node_name(one.grad_fn) for one in outputs if one.grad_fn is not None), None)
            if kept is not None and node is not None and not mode.communicated:
                self.keep(node, kept, result, sources)
            self.operator(str(library.operator) if library else str(called.__name__), node, sources, outputs)
        return result

    def _kept_function(self, called: Any, given: tuple[Any, ...], library: Registered | None) -> KeptCall:
        if library is None:
            return KeptCall(called, given, {})
        keywords = dict(given[-1].keyword_only_args)  # PyTorch's own, after the arguments
        return KeptCall(library.operator, given[:-1], keywords, library.backward)

    def forget(self, tensors: Sequence[Any]) -> None:
        """Discard what is known of tensors that were written to without a change of their version."""
        self._tensors.forget(tensors)

    def checks(self, called: Any) -> bool:
        """Whether the backward of an operator or a Function is to be checked.

        Not for PyTorch's own Functions, which do more than compute, nor for views.
        """
        if not self._check or not torch.is_grad_enabled():
            return False
        if isinstance(called, torch._ops.OpOverload):
            return called.namespace != "aten" or not called.is_view
        is_users = is_users_file(called.forward.__code__.co_filename)
        return is_users or called.__name__.startswith("Generated")

    def keep(self, node: str, kept: KeptCall, result: Any, sources: Sequence[OperandSource | None]) -> None:
        """Keep a call until its node has run backward, to check it then."""
        kept.keep_outputs(result)
        makers = [None if source is None else source.edge for source in sources]
        self._kept[node] = kept, makers

    def _operand(self, source: OperandSource) -> Callable[[list[TensorEntry]], Operand]:
        """Makes the operand, with a description of its tensor if no event of this step has one already."""
        number = self._tensors.add(source.tensor, made=False)
        is_described = number in self._described
        self._described.add(number)
        _, node, output, leaf = source  # the tensor itself is not to be kept alive

        def operand(entries: list[TensorEntry]) -> Operand:
            return Operand(number, node, output, leaf, None if is_described else entries[number])

        return operand

    def source(self, tensor: Any) -> OperandSource:
        """Where a tensor comes from."""
        if tensor.grad_fn is not None:
            return OperandSource(tensor, node_name(tensor.grad_fn), tensor.output_nr)
        if tensor.requires_grad:
            return OperandSource(tensor, leaf=self.leaf_name(tensor))
        return OperandSource(tensor)

    # Backward

    def _run_engine(self, outputs: Sequence[Any], *arguments: Any, **keywords: Any) -> Any:
        if _get_current_dispatch_mode() is None or torch._C._are_functorch_transforms_active():
            # a check computes gradients of its own, and a transform such as torch.func.grad does
            return self._engine(outputs, *arguments, **keywords)
        with _disable_current_modes():
            handles = self._watch(outputs)
        error, before, self._reduced = "", self._reduced, False
        try:
            return self._engine(outputs, *arguments, **keywords)
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"[:10_000]
            raise
        finally:
            for handle in handles:
                handle.remove()
            if self._reduced and not error:
                with _disable_current_modes():
                    self._note_reduced()
            self._reduced = before
            end = EngineEnd(error)
            self._waiting.append(lambda _: end)

    def communicates(self, function: Any, arguments: Any) -> None:
        """Record the operands of an exchange between ranks; its results may not have arrived yet."""
        given = [one for one in tree_leaves(arguments) if isinstance(one, torch.Tensor)]
        self._reduced = self._reduced or "reduce" in str(function)
        self.operator(str(function), None, [self.source(one) for one in given])

    def _note_reduced(self) -> None:
        """Record the gradient of each parameter after the reduction between ranks."""
        for name, parameter in self._model.named_parameters() if self._model is not None else ():
            if parameter.grad is not None:
                self._waiting.append(_reduced(name, self._tensors.add(parameter.grad), parameter.grad))

    def _watch(self, outputs: Sequence[Any]) -> list[Any]:
        """Record the backward graph of `outputs`, and hook each of its nodes."""
        if self._mode is not None:
            self._mode.flush()
        roots = tuple(
            (node_name(output.grad_fn), output.output_nr) for output in outputs if output.grad_fn is not None
        )
        file, line, _ = user_line()
        self._waiting.append(lambda _: EngineStart(roots, file, line))
        handles, seen = [], set()
        waiting = [output.grad_fn for output in outputs if output.grad_fn is not None]
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            self._note_node(node)
            handles.append(node.register_hook(self._hook(node)))
            waiting += [following for following, _ in node.next_functions if following is not None]
        return handles

    def _note_node(self, node: Any) -> None:
        name, following = node_name(node), tuple(edges_of(node))
        variable = getattr(node, "variable", None)
        if variable is None:
            called = node.name()
            self._waiting.append(lambda _: GraphNode(name, called, following))
            return
        leaf, called = self.leaf_name(variable), node.name()
        value = self._tensors.add(variable)
        held = None if variable.grad is None else self._tensors.add(variable.grad)
        self._waiting.append(
            lambda entries: GraphNode(
                name, called, following, leaf, entries[value], None if held is None else entries[held]
            )
        )

    def _hook(self, node: Any) -> Callable[[Any, Any], None]:
        name, edges = node_name(node), edges_of(node)

        def ran(contributions: Sequence[Any], upstream: Sequence[Any]) -> None:
            with _disable_current_modes():  # what is done here is not part of the run
                above = [None if tensor is None else self._tensors.add(tensor) for tensor in upstream]
                below = [None if tensor is None else self._tensors.add(tensor) for tensor in contributions]

            def finish(entries: list[TensorEntry]) -> BackwardCall:
                def described(numbers: list[int | None]) -> tuple[TensorEntry | None, ...]:
                    return tuple(None if number is None else entries[number] for number in numbers)

                return BackwardCall(name, described(above), described(below))

            self._waiting.append(finish)
            if name in self._kept:
                self._compare(name, edges, upstream, contributions)

        return ran

    def _compare(
        self,
        name: str,
        edges: Sequence[RecordedEdge | None],
        upstream: Sequence[Any],
        contributions: Sequence[Any],
    ) -> None:
        """Check the backward of a node that ran, and record a comparison for each of its contributions."""
        kept, makers = self._kept[name]
        kept.match(edges, makers)
        with _disable_current_modes(), torch.no_grad():
            for one in compare(kept, upstream, contributions):
                self._note_comparison(name, one, kept.place)

    def _note_comparison(self, node: str, one: Comparison, place: tuple[str, int]) -> None:
        found, expected = (
            None if each is None else self._tensors.add(each, store=True)
            for each in (one.found, one.expected)
        )

        def finish(entries: list[TensorEntry]) -> BackwardCheck:
            return BackwardCheck(
                node,
                one.edge,
                one.name,
                one.error,
                one.wrong,
                None if found is None else entries[found],
                None if expected is None else entries[expected],
                one.reason,
                *place,
            )

        self._waiting.append(finish)


class _Dispatch(TorchDispatchMode):  # type: ignore[misc]  # torch is not there where types are checked
    """Observes every call of an operator, below autograd."""

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self._tape, self._last = tape, node_count()
        self.communicated = False
        """Whether ranks exchanged something since a Function was called, which is not repeated then."""

    def __torch_dispatch__(self, function: Any, _: Any, arguments: Any = (), keywords: Any = None) -> Any:
        keywords = keywords or {}
        if function.namespace in _BETWEEN_RANKS:
            with _disable_current_modes():
                self.communicated = True
                self._tape.communicates(function, (arguments, keywords))
            return function(*arguments, **keywords)
        if torch._C._current_autograd_node() is not None and not torch.is_grad_enabled():
            return function(*arguments, **keywords)  # the backward pass itself: its nodes are hooked
        tape = self._tape
        with _disable_current_modes():
            sources = [
                tape.source(value) if isinstance(value, torch.Tensor) else None
                for value in tree_leaves((arguments, keywords))
            ]
            own = torch.is_grad_enabled() and node_count() > self._last
            self.flush(node_count() - own)
            node = numbered(self._last) if own else None
            kept = KeptCall(function, arguments, keywords) if own and tape.checks(function) else None
            written = written_to(function, arguments, keywords)
            writes = [version(one) for one in written]
        result = function(*arguments, **keywords)
        with _disable_current_modes():
            self._last = node_count()
            if kept is not None and node is not None:
                tape.keep(node, kept, result, sources)
            outputs = [value for value in tree_leaves(result) if isinstance(value, torch.Tensor)]
            if "empty" in function._schema.name:
                outputs = []  # nothing has been written to them yet
            tape.forget([one for one, count in zip(written, writes, strict=True) if version(one) == count])
            outputs = outputs or written
            settings = settings_of(function, arguments, keywords)
            tape.operator(str(function), node, sources, outputs, settings, view=function.is_view)
        return result

    def skip(self, count: int = 1) -> None:
        """Skip nodes that are recorded otherwise: a Function makes one before it calls operators."""
        self._last = node_count() + count
        self.communicated = self.communicated and not count

    def flush(self, end: int | None = None) -> None:
        """Record the nodes before number `end` that were made by a Function, not by a dispatched operator."""
        end = node_count() if end is None else end
        for number in range(self._last, end):
            self._tape.operator("", numbered(number))
        self._last = end


def _reduced(leaf: str, number: int, gradient: Any) -> Finish:
    first = _first_row(gradient)
    return lambda entries: ReducedGradient(leaf, entries[number], first)


def _first_row(tensor: Any) -> int | None:
    """The first row of this rank's shard of a tensor that is sharded by rows; None for other tensors."""
    placements: Sequence[Any] = getattr(tensor, "placements", ())
    if len(placements) != 1 or not placements[0].is_shard(0):
        return None
    rows, ranks = tensor.shape[0], tensor.device_mesh.size()
    return int(min(rows, -(-rows // ranks) * tensor.device_mesh.get_local_rank()))


@contextmanager
def record(
    folder: str | os.PathLike[str],
    model: Any = None,
    *,
    steps: range | None = None,
    modules: str | None = None,
    cells: int | None = 65_536,
    max_bytes: int | None = None,
    hold: bool = True,
    check: bool = False,
) -> Iterator[Tape]:
    """Record what autograd does within the block to `folder`, which is created if necessary.

    Figures (norm, counts of NaN and of infinities) are recorded for every tensor, entries for those that have
    at most `cells` (for all with None, for none with 0). A step in which something is not finite is stored
    whole unless `hold` is False. `steps` and `modules` limit what is recorded, `max_bytes` what is kept: the
    oldest steps go first. With `check` the forward of each operator and each Function runs again in double
    precision, several times, and its backward is compared with the differences: use it for a few steps, not
    for long runs. Code under `torch.compile` runs eagerly while recording.

    Under `torch.distributed` each rank has a folder of its own in `folder`: ``rank-0``, ``rank-1``, ….

    If the disk is full, a warning says so, the recording ends with its last complete step, and the block goes
    on. Raises `FileExistsError` if the folder already holds a recording, and `RuntimeError` if this PyTorch
    lacks the hooks that the recorder needs.
    """
    missing = [
        name for name in ("_engine_run_backward", "_get_sequence_nr") if not hasattr(torch.autograd, name)
    ]
    if missing:
        raise RuntimeError(f"this PyTorch ({torch.__version__}) has no torch.autograd.{missing[0]}")
    rank, world = 0, 1
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        rank, world = torch.distributed.get_rank(), torch.distributed.get_world_size()
    path = Path(folder)
    manifest = Manifest(
        FORMAT,
        "torch",
        str(torch.__version__),
        rank,
        world,
        cells,
        modules,
        steps.start if steps else 0,
        model="" if model is None else type(model).__name__,
    )
    if world > 1 and manifest_path(path).exists():
        raise FileExistsError(f"{path} holds the recording of a single process already")
    writer = RecordingWriter(rank_folder(path, rank) if world > 1 else path, manifest, max_bytes)
    tape = Tape(writer, model, steps=steps, modules=modules, cells=cells, hold=hold, check=check)
    with torch.compiler.set_stance("force_eager"):
        tape._start()
        try:
            yield tape
        except BaseException:
            with suppress(Exception):  # what else goes wrong now must not hide the user's error
                _finish(tape, writer)
            raise
        _finish(tape, writer)


def _finish(tape: Tape, writer: RecordingWriter) -> None:
    """End the last step, and complete the manifest with what is missing in the recording."""
    try:
        tape._end()
    finally:
        overwritten = tape._tensors.overwritten
        text = f"{overwritten} tensors of steps with trouble were overwritten in place before they ended"
        writer.close((text,) if overwritten else ())
