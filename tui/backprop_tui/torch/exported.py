# pyright: reportMissingImports=false
"""An exported program of PyTorch -> a draft of a scenario.

What depends on no input and no parameter (a mask, a table of positions) is computed once by PyTorch, and
becomes a constant. Every other call becomes operators of ours, or is refused with its source line.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import torch
from msgspec import structs

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean
from backprop_tui.torch.aten import AtenCall
from backprop_tui.torch.aten_readers import READERS, LazyResult, is_read, read
from backprop_tui.torch.draft import (
    DraftLeaf,
    LeafRef,
    LeafSection,
    ModelDraft,
    ModuleCall,
    ProgramPlace,
    StepRef,
    refusal,
    spelt,
)
from backprop_tui.torch.eager import TARGET, ModelCall, own_path
from backprop_tui.torch.user_code import is_users_file

__all__ = ["ProgramReading"]

_FRAME: Final = re.compile(r'^ *File "(.*)", line (\d+), in .*(?:\n {4}(.*))?', re.MULTILINE)


class ProgramReading:
    """What an exported program says of a run; `kinds` are the classes of modules by their paths.

    `draft` has everything that was read, and `output` is the loss. `arguments` are the leaves of the
    arguments that get gradients, by their numbers, and `parameters` those of the parameters, by their paths.
    """

    def __init__(self, program: Any, kinds: Mapping[str, str], run: ModelCall, dtype: Any) -> None:
        self.draft = ModelDraft()
        self.arguments: dict[int, str] = {}
        self.called: set[str] = set()
        self.parameters: dict[str, str] = {}
        self.floats = str(dtype).removeprefix("torch.")
        self._program, self._kinds, self._dtype = program, kinds, dtype
        self._given = enumerate(zip(run.names, run.values, strict=True))
        self._values: dict[Any, Any] = {}
        self._leaves: dict[int, LeafRef] = {}
        self._kept: list[Any] = []
        self._made: list[Any] = []
        self._names: dict[int, tuple[ProgramPlace, str]] = {}
        signature = program.graph_signature
        self._specs = {spec.arg.name: spec for spec in signature.input_specs if hasattr(spec.arg, "name")}
        result = self._graph(program.graph, ())[-1]
        if not isinstance(result, StepRef):
            raise UsageError(msg("the loss depends on no input and no parameter: there is no gradient"))
        self.output = result
        self.draft.drop_unused()
        self.parameters = {path: name for path, name in self.parameters.items() if name in self.draft.leaves}
        self.arguments = {at: name for at, name in self.arguments.items() if name in self.draft.leaves}

    def _graph(self, graph: Any, arguments: Iterable[Any]) -> Any:
        """The results of a graph; `arguments` are those of a graph within another."""
        within, needed = iter(arguments), _needed(graph)
        for node in graph.nodes:
            if node.op == "placeholder" and graph is self._program.graph:
                self._values[node] = self._placeholder(self._specs[node.name])
            elif node.op == "placeholder":
                self._values[node] = next(within)
            elif node.op == "call_function" and node in needed:
                self.draft.origin = _origin(node)
                self._values[node] = self._call(node)
            elif node.op == "output":
                return self._found(node.args[0])
        return ()

    # Leaves

    def _placeholder(self, spec: Any) -> Any:
        if spec.kind.name == "USER_INPUT":
            return self._argument()
        path = own_path(spec.target)
        value = self._program.state_dict.get(spec.target)
        if value is None:
            value = self._program.constants[spec.target]
        if id(value) in self._leaves:  # a parameter of two names
            return self._leaves[id(value)] if spec.kind.name == "PARAMETER" and value.requires_grad else value
        if spec.kind.name == "PARAMETER" and value.requires_grad:
            given = self._leaf(spelt(path, "", self._kinds), value, "params", path)
            self.parameters[path] = given.leaf
            self._leaves[id(value)] = given
            return given
        if spec.kind.name in ("PARAMETER", "BUFFER"):
            return self._constant(value, self._leaf(spelt(path, "", self._kinds), value, "constants", path))
        if spec.target == TARGET:
            return self._constant(value, self._leaf(TARGET, value, "constants"))
        return self._constant(value)

    def _argument(self) -> Any:
        number, (name, value) = next(self._given)
        if not isinstance(value, torch.Tensor):
            return value
        if not value.is_floating_point():
            return self._constant(value, self._leaf(name, value, "constants"))
        given = self._leaf(name, value, "inputs")
        self.arguments[number] = given.leaf
        return given

    def _leaf(self, name: str, value: Any, section: LeafSection, path: str = "") -> LeafRef:
        return self.draft.leaf(name, DraftLeaf(section, value.detach().cpu().numpy().copy(), path))

    def _constant(self, value: Any, given: LeafRef | None = None) -> Any:
        """A constant tensor; it becomes a leaf once an operator of ours uses it."""
        value = value.detach()
        self._kept.append(value)  # so that no other tensor has its id
        if given is not None:
            self._leaves[id(value)] = given
        return value

    def _as_leaf(self, value: Any) -> LeafRef:
        if id(value) not in self._leaves:
            made = self._made if value.any() else ()  # zeros may stand for one thing here, and another there
            same = (one for one in made if one.dtype == value.dtype and torch.equal(one, value))
            known = next(same, None)
            if known is not None:
                return self._leaves[id(known)]
            self._made.append(value)
            origin, name = self._names.get(id(value), (self.draft.origin, "constant"))
            here = self.draft.origin
            if (origin.file, origin.line) != (here.file, here.line) and origin.variable:
                name = origin.variable  # the line assigns this, not what is computed from it
            self._leaves[id(value)] = self._leaf(name, value, "constants")
        return self._leaves[id(value)]

    # Calls

    def _call(self, node: Any) -> Any:
        target = node.target
        if target is operator.getitem:
            return self._item(node)
        if not isinstance(target, torch._ops.OpOverload):
            return self._block(node)
        name = target._schema.name.removeprefix("aten::")
        parameters = target._schema.arguments
        arguments = dict(zip((one.name for one in parameters), node.args, strict=False)) | dict(node.kwargs)
        arguments = {key: self._found(value) for key, value in arguments.items()}
        if torch.Tag.nondeterministic_seeded in target.tags and name not in READERS:
            raise self._refusal(
                msg("{op} draws at random, so its gradients differ from run to run", op=clean(str(target))),
                msg("give the numbers as an argument or as a buffer"),
            )
        if not any(isinstance(one, StepRef | LeafRef) for one in _flat(arguments.values())):
            return self._folded(target, arguments, node)
        if name == "_assert_tensor_metadata":
            return None
        if not is_read(name):
            raise self._unknown(str(target))
        self.called.add(name)
        value = node.meta.get("val")
        self._check_type(target, value)
        shape = tuple(value.shape) if isinstance(value, torch.Tensor) else None
        defaults = {one.name: one.default_value for one in parameters}
        return read(AtenCall(self.draft, str(target), defaults, arguments, shape, self._as_leaf))

    def _found(self, value: Any) -> Any:
        """An argument with values in place of nodes."""
        if isinstance(value, torch.fx.Node):
            found = self._values[value]
            return found.made() if isinstance(found, LazyResult) else found
        return [self._found(one) for one in value] if isinstance(value, list | tuple) else value

    def _item(self, node: Any) -> Any:
        """One of several results."""
        of, number = node.args
        result = self._values[of][number]
        if result is None:
            raise self._unknown(str(of.target))
        if not isinstance(result, LazyResult):
            return result
        self.draft.origin = structs.replace(self.draft.origin, item=number)
        return result.made()

    def _folded(self, target: Any, arguments: Any, node: Any) -> Any:
        """The result of a call on constants, computed by PyTorch."""
        positional = [arguments[one.name] for one in target._schema.arguments[: len(node.args)]]
        with torch.no_grad():
            result = target(*positional, **{name: arguments[name] for name in node.kwargs})
        for one in _flat((result,)):
            if isinstance(one, torch.Tensor):
                self._kept.append(one)
                self._names.setdefault(id(one), (self.draft.origin, target._schema.name[6:].lstrip("_")))
        return result

    def _block(self, node: Any) -> Any:
        """The result of a block without gradients, before it is detached; no other call is read."""
        name = getattr(node.target, "__name__", str(node.target))
        if "set_grad_enabled" not in name:
            raise self._unknown(name)
        _, block, *arguments = node.args
        inner = getattr(self._program.graph_module, block.target)
        return self._graph(inner.graph, map(self._found, arguments))

    # What is refused

    def _refusal(self, message: Message, hint: Hint) -> Exception:
        return refusal(self.draft.origin, message, hint)

    def _unknown(self, name: str) -> Exception:
        return self._refusal(
            msg("no operator of a scenario computes {op}", op=clean(name)),
            msg("write it with other functions, or record the run: backprop_tui.torch.record"),
        )

    def _check_type(self, target: Any, value: Any) -> None:
        """Refuse a result of another floating type than that of parameters and inputs."""
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, torch.Tensor) and one.is_floating_point() and one.dtype != self._dtype:
                raise self._refusal(
                    msg(
                        "{op} gives {found}, but others have {dtype}: a scenario has one type",
                        op=clean(str(target)),
                        found=str(one.dtype).removeprefix("torch."),
                        dtype=self.floats,
                    ),
                    msg("call module.double(), and give arguments and new tensors the same type"),
                )


def _needed(graph: Any) -> set[Any]:
    """The nodes that the results of a graph depend on."""
    needed: set[Any] = set()
    for node in reversed(graph.nodes):
        if node.op == "output" or node in needed:
            needed.update(node.all_input_nodes)
    return needed


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flat(value)
        else:
            yield value


def _origin(node: Any) -> ProgramPlace:
    """Where a call is: the modules around it, and its line."""
    modules = []
    for key, (path, kind) in (node.meta.get("nn_module_stack") or {}).items():
        path = re.sub(r"^L\['self'\]\.?", "", path)
        if own_path(path):
            name = kind.__name__ if isinstance(kind, type) else str(kind).rpartition(".")[2]
            modules.append(ModuleCall(key, own_path(path), name))
    frames = _FRAME.findall(node.meta.get("stack_trace") or "")
    own = [frame for frame in frames if is_users_file(frame[0])]
    file, line, _ = own[-1] if own else ("", "0", "")
    last = frames[-1] if frames else ("", "0", "")
    return ProgramPlace(tuple(modules), file, int(line), last[2].strip(), f"{last[0]}:{last[1]}")
