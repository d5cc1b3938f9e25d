"""Where the backward pass starts, and with which gradient."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_engine.arrays import shape_text
from backprop_engine.errors import code
from backprop_engine.graph.graph import Graph, Node
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.scenario.leaves.numbers import read_numbers
from backprop_engine.scenario.lower.defined_names import DefinedNames
from backprop_engine.scenario.nodes.definitions import NodeDefinition
from backprop_engine.scenario.read.mistakes import as_text, is_absent, mistake
from backprop_engine.scenario.read.yaml_nodes import YamlNode, YamlScalar, YamlSequence

__all__ = ["check_output", "output_name", "read_seed"]

OUTPUT = code("output", msg("`output` is not a node that the backward pass can start from."))
OUTPUT_AMBIGUOUS = code(
    "output-ambiguous",
    msg("More than one node feeds no other node, and `output` does not say which one is the output."),
)
SEED = code("seed", msg("The seed is missing or does not have the shape of the output."))


def output_name(given: YamlNode | None, known: DefinedNames, nodes_key: YamlScalar) -> str:
    """The name of the node that the backward pass starts from."""
    if given is None or is_absent(given):
        return _only_end(known, nodes_key)
    hint: Hint = (
        msg("name a single node as the output: `output: f`") if isinstance(given, YamlSequence) else ""
    )
    scalar = as_text(given, msg("the name of a node"), hint)
    name = known.canonical(scalar.text)
    if known.is_computed(name):
        return name
    if not re.fullmatch(r"[\w.\[\]#-]+", name):
        hint = msg("give the expression a node of its own, and name that")
        raise mistake(OUTPUT, scalar, msg("`output` takes the name of a node, not an expression"), hint)
    if name in known:
        ends = known.sinks()
        hint = msg("did you mean `{text}`?", text=ends[0]) if len(ends) == 1 else ""
        raise mistake(
            OUTPUT, scalar, msg("`{name}` is a leaf, but the output must be a computed node", name=name), hint
        )
    raise mistake(OUTPUT, scalar, *known.undefined(name, known.computed()))


def _only_end(known: DefinedNames, nodes_key: YamlScalar) -> str:
    """The node that feeds no other, where there is exactly one."""
    ends = known.sinks()
    if len(ends) == 1:
        return ends[0]
    likely = next((end for end in reversed(ends) if known.passes_gradient(end)), ends[-1])
    shown = ", ".join(ends[:5]) + (", …" if len(ends) > 5 else "")
    message = msg("{count} nodes feed no other: {names}", count=len(ends), names=shown)
    raise mistake(
        OUTPUT_AMBIGUOUS,
        nodes_key,
        message,
        msg("name the one to differentiate: `{text}`", text=f"output: {likely}"),
    )


def check_output(given: YamlNode | None, graph: Graph, definition: NodeDefinition) -> None:
    """Refuse an output without a gradient: the truth values of a comparison."""
    node = graph.nodes[graph.output]
    if node.op is not None and node.op.boolean:
        at = given if given is not None and not is_absent(given) else definition.key
        message = msg("`{name}` is a comparison: its truth values have no gradient", name=node.name)
        raise mistake(OUTPUT, at, message, msg("name a node with numbers as `output`"))


def read_seed(given: YamlNode | None, graph: Graph, definition: NodeDefinition) -> NDArray[np.float64] | None:
    """The gradient that the backward pass starts with; None for the 1 of a scalar output."""
    output = graph.nodes[graph.output]
    if given is None or is_absent(given):
        if output.shape == ():
            return None
        message = msg(
            "the output `{name}` has shape {shape}, so the backward pass needs a seed",
            name=output.name,
            shape=shape_text(output.shape),
        )
        raise mistake(SEED, definition.key, message, _seed_hint(output))
    numbers = read_numbers(given, "`seed`")
    numbers.check_range(graph.dtype)
    if numbers.shape not in ((), output.shape):
        shapes = shape_text(numbers.shape), shape_text(output.shape)
        message = msg(
            "the seed has shape {found}, but the output `{name}` has shape {shape}",
            found=shapes[0],
            name=output.name,
            shape=shapes[1],
        )
        hint = (
            msg("a single number is used for every entry")
            if output.shape
            else msg("write `{text}`", text="seed: 1")
        )
        raise mistake(SEED, given, message, hint)
    return numbers.array()


def _seed_hint(output: Node) -> Message:
    """How a seed is written for an output of this shape."""
    example: Any = 1
    for size in reversed(output.shape):
        example = [example] * size
    shown = str(example)
    return msg(
        "`seed: {seed}`, or end in a scalar: `sum({name})`",
        seed=shown if len(shown) <= 40 else 1,
        name=output.name,
    )
