"""A run as a program in PyTorch: the same forward pass, PyTorch's own backward pass, and both compared.

Everything is computed in float64. An operator whose backward rule is the author's own is a
`torch.autograd.Function` with that rule, right or wrong. What a backward pass computes, and no gradient flows
through, is computed by NumPy, as in the program in NumPy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.derivatives.jacobian import window
from backprop_engine.evaluation.compiled_formula import CompiledFormula
from backprop_engine.evaluation.composed_operators import GRADIENT_NAMES, OWN
from backprop_engine.explain.overrides import overrides_gradient, overrides_value
from backprop_engine.graph.graph import Graph, Kind, Node
from backprop_engine.ops import Op
from backprop_engine.ops.attributes import index_key, key_text
from backprop_engine.ops.backward_words import FAMILY
from backprop_engine.program.helpers import definitions, helpers_of
from backprop_engine.program.identifiers import identifiers
from backprop_engine.program.lines import forward_code, refuse_recorded
from backprop_engine.program.pytorch_calls import CALLS, HELPERS, TIED
from backprop_engine.trace.trace import Trace

__all__ = ["names_in_pytorch", "pytorch_program"]

_WIDTH: Final = 100
_INDENT: Final = "    "
_WORD: Final = re.compile(r"[^\W\d]\w*")
_CALLED: Final = re.compile(r"(?<![\w.])[^\W\d]\w*(?=\(|\.apply\()")
_ARRAY: Final = re.compile(r"\b_array_(\d+)_\b")
_IMPORTED: Final = frozenset({"torch", "F", "compare", *HELPERS})
_MOST_ENTRIES: Final = 2**20
_CLOSE: Final = {"float64": ("1e-9", "1e-12"), "float32": ("1e-4", "1e-6"), "float16": ("1e-2", "1e-3")}
"""Relative and absolute, by the type that the run was computed in."""


def pytorch_program(trace: Trace) -> str:
    """A program for a recorded iteration; it prints each gradient, and stops at the first one that differs.

    An operator defined in Python is left as a stub to fill in.

    >>> from backprop_engine import make_graph, pytorch_program, record
    >>> print(
    ...     pytorch_program(record(make_graph({"f": "x ** 2"}, inputs={"x": 3}))).partition("# compared")[0]
    ... )
    import torch
    <BLANKLINE>
    torch.set_default_dtype(torch.float64)
    <BLANKLINE>
    x = torch.tensor(3.0, requires_grad=True)
    <BLANKLINE>
    # forward
    f = x ** 2
    # backward
    f.retain_grad()
    f.backward()
    <BLANKLINE>
    <BLANKLINE>
    <BLANKLINE>
    """
    refuse_recorded(trace)
    graph, names = trace.graph, names_in_pytorch(trace.graph)
    defined = [line for op in _own_operators(graph) for line in ("", "", *_own_operator(op))]
    leaves = [_leaf_line(trace, leaf, names) for leaf in graph.leaves]
    body = [*leaves, "", "# forward", *_forward(trace, names)]
    if _flowing(trace):
        body += [*_backward(trace, names), "", "", *_comparison(trace, names)]
    by_numpy = any(op.family == FAMILY for op in graph.ops)
    sources = _helpers([*defined, *body]) + (definitions(body, helpers_of(graph)) if by_numpy else [])
    used = [line for source in sources for line in ("", "", *source.strip("\n").split("\n"))]
    head = ["import numpy as np"] * by_numpy + ["import torch"]
    if any("F." in line for line in (*used, *defined, *body)):
        head.append("from torch.nn import functional as F")
    head += ["", "torch.set_default_dtype(torch.float64)", *used, *defined]
    return "\n".join([*head, "" if head[-1].startswith("torch.set") else "\n", *body, ""])


def names_in_pytorch(graph: Graph) -> Sequence[str]:
    """The program's names of values, by position; a literal's is its number."""
    known = identifiers(graph)
    taken = _IMPORTED | {
        node.op.name for node in graph.nodes if node.op is not None and node.op.family == OWN
    }
    return [known.free(f"{name}_value") if name in taken else name for name in known.values]


def _leaf_line(trace: Trace, leaf: Node, names: Sequence[str]) -> str:
    tensor = trace.values[leaf.position]
    differentiated = leaf.kind in (Kind.INPUT, Kind.PARAM) and tensor.dtype.kind == "f"
    return f"{names[leaf.position]} = {tensor_text(tensor, differentiated=differentiated)}"


def tensor_text(tensor: Tensor, *, differentiated: bool = False) -> str:
    """A tensor with its numbers; whole numbers stay such."""
    end = ", requires_grad=True)" if differentiated else ")"
    whole = tensor.dtype.kind in "iu"
    if tensor.size == 0 or (tensor.shape and not tensor.any()):
        return f"torch.zeros({tuple(tensor.shape)}{', dtype=torch.int64' * whole}{end}"
    if tensor.shape == ():
        return f"torch.tensor({_entry(tensor)}{end}"
    entries = np.array2string(
        tensor,
        separator=", ",
        prefix=_INDENT,
        threshold=tensor.size + 1,
        max_line_width=_WIDTH,
        formatter={"all": _entry},
    )
    if "\n" not in entries:
        return f"torch.tensor({entries}{end}"
    return f"torch.tensor(\n{_INDENT}{entries}{',' * differentiated}\n{end.removeprefix(', ')}"


def _entry(number: Any) -> str:
    """One number, with all its digits in float64."""
    value = number.item()
    if isinstance(value, int):
        return str(int(value))
    return repr(float(value)) if np.isfinite(value) else f"torch.{value}".replace("torch.-", "-torch.")


# Forward


def _forward(trace: Trace, names: Sequence[str]) -> Iterator[str]:
    graph = trace.graph
    for position in graph.order:
        node = graph.nodes[position]
        assert node.op is not None
        operands = [_operand(trace, node, argnum, names) for argnum in range(len(node.operands))]
        if node.op.family == FAMILY:
            yield f"{names[position]} = {_by_numpy(graph, node, names)}"
        else:
            shapes = [graph.nodes[operand].shape for operand in node.operands]
            ties = node.op.name in TIED and _shares_ties(trace, position)
            yield f"{names[position]} = {_call(node.op, operands, node.attributes, shapes, ties=ties)}"
        if overrides_value(trace, position):
            yield f"{names[position]} = Given.apply({names[position]}, {tensor_text(trace.values[position])})"


def _by_numpy(graph: Graph, node: Node, names: Sequence[str]) -> str:
    """What a backward pass computes, as a tensor that no gradient flows through."""
    arrays = [name if _is_number(name) else f"_array_{at}_" for at, name in enumerate(names)]
    code = _ARRAY.sub(
        lambda found: f"{names[int(found[1])]}.detach().numpy()", forward_code(graph, node, arrays)
    )
    return f"torch.from_numpy(np.array({code}))"


def _operand(trace: Trace, node: Node, argnum: int, names: Sequence[str]) -> str:
    """An operand as it is in a call: an index is a whole number, though it was computed as another."""
    graph = trace.graph
    operand = graph.nodes[node.operands[argnum]]
    name = names[operand.position]
    assert node.op is not None
    shapes = [graph.nodes[position].shape for position in node.operands]
    is_index = node.op.indices is not None and argnum in node.op.indices(*shapes)
    return f"{name}.long()" if is_index and trace.values[operand.position].dtype.kind == "f" else name


def _shares_ties(trace: Trace, position: int) -> bool:
    """Whether equal entries share a gradient; also where there are too many to look at."""
    for index in trace.schedule.edges_of.get(position, ()):
        edge = trace.graph.edges[index]
        out, operand = (trace.values[node].size for node in (edge.node, edge.operand))
        if out * operand > _MOST_ENTRIES:
            return True
        jacobian = np.asarray(window(trace, edge, range(out), range(operand)))
        if not np.isin(jacobian, (0.0, 1.0)).all():
            return True
    return False


def _call(
    op: Op,
    operands: Sequence[str],
    attributes: Mapping[str, Any],
    shapes: Sequence[Shape],
    *,
    ties: bool = False,
) -> str:
    """What an operator is in PyTorch, over operands that are names or numbers."""
    if (key := index_key(attributes)) is not None:
        return _indexed(_as_tensor(operands[0]), key)
    written = op.written and op.name not in CALLS
    numbers = [_is_number(operand) for operand in operands]
    if not written or all(numbers):
        operands = [_as_tensor(operand) for operand in operands]
    elif written:
        operands = [f"({operand})" if operand.startswith("-") else operand for operand in operands]
    if op.family == OWN:
        return f"{op.name}{'.apply' * bool(op.rules_as_written)}({', '.join(operands)})"
    if op.name == "transpose" and [len(shape) for shape in shapes] == [2]:
        return f"{operands[0]}.T"
    named = dict(zip(op.names(len(operands)), operands, strict=True))
    if written:
        code = _WORD.sub(lambda word: named[word[0]], op.written)
    else:
        joined = ", ".join(operands)
        text = (TIED if ties else CALLS).get(op.name) or f"torch.{op.name}({{operands}})"
        absent = dict.fromkeys(op.operands, "None")
        settings = {setting.name: _setting(attributes[setting.name]) for setting in op.attributes}
        code = text.format(**{**absent, **settings, **named}, operands=joined)
    return f"({code}).double()" if op.boolean or op.counts else code


def _setting(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else re.sub(r"\binf\b", "torch.inf", repr(value))


def _is_number(operand: str) -> bool:
    return not _WORD.match(operand)


def _as_tensor(operand: str) -> str:
    """A number as a tensor: functions take nothing else."""
    return f"torch.tensor({float(operand)!r})" if _is_number(operand) else operand


def _indexed(operand: str, key: tuple[Any, ...]) -> str:
    """Brackets; those with a slice that runs backwards, axis by axis."""
    if any(isinstance(part, slice) and (part.step or 1) < 0 for part in key):
        return f"indexed({operand}, {key!r})"
    return f"{operand}[{key_text(key)}]"


# Operators of your own


def _own_operators(graph: Graph) -> list[Op]:
    """The operators that are not in the table, each once."""
    return list(dict.fromkeys(node.op for node in graph.nodes if node.op and node.op.family == OWN))


def _own_operator(op: Op) -> list[str]:
    """A function, or, where rules are the author's own, a function of PyTorch's tape that has them."""
    operands = ", ".join(op.operands)
    if op.formula.startswith(f"{op.name}("):  # it is a function of Python
        said = f'"{op.name} was defined in Python: put its function here"'
        return [f"def {op.name}({operands}):", f"{_INDENT}raise NotImplementedError({said})"]
    forward = CompiledFormula(op.formula, op.operands)
    if not op.rules_as_written:
        return [f"def {op.name}({operands}):", *_indent(_body(forward))]
    lines = [f"class {op.name}(torch.autograd.Function):", "    @staticmethod"]
    lines += [f"    def forward(ctx, {operands}):", *_indent(_body(forward, "out"), 2)]
    saved = ", ".join((*op.operands, "out"))
    lines += [f"        ctx.save_for_backward({saved})", "        return out", "", "    @staticmethod"]
    lines += ["    def backward(ctx, g):", f"        {saved} = ctx.saved_tensors"]
    gradients = []
    for operand in op.operands:
        gradients.append(f"d{operand}")
        lines += _indent(_rule(op, operand), 2)
    return [*lines, f"        return {', '.join(gradients)}"]


def _rule(op: Op, operand: str) -> list[str]:
    """The lines that compute the gradient of an operand."""
    name = f"d{operand}"
    if operand not in op.rules_as_written:
        forward = CompiledFormula(op.formula, op.operands)
        copies = [f"{one} = {one}.detach().requires_grad_(True)" for one in [operand]]
        inside = [*copies, *_body(forward, "again"), f"({name},) = torch.autograd.grad(again, {operand}, g)"]
        return ["with torch.enable_grad():", *_indent(inside)]
    text = op.rules_as_written[operand]
    if not text:
        return [f"{name} = torch.zeros_like({operand})"]
    rule = CompiledFormula(text, (*op.operands, *GRADIENT_NAMES))
    fitted = f"({name} + torch.zeros_like({operand})).sum_to_size({operand}.shape)"
    return [*_body(rule, name), f"{name} = {fitted}"]


def _body(formula: CompiledFormula, result: str = "") -> list[str]:
    """The lines that compute a formula; without a name for its `result` they return it."""
    count = len(formula.operands)
    names = [*formula.operands, *map(repr, formula.numbers)]
    lines = []
    for number, part in enumerate(formula.parts, 1):
        last = number == len(formula.parts)
        code = _call(part.op, [names[register] for register in part.operands], part.attributes, ())
        own = result if last and result else f"part_{number}"
        lines.append(f"return {code}" if last and not result else f"{own} = {code}")
        names.append(own)
    if not formula.parts:
        only = _as_tensor(names[formula.result])
        copy = f"{only}.clone()" if formula.result < count else only
        lines.append(f"{result} = {copy}" if result else f"return {copy}")
    return lines


def _indent(lines: Iterable[str], times: int = 1) -> list[str]:
    return [f"{_INDENT * times}{line}" for line in lines]


# Backward, and what is compared


def _flowing(trace: Trace) -> list[Node]:
    """The nodes that a gradient has come to, the output first."""
    if trace.schedule.forward_only:
        return []
    graph = trace.graph
    return [
        node
        for node in reversed(graph.nodes)
        if trace.gradients[node.position] is not None and graph.gets_gradient(node.position)
    ]


def _backward(trace: Trace, names: Sequence[str]) -> Iterator[str]:
    graph, seed = trace.graph, trace.bindings.seed
    kept = [names[node.position] for node in reversed(_flowing(trace)) if node.op is not None]
    yield "# backward"
    if len(kept) == 1:
        yield f"{kept[0]}.retain_grad()"
    elif kept:
        yield "for value in (" if len(", ".join(kept)) > _WIDTH else f"for value in ({', '.join(kept)}):"
        if len(", ".join(kept)) > _WIDTH:
            yield from (f"    {name}," for name in kept)
            yield "):"
        yield "    value.retain_grad()"
    for node in _flowing(trace):
        if overrides_gradient(trace, node.position):
            gradient = trace.gradients[node.position]
            assert gradient is not None
            yield f"{names[node.position]}.register_hook(lambda gradient: {tensor_text(gradient)})"
    is_one = seed.shape == () and seed == 1
    yield f"{names[graph.output]}.backward({'' if is_one else tensor_text(seed)})"


def _comparison(trace: Trace, names: Sequence[str]) -> Iterator[str]:
    """The output and every gradient beside what the run has."""
    graph = trace.graph
    relative, absolute = _CLOSE[graph.dtype.name]
    yield "# compared with the recorded run"
    yield "def compare(name, computed, recorded):"
    yield '    print(f"{name} = {computed.tolist()}")'
    yield "    finite = recorded[recorded.isfinite()].abs()"  # an infinity must not excuse other entries
    yield "    size = max(1.0, float(finite.max())) if finite.numel() else 1.0"
    yield "    torch.testing.assert_close("
    yield f"        computed, recorded, rtol={relative}, atol={absolute} * size, equal_nan=True"
    yield "    )"
    yield ""
    yield ""
    output = names[graph.output]
    yield f'compare("{output}", {output}.detach(), {tensor_text(trace.values[graph.output])})'
    for node in _flowing(trace):
        gradient, name = trace.gradients[node.position], names[node.position]
        assert gradient is not None
        yield f'compare("d{name}", {name}.grad, {tensor_text(gradient)})'


def _helpers(lines: Iterable[str]) -> list[str]:
    """The sources of the helpers that lines call, each after those that it calls itself."""
    wanted: dict[str, None] = {}

    def add(text: str, within: str = "") -> None:
        for name in _CALLED.findall(text):
            if name in HELPERS and name != within and name not in wanted:
                add(HELPERS[name], name)
                wanted[name] = None

    for line in lines:
        add(line)
    return [HELPERS[name] for name in wanted]
