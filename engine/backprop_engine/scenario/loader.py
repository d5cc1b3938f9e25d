"""A scenario file -> a `Scenario`, or every independent mistake in it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import structs

from backprop_engine.arrays import Shape, Tensor
from backprop_engine.errors import ScenarioError, code
from backprop_engine.expressions import normalised
from backprop_engine.graph.bindings import Bindings, refusals, refused_examples
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.collector import without_collector
from backprop_engine.graph.graph import Graph, Kind
from backprop_engine.graph.paths import root as root_of
from backprop_engine.messages.message import msg
from backprop_engine.messages.suggestions import did_you_mean, nearest
from backprop_engine.ops import Op
from backprop_engine.scenario.bundled import bundled, is_bare_name
from backprop_engine.scenario.format import DTYPES, SCENARIO
from backprop_engine.scenario.leaves.assignment import parse_setting
from backprop_engine.scenario.leaves.data_files import DataFiles
from backprop_engine.scenario.leaves.leaf import LEAF_SECTIONS, Leaf, read_leaf
from backprop_engine.scenario.lower.defined_names import DefinedNames
from backprop_engine.scenario.lower.lowering import Lowering
from backprop_engine.scenario.lower.resolve import Namespace, resolved_cells, resolved_top
from backprop_engine.scenario.lower.unroll import TOO_MANY_NODES, unroll
from backprop_engine.scenario.memory import check_run
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.nodes.cells import CellDefinition, read_cells, refuse_recursion
from backprop_engine.scenario.nodes.definitions import (
    Expression,
    NodeDefinition,
    definition_mistake,
    read_definition,
)
from backprop_engine.scenario.read.mistakes import (
    HOPELESS,
    Mistakes,
    as_mapping,
    as_text,
    described,
    is_absent,
    mistake,
    only_keys,
)
from backprop_engine.scenario.read.names import NameTable
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.source import Source, read_source
from backprop_engine.scenario.read.yaml_nodes import YamlMapping
from backprop_engine.scenario.sections.expectations import (
    UNKNOWN,
    check_figure,
    last_iteration,
    read_expectations,
)
from backprop_engine.scenario.sections.notes import by_position, in_instances, notes_in_cells, read_notes
from backprop_engine.scenario.sections.output import check_output, output_name, read_seed
from backprop_engine.scenario.sections.texts import read_texts
from backprop_engine.scenario.work import MAX_WORK, check_work

if TYPE_CHECKING:
    from backprop_engine.scenario.sections.asks import Ask
    from backprop_engine.scenario.sections.batching import BatchPlan
    from backprop_engine.scenario.sections.running import RunningPlan
    from backprop_engine.trace.run import Training

__all__ = ["MAX_MEMORY", "Scenario", "load_scenario", "load_source", "parse_setting"]

MAX_MEMORY: Final = 2**30
MAX_PARTS: Final = 500_000
"""How many names, numbers and operators the expressions of a file may have."""
KEYS: Final = SCENARIO.names

NO_NODES = code("no-nodes", msg("A scenario has no `nodes`, or the section is empty."))
DTYPE = code("dtype", msg("`dtype` is not float64, float32 or float16."))
LOST = code("node-lost", msg("A node uses something that could not be computed."))
NO_SCENARIO = code("no-scenario", msg("The file is a list or plain text, not a map with `nodes`."))
CLASS_TARGET = code("class-target", msg("The operator that uses a constant does not accept its values."))


def load_scenario(
    source: str | os.PathLike[str] | Mapping[str, Any],
    *,
    max_memory: int = MAX_MEMORY,
    max_work: int = MAX_WORK,
) -> Scenario:
    r"""Load a scenario from a file, a text, or a map with the structure of a file.

    `source` is one of these, and nothing in it is ever evaluated:

    - a map with the sections of a file, whose numbers may be arrays;
    - a text, which has a line break, a colon before a space, or begins with ``{``;
    - the name of a bundled scenario, without a folder or an extension;
    - the path of a file. A `pathlib.Path` is always a path, whatever it looks like.

    `max_memory` limits the size of all tensors of a run together, in bytes, and `max_work` the number of
    multiplications and comparisons per iteration; both are checked before anything is allocated or computed.
    Raises `ScenarioError` with the independent mistakes of the file, at most twenty; those of an earlier
    stage of reading come first. A map that no file can hold raises `UsageError`.

    >>> from backprop_engine import load_scenario
    >>> load_scenario("add_multiply")
    <Scenario add_multiply: 3 leaves, 2 computed nodes, output f>
    >>> load_scenario("inputs: {x: 3}\nnodes: {f: x ** 2}").record().gradient("x")
    np.float64(6.0)
    >>> load_scenario({"inputs": {"x": 3}, "nodes": {"f": "x ** 2"}}).record().gradient("x")
    np.float64(6.0)
    """
    limits = {"max_memory": max_memory, "max_work": max_work}
    if isinstance(source, Mapping):
        return _load_map(source, limits)
    if isinstance(source, str) and _TEXT.search(source):
        return load_source(Source.from_bytes("<text>", source.encode("utf-8", "surrogatepass")), **limits)
    return load_source(_read_named(source) if isinstance(source, str) else read_source(source), **limits)


_TEXT: Final = re.compile(r"[\n\r]|:\s|:$|^\s*\{")
"""What a text has, but a path or a name does not."""


def _read_named(name: str) -> Source:
    """The text of a bundled scenario, or of the file at a path."""
    if not is_bare_name(name):
        return read_source(name)
    try:
        return read_source(bundled().get(name, name))
    except ScenarioError as error:
        hint = did_you_mean(name, bundled())
        raise ScenarioError(
            [error.diagnostics[0]._replace(hint=hint)] if hint else error.diagnostics
        ) from None


def _load_map(document: Mapping[str, Any], limits: Mapping[str, int]) -> Scenario:
    """The scenario that a map describes; large arrays are put in once the rest is certain."""
    from backprop_engine.scenario.leaves.assignment import with_leaf
    from backprop_engine.scenario.write.from_python import written

    text, arrays = written(document)
    scenario = load_source(Source.from_bytes("<graph>", text.encode("utf-8", "surrogatepass")), **limits)
    bindings = scenario.bindings
    for name, array in arrays.items():
        bindings = with_leaf(scenario.graph, bindings, name, array)
    return replace(scenario, bindings=bindings, original=scenario.bindings if arrays else None)


def load_source(source: Source, *, max_memory: int = MAX_MEMORY, max_work: int = MAX_WORK) -> Scenario:
    """The scenario in a text that is read already; raises `ScenarioError` as `load_scenario` does."""
    with without_collector():
        root = read(source)
    if not isinstance(root, YamlMapping):
        message = msg("a scenario is a map with `nodes`, found {found}", found=described(root))
        raise mistake(NO_SCENARIO, root, message, msg("begin with `nodes:`"))
    with without_collector():
        return _Loader(source, root, max_memory, max_work).load()


class _Loader:
    """One scenario on its way; `broken` are names whose definition has a mistake, which is reported once."""

    def __init__(self, source: Source, root: YamlMapping, max_memory: int, max_work: int) -> None:
        self.source, self.root = source, root
        self.max_memory, self.max_work = max_memory, max_work
        self.mistakes = Mistakes()
        self.files = DataFiles(max_memory)
        self.names = NameTable()
        self.dtype = np.dtype("float64")
        self.leaves: dict[str, Leaf] = {}
        self.definitions: dict[str, NodeDefinition] = {}
        self.cells: dict[str, CellDefinition] = {}
        self.broken: dict[str, None] = {}
        self.training: Training | None = None
        self.batch: BatchPlan | None = None
        self.running: tuple[RunningPlan, ...] = ()
        self.shapes: Mapping[str, Shape] = {}
        self.operators: Mapping[str, Op] = {}

    def load(self) -> Scenario:
        """The scenario; `ScenarioError` with everything that is wrong."""
        mistakes, root = self.mistakes, self.root
        self.check_keys()
        heading = read_texts(root, mistakes)
        mistakes.attempt(self.read_dtype)
        operators_known = mistakes.attempt(self.read_operators)
        sections = [
            mistakes.attempt(self.read_leaves, section, kind) for section, kind in LEAF_SECTIONS.items()
        ]
        if not operators_known:  # their calls would be reported as unknown
            mistakes.raise_if_any()
        sections.append(mistakes.attempt(self.read_nodes))
        sections.append(mistakes.attempt(self.read_cells))
        trains = mistakes.attempt(self.read_training)
        mistakes.next_stage()
        if not all(sections):  # which names are missing is unknown
            mistakes.raise_if_any()
        lowering = self.lower()
        known = DefinedNames(lowering, self.definitions, self.broken)
        self.refuse_lost(lowering)
        output = self.read_output(known)
        expectations = read_expectations(
            root.get("expect"), known, mistakes, self.training if trains else UNKNOWN, files=self.files
        )
        last = last_iteration(self.training if trains else UNKNOWN)
        notes = read_notes(root.get("notes"), self.definitions.values(), known, mistakes, last)
        inner_notes = notes_in_cells(self.cells, mistakes, last)
        asks = self.read_asks(known)
        mistakes.raise_if_any()

        assert output is not None
        graph = lowering.builder.build(output)
        mistakes.attempt(self.resolve_running, graph)
        bindings = self.bind(graph, output, lowering)
        for expectation in expectations:
            for figure in (*expectation.figures, *expectation.blanks):
                mistakes.attempt(check_figure, figure, graph)
        asks = self.check_asks(asks, graph)
        placed = in_instances(inner_notes, graph) | by_position(notes, graph, mistakes)
        mistakes.raise_if_any()
        assert bindings is not None
        return Scenario(
            name=PurePath(self.source.path).stem,
            path=self.source.path,
            title=heading.title,
            description=heading.description,
            source=heading.source,
            text=self.source,
            graph=graph,
            bindings=bindings,
            notes=placed,
            expectations=expectations,
            breakpoints=heading.breakpoints,
            watches=heading.watches,
            training=self.training,
            objective=heading.objective,
            requires=heading.requires,
            next=heading.next,
            asks=asks,
        )

    # Reading

    def check_keys(self) -> None:
        """Report keys that the format does not know."""
        self.mistakes.attempt(only_keys, self.root, KEYS, msg("a scenario"))
        for key, value in self.root:
            if key.text not in KEYS and isinstance(value, YamlMapping):
                # A section under a misspelt key: its names are not a second mistake.
                self.broken.update(dict.fromkeys(map(normalised, value.entries)))
            section, opened, name = key.text.partition("{")
            if opened and section.strip() in LEAF_SECTIONS:  # `inputs {x: 2}`, a colon short
                self.broken[normalised(name.strip())] = None

    def read_dtype(self) -> None:
        """Set the floating type that everything is computed in."""
        given = self.root.get("dtype")
        if given is None or is_absent(given):
            return
        name = as_text(given, msg("a floating type"), msg("such as `{text}`", text="float32")).text
        if name not in DTYPES:
            hint = did_you_mean(name, DTYPES) or msg("available: {names}", names=", ".join(DTYPES))
            raise mistake(DTYPE, given, msg("there is no dtype `{name}`", name=name), hint)
        self.dtype = np.dtype(name)

    def read_operators(self) -> None:
        """Read the operators that the file defines."""
        section = self.root.get("operators")
        if section is not None and not is_absent(section):
            from backprop_engine.scenario.sections.operators import read_operators

            self.operators = read_operators(section)

    def read_leaves(self, section: str, kind: Kind) -> None:
        """Read the leaves of one section."""
        node = self.root.get(section)
        if node is None or is_absent(node):
            return
        for key, value in as_mapping(
            node, msg("a map from names to numbers"), msg("such as `{text}`", text=f"{section}: {{x: 2}}")
        ):
            with self.mistakes.collected():
                name = self.names.declare(key, section)
                self.broken[name] = None
                self.leaves[name] = read_leaf(name, kind, key, value, self.dtype, self.max_memory, self.files)
                del self.broken[name]
            self.mistakes.refuse_more()

    def read_nodes(self) -> None:
        """Read the computed nodes."""
        node = self.root.get("nodes")
        hint = msg("such as `{text}`", text="nodes: {f: x * y}")
        unknown = [key for key in self.root.entries if key not in KEYS]
        if node is None and any(nearest(key, ("nodes",)) for key in unknown):
            raise ScenarioError(())  # the misspelt key is reported already
        if node is None:
            raise mistake(NO_NODES, self.root, msg("a scenario needs `nodes`"), hint)
        key = self.root.entries["nodes"].key
        if is_absent(node):
            raise mistake(NO_NODES, key, msg("`nodes` is empty"), hint)
        entries = as_mapping(node, msg("a map from names to expressions"), hint)
        if not len(entries):
            raise mistake(NO_NODES, key, msg("`nodes` is empty"), hint)
        parts = refused = 0
        unread = iter(entries)
        for key, value in unread:
            name = ""
            try:
                name = self.names.declare(key, "nodes")
                self.definitions[name] = definition = read_definition(name, key, value, self.operators)
            except ScenarioError as error:
                if name:
                    self.broken[name] = None
                self.mistakes.add(error.diagnostics)
                self.mistakes.refuse_more()
                continue
            if isinstance(definition, Expression):
                parts += definition.plan.parts
                refused += definition.plan.is_refused
            else:
                parts += 1
            if refused == HOPELESS:  # what is wrong with their calls is reported when they become nodes
                self.broken.update((normalised(key.text), None) for key, _ in unread)
                self.mistakes.stop()
            if parts > MAX_PARTS:
                message = msg("the expressions up to here have more than {most:,} parts", most=MAX_PARTS)
                raise mistake(TOO_MANY_NODES, key, message, msg("use one tensor instead of many numbers"))

    def read_cells(self) -> None:
        """Read the cells."""
        self.cells = read_cells(self.root.get("cells"), self.mistakes, self.operators)

    def read_training(self) -> None:
        """Read how the parameters are updated."""
        section = self.root.get("train")
        if section is not None and not is_absent(section):
            from backprop_engine.scenario.sections.batching import batch_shapes, read_batch
            from backprop_engine.scenario.sections.running import read_running
            from backprop_engine.scenario.sections.training import read_training

            self.training = read_training(section)
            self.batch = read_batch(section, self.leaves)
            self.shapes = batch_shapes(self.batch, self.leaves) if self.batch else {}
            self.running = read_running(section)

    def read_asks(self, known: DefinedNames) -> tuple[Ask, ...]:
        """Read the questions for practice."""
        section = self.root.get("ask")
        if section is None or is_absent(section):
            return ()
        from backprop_engine.scenario.sections.asks import read_asks

        return read_asks(section, known, self.mistakes)

    def check_asks(self, asks: tuple[Ask, ...], graph: Graph) -> tuple[Ask, ...]:
        """The questions, each with the phase that it is asked in; what does not fit the graph is reported."""
        checked: list[Ask] = []
        if asks:
            from backprop_engine.scenario.sections.asks import check_ask

            for ask in asks:
                with self.mistakes.collected():
                    checked.append(check_ask(ask, graph))
        return tuple(checked)

    def resolve_running(self, graph: Graph) -> None:
        """Find the constants and nodes of running values."""
        if self.running and self.training is not None:
            from backprop_engine.scenario.sections.running import resolved_running

            running = resolved_running(self.running, graph, frozenset(self.shapes))
            self.training = structs.replace(self.training, running=running)

    def lower(self) -> Lowering:
        """The graph on its way: leaves first, then the definitions in the order of computing."""
        cells = refuse_recursion(self.cells, self.mistakes)
        top = Namespace.of(self.definitions, self.leaves, self.broken)
        inside = resolved_cells(cells, top, self.mistakes)
        resolved_top(top, self.cells, inside, self.mistakes)
        builder = GraphBuilder(self.dtype.name, self.operators)
        positions: dict[str, int | None] = {
            leaf.name: builder.leaf(
                leaf.name, leaf.kind, self.shapes.get(leaf.name, leaf.shape), place=leaf.key
            )
            for leaf in self.leaves.values()
        }
        lowering = Lowering(builder, positions, self.max_memory)
        unroll(top, self.cells, inside, lowering, self.mistakes)
        self.mistakes.next_stage()
        return lowering

    def refuse_lost(self, lowering: Lowering) -> None:
        """A node that is not in the graph has a mistake somewhere: never leave one out silently."""
        if not self.mistakes and None in lowering.positions.values():
            for name, definition in self.definitions.items():
                if name in lowering.positions and lowering.positions[name] is None:
                    message = msg("`{name}` cannot be computed: something it uses is missing", name=name)
                    self.mistakes.add(mistake(LOST, definition.key, message).diagnostics)

    def read_output(self, known: DefinedNames) -> str | None:
        """The name of the output; None if that is unknown."""
        given = self.root.get("output")
        if is_absent(given) and (self.mistakes or not self.definitions):
            return None
        with self.mistakes.collected():
            return output_name(given, known, self.root.entries["nodes"].key)
        return None

    # Numbers

    def bind(self, graph: Graph, output: str, lowering: Lowering) -> Bindings | None:
        """The numbers of the leaves and the seed, made once it is certain that they fit into memory."""
        nodes_key = self.root.entries["nodes"].key
        definition = self.definitions[root_of(output)]
        examples = sum(prod(self.leaves[name].shape) for name in self.shapes)
        self.mistakes.attempt(check_run, nodes_key, graph, self.training, self.max_memory, examples)
        self.mistakes.attempt(check_work, nodes_key, graph, self.max_work)
        self.mistakes.attempt(check_output, self.root.get("output"), graph, definition)
        seed: Any = None
        with self.mistakes.collected():
            seed = read_seed(self.root.get("seed"), graph, definition)
        self.mistakes.raise_if_any()
        values = {leaf.name: leaf.make() for leaf in self.leaves.values()}
        self.refuse_constants(graph, values, lowering)
        self.mistakes.raise_if_any()
        if self.batch is None:
            return Bindings.of(graph, values, seed)
        first = {name: values[name][: self.batch.size] for name in self.shapes}
        every = {graph.position(name): values[name] for name in self.shapes}
        bindings = Bindings.of(graph, {**values, **first}, seed)
        return bindings.with_batches(graph, self.batch.size, self.batch.seed, every)

    def refuse_constants(self, graph: Graph, values: Mapping[str, Tensor], lowering: Lowering) -> None:
        """Report constants whose values their operators refuse, where the constant is written."""
        if not lowering.refusable:
            return
        by_position = {graph.position(name): value for name, value in values.items()} | dict(graph.literals)
        definitions = {refusable.name: refusable for refusable in lowering.refusable}
        if self.batch is None:
            refused = refusals(graph, by_position)
        else:
            batched = {graph.position(name): values[name] for name in self.shapes}
            refused = refused_examples(graph, by_position, batched, self.batch.size)
        by_leaf = (
            (name, self.leaves.get(graph.nodes[operand].name), reason) for name, operand, reason in refused
        )
        # of a part of a derivative nothing is told: the operator itself is refused too
        for name, leaf, reason in (each for each in by_leaf if each[1] is not None or each[0] in definitions):
            if leaf is not None:
                message = msg(
                    "`{name}` does not fit `{node}`: {reason}", name=leaf.name, node=name, reason=reason
                )
                self.mistakes.add(mistake(CLASS_TARGET, leaf.node, message).diagnostics)
            else:
                refusable = definitions[name]
                found = definition_mistake(refusable.definition, CLASS_TARGET, refusable.at, reason)
                self.mistakes.add(found.diagnostics)
