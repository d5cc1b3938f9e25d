"""Sequences of all the debugger's commands, beside a twin that counts steps and records from the start.

After each command the session must be where its twin is, and show what a run recorded afresh shows there, to
the bit. `BACKPROP_EFFORT=exhaustive` tries at least 10,000 sequences of up to 50 commands and prints how
often each command was tried (with `-s`); a few otherwise. The sequences are the same in every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from backprop_engine.debugger import commands as c
from backprop_engine.debugger.session import Session
from backprop_engine.debugger.time_travel import finished
from backprop_engine.debugger.update import update
from backprop_engine.debugger.watches import value_of_watch
from backprop_engine.errors import UsageError
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Forward, Seed, Step, Update
from backprop_engine.optim import OPTIMIZERS
from backprop_engine.scenario.loader import load_scenario, load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace.run import Run, Training
from backprop_engine.trace.trace import Frame, Trace
from effort import EXHAUSTIVE
from graphs import runs, tensors_of
from twin import Case, Twin

SEQUENCES = 10_000 if EXHAUSTIVE else 150
OF_EACH = 1_000 if EXHAUSTIVE else 10
LONGEST = 50

# What the sequences are tried on

TRAINED_SCAN = """
inputs: {xs: [0.5, -1, 2], h0: 0.25, idle: [1, 2]}
params: {w: 0.5, u: -0.75, unused: 1}
constants: {t: 1}
cells:
  rnn:
    inputs: [x, h_prev]
    nodes:
      h: tanh(w * x + u * h_prev)
    outputs: [h]
nodes:
  states: {scan: rnn, over: {x: xs}, carry: {h_prev: {init: h0, next: h}}}
  L: mse(states[-1].h, target=t)
train: {optimizer: sgd, lr: 0.5, steps: 3, momentum: 0.5}
"""
NESTED_CELLS = """
inputs: {x: [1, -2, 0.5], z: [0, 1, 1]}
params: {w: [0.5, 1, -1]}
constants: {t: 2}
cells:
  inner:
    inputs: [a]
    nodes: {p: w * a, q: softmax(p)}
    outputs: [q]
  outer:
    inputs: [b]
    nodes:
      first: {cell: inner, inputs: {a: b}}
      between: first.q * b
      second: {cell: inner, inputs: {a: between}}
      out: second.q + first.q
    outputs: [out]
nodes:
  one: {cell: outer, inputs: {b: x}}
  two: {cell: outer, inputs: {b: one.out}}
  off: {cell: inner, inputs: {a: z}}
  L: softmax_with_loss(two.out, target=t)
output: L
"""
COMPOSITES = """
dtype: float32
params: {x: [[1, 2, 3], [-1, 0.5, 2]], w: [1, 1, 1], b: [0, 0, 0]}
constants: {q: [0, 1], m: [[0, 1, 1], [1, 0, 1]]}
cells:
  block:
    inputs: [v]
    nodes:
      n: layer_norm(v, w, b)
      s: silu(n)
    outputs: [s]
nodes:
  one: {cell: block, inputs: {v: x}}
  a: scaled_dot_product_attention(one.s, one.s, one.s)
  rows: embedding(a, q)
  big: rows > 0.5
  both: where(big, rows, rows * m)
  L: mean(both * both)
train: {optimizer: adam, lr: 0.1, steps: 2}
"""
NOT_FINITE = """
inputs: {x: [4, 1, 0], y: 0, big: 1e200}
nodes:
  positive: x > 0
  logs: log(x)
  chosen: where(positive, logs, 0)
  root: sqrt(y)
  huge: big * big
  gap: huge - huge
  L: sum(chosen) + root * y + gap
"""
NO_GRADIENT = """
inputs: {x: [1, 2], y: 3}
constants: {k: 2}
nodes:
  kept: detach(x) * k
  side: x * y
  L: sum(kept)
output: L
"""
SHARED = "inputs: {x: 2}\nnodes: {a: x * 3, b: x * x, c: a + b, f: c * a}\n"
TEXTS = {
    "trained scan": TRAINED_SCAN,
    "nested cells": NESTED_CELLS,
    "composites": COMPOSITES,
    "not finite": NOT_FINITE,
    "no gradient": NO_GRADIENT,
    "shared": SHARED,
}
FOLDER = Path(__file__).parents[3] / "scenarios"
FILES = {path.stem: path for path in sorted(FOLDER.rglob("*.yaml"))}


RANDOM = "random graphs"


@cache
def case_of(name: str) -> Case:
    """The case of a text or of a bundled scenario."""
    if name in TEXTS:
        scenario = load_source(Source.from_bytes("case.yaml", TEXTS[name].encode()))
    else:
        scenario = load_scenario(FILES[name])
    return Case(name, scenario.graph, scenario.bindings, scenario.training)


def bundled() -> list[str]:
    """The bundled scenarios that are small enough to be recorded from the start again and again."""
    small = []
    for name in FILES:
        case = case_of(name)
        iterations = case.training.steps if case.training else 1
        if len(case.graph.nodes) <= 60 and iterations * len(case.graph.nodes) <= 600:
            small.append(name)
    return small


@st.composite
def random_cases(draw: st.DrawFn) -> Case:
    """Random graphs, half of them trained."""
    graph, bindings = draw(runs(most=8, dtype=draw(st.sampled_from(["float64", "float32"]))))
    optimizer = OPTIMIZERS[draw(st.sampled_from(["sgd", "adam", "rmsprop"]))]
    training = Training(optimizer, optimizer.settings_of({"lr": 0.125}), draw(st.integers(0, 2)))
    return Case(RANDOM, graph, bindings, training if draw(st.booleans()) else None)


def shares() -> list[tuple[str, int]]:
    """How many sequences are tried on each."""
    if not EXHAUSTIVE:
        few = bundled()[::6]
        return [*((name, 14) for name in TEXTS), *((name, 3) for name in few), *[(RANDOM, 6)] * 5]
    names = bundled()
    return [*((name, 500) for name in TEXTS), *((name, 55) for name in names), *[(RANDOM, 250)] * 12]


# Every command there is, and how one is drawn

Draw = Callable[[Any], Any]
NAMES = ["mine", "b1", "b2", "이름", "two words", " spaced ", "baseline", "x" * 41]
CONDITIONS = [
    "if norm(product) < 0.1", "if value < 0", "if grad > 0.5", "if local == 0", "if norm(upstream) >= 1",
    "if product != product", "if (value > 0) + (value < 1) == 2", "if abs(grad) < abs(value)",
]  # fmt: skip
TROUBLES = [
    "first nan", "first infinity", "zero gradient", "below 0.25", "above 1", "saturation", "dead relu",
    "sign change", "no update",
]  # fmt: skip
NOTHING = ["", "if", "nosuch", "op nosuch", "group nosuch", "phase nosuch", "below", "below x", "if value <"]


def _node_name(draw: Draw, twin: Twin) -> str:
    return str(draw(st.sampled_from([node.name for node in twin.case.graph.nodes if node.name])))


def _written_name(draw: Draw, twin: Twin) -> str:
    """A name that an expression can have: parts of longer ones have none."""
    return str(draw(st.sampled_from([one.name for one in twin.case.graph.leaves if one.name] + ["nosuch"])))


def _group(draw: Draw, twin: Twin) -> str:
    names = [group.name for group in twin.case.graph.groups]
    return str(draw(st.sampled_from([*names, *names, *names, "nosuch"])))


def _spot(draw: Draw, twin: Twin) -> str:
    """What a breakpoint is on, as typed."""
    graph = twin.case.graph
    ops = sorted({node.op.name for node in graph.nodes if node.op is not None})
    match draw(st.integers(0, 7)):
        case 0 | 1:
            return _node_name(draw, twin)
        case 2:
            return f"op {draw(st.sampled_from([*ops, 'relu']))}"
        case 3:
            return f"group {_group(draw, twin)}"
        case 4:
            return f"phase {draw(st.sampled_from(['forward', 'backward', 'update']))}"
        case 5:
            return str(draw(st.sampled_from(TROUBLES)))
        case 6:
            return f"{_node_name(draw, twin)} {draw(st.sampled_from(CONDITIONS))}"
        case _:
            return str(draw(st.sampled_from(CONDITIONS)))


def _break(draw: Draw, twin: Twin) -> c.Break:
    nothing = draw(st.integers(0, 9)) == 9
    text = draw(st.sampled_from(NOTHING)) if nothing else _spot(draw, twin)
    return c.Break(text, draw(st.integers(0, 3)) == 0)


def _number(draw: Draw, twin: Twin) -> int:
    """The number of a breakpoint, mostly of one that there is."""
    numbers = [one.number for one in twin.points]
    return int(draw(st.sampled_from([*numbers, *numbers, 7])))


def _watch(draw: Draw, twin: Twin) -> c.Watch:
    name, form = _written_name(draw, twin), draw(st.integers(0, 4))
    return c.Watch([name, f"grad({name})", f"norm({name}) * 2", f"{name} / {name}", f"{name} +"][form])


def _set(draw: Draw, twin: Twin) -> c.Set:
    """Other numbers for all of a node, or for one of its entries; sometimes they do not fit."""
    graph = twin.case.graph
    node = graph[_node_name(draw, twin)]
    whole = node.position in graph.index_leaves
    number = np.float64(
        draw(st.sampled_from([0, 1, 2] if whole else [0.0, 0.5, -2.0, 1e200, np.nan, np.inf]))
    )
    gradient = draw(st.integers(0, 2)) == 0
    match draw(st.integers(0, 6)):
        case 0 | 1:
            return c.Set(node.name, number, gradient)
        case 2:
            random = np.random.default_rng(draw(st.integers(0, 99)))
            return c.Set(node.name, np.asarray(random.integers(-2, 3, node.shape) * 0.5), gradient)
        case 3:
            return c.Set(node.name, np.zeros((5, 1)), gradient)
        case 4:
            return c.Set(node.name, number, gradient, tuple(node.shape))
        case _:
            entry = tuple(draw(st.integers(-size, size - 1)) if size else 0 for size in node.shape)
            return c.Set(node.name, number, gradient, entry)


def _branch(draw: Draw, twin: Twin) -> c.SwitchBranch:
    return c.SwitchBranch(draw(st.sampled_from([*twin.branches, *twin.branches, "nosuch"])))


def _select(draw: Draw, twin: Twin) -> c.Select:
    count = len(twin.trace.graph.nodes)
    return c.Select(draw(st.one_of(st.none(), st.integers(0, count - 1), st.just(count))))


COUNTS = st.one_of(st.integers(-3, 3), st.integers(-40, 40))
TABLE: Mapping[type, tuple[int, Callable[[Draw, Twin], Any]]] = {
    c.StepBy: (3, lambda draw, twin: c.StepBy(draw(COUNTS))),
    c.StepOver: (3, lambda draw, twin: c.StepOver(draw(COUNTS))),
    c.StepInto: (4, lambda draw, twin: c.StepInto()),
    c.StepOut: (2, lambda draw, twin: c.StepOut()),
    c.Continue: (4, lambda draw, twin: c.Continue(draw(st.booleans()))),
    c.RunTo: (2, lambda draw, twin: c.RunTo(draw(st.integers(0, len(twin.case.graph.nodes) - 1)))),
    c.Iterate: (2, lambda draw, twin: c.Iterate(draw(st.integers(-3, 3)))),
    c.Go: (3, lambda draw, twin: c.Go(draw(st.integers(-2, twin.last + 2)))),
    c.ToStart: (1, lambda draw, twin: c.ToStart()),
    c.ToBackward: (1, lambda draw, twin: c.ToBackward()),
    c.ToEnd: (1, lambda draw, twin: c.ToEnd()),
    c.Back: (2, lambda draw, twin: c.Back()),
    c.Ahead: (2, lambda draw, twin: c.Ahead()),
    c.Select: (2, _select),
    c.Fold: (3, lambda draw, twin: c.Fold(draw(st.sampled_from(["", _group(draw, twin)])))),
    c.Break: (4, _break),
    c.Delete: (2, lambda draw, twin: c.Delete(draw(st.sampled_from([None, _number(draw, twin)])))),
    c.Enable: (2, lambda draw, twin: c.Enable(_number(draw, twin), draw(st.booleans()))),
    c.Ignore: (3, lambda draw, twin: c.Ignore(_number(draw, twin), draw(st.integers(-1, 3)))),
    c.Watch: (2, _watch),
    c.Unwatch: (2, lambda draw, twin: c.Unwatch(draw(st.one_of(st.none(), st.integers(0, 3))))),
    c.Set: (5, _set),
    c.Undo: (3, lambda draw, twin: c.Undo()),
    c.Redo: (4, lambda draw, twin: c.Redo()),
    c.SwitchBranch: (2, _branch),
    c.NameBranch: (3, lambda draw, twin: c.NameBranch(draw(st.sampled_from(NAMES)))),
}
KINDS = [kind for kind, (weight, _) in TABLE.items() for _ in range(weight)]


def test_the_table_has_every_command() -> None:
    of_recordings = {c.SwitchRank, c.SwitchPass}
    assert set(TABLE) | of_recordings == set(get_args(c.Command))


# A few by hand


def session_of(name: str) -> Session:
    case = case_of(name)
    return Session(Run(case.graph, case.bindings, case.training))


def walked(session: Session, *commands: c.Command) -> list[int]:
    """Where each command leads, one after another."""
    return [(session := update(session, command)).position for command in commands]


def test_groups_by_hand() -> None:
    """Forward one.first 1 and 2, one.between 3, one.second 4 and 5, one.out 6; two 7 to 12; off 13, 14; L 15;
    seed 16; back from L 17, through two 18 to 33 and through one 34 to 49; off gets no gradient.
    """
    session = session_of("nested cells")
    inside = update(session, c.StepBy())
    assert inside.stack == ("one", "one.first")
    assert walked(inside, c.StepOut(), c.StepOut(), c.StepOut()) == [2, 6, 6]
    assert update(update(session, c.Go(6)), c.StepOut()).notice is not None
    assert walked(update(session, c.Go(3)), c.StepOut()) == [6]
    over, back = c.StepOver(), c.StepOver(-1)
    assert walked(session, *[over] * 4, back, back) == [1, 2, 3, 4, 3, 2]
    all_folded = update(session, c.Fold())
    assert walked(all_folded, *[over] * 9) == [6, 12, 14, 15, 16, 17, 33, 49, 49]
    assert walked(all_folded, c.ToEnd(), *[back] * 9) == [49, 33, 17, 16, 15, 14, 12, 6, 0, 0]
    opened = update(update(all_folded, over), c.StepInto())
    assert (opened.position, "one" in opened.folded, "one.first" in opened.folded) == (1, False, True)
    assert walked(opened, over, over, over, over) == [2, 3, 5, 6]
    ahead = update(all_folded, c.StepInto())
    assert (ahead.position, set(all_folded.folded) - set(ahead.folded)) == (1, {"one"})
    two_folded = update(session, c.Fold("two"))
    assert walked(two_folded, c.Go(5), c.StepInto()) == [5, 5], (
        "neither the step nor the next is of a folded group"
    )
    assert walked(two_folded, c.Go(6), c.StepInto(), c.StepOut(), c.StepBy()) == [6, 7, 8, 9]
    assert walked(all_folded, c.Go(15), c.StepInto(), c.StepOut()) == [15, 15, 15], (
        "its own inside comes first"
    )
    inner = update(update(session, c.Fold("one.second")), c.Go(3))
    assert walked(inner, over, back, over, over) == [5, 3, 5, 6]


def test_composites_in_composites_by_hand() -> None:
    session = update(session_of("nested cells"), c.Go(15))
    inner = update(session, c.StepInto())
    assert [level.name for level in inner.levels] == ["L"]
    assert (inner.here, inner.position) == (0, 15)
    assert inner.frame.graph.nodes[-1].name == "L.out"
    assert update(inner, c.StepOver(1000)).here == inner.trace.schedule.last
    assert update(update(inner, c.StepOver(1000)), c.StepOver(-1000)).here == 0
    back = update(update(session, c.StepBy(2)), c.StepInto())
    assert back.here == back.trace.schedule.seed
    assert update(back, c.StepOut()).position == 17
    assert update(update(inner, c.StepBy(3)), c.Go(2)).levels == ()


# What must be true after a command


def same(one: Any, other: Any) -> bool:
    """Whether two tensors, or two times nothing, are the same to the bit."""
    if one is None or other is None:
        return one is other
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


class Watchman:
    """Follows a session and its twin through a sequence."""

    def __init__(self, case: Case) -> None:
        run = Run(case.graph, case.bindings, case.training)
        self.session, self.twin = Session(run), Twin(case)
        self.compared: dict[tuple[int, int], tuple[Trace, Trace]] = {}
        self.earlier: list[tuple[Session, tuple[Any, ...], list[Any]]] = []

    def do(self, command: c.Command) -> bool:
        """Carry a command out and compare; whether it was one that could be."""
        before = self.session
        try:
            self.twin.do(command)
        except UsageError:
            with pytest.raises(UsageError):
                update(before, command)
            return False
        self.session = finished(update(before, command))
        self.compare()
        self.mirrors(before, command)
        return True

    def compare(self) -> None:
        """The session is where its twin is, and shows what is recorded afresh."""
        session, twin = self.session, self.twin
        assert state_of(session) == state_of_twin(twin)
        assert 0 <= session.position <= session.last == twin.last
        assert 0 <= session.here <= session.trace.schedule.last
        assert (session.here, session.iteration) == (twin.within, twin.place(twin.position)[0])
        assert session.pending is None
        notice = session.notice
        assert (notice is not None and not notice.good) == twin.failed
        self.same_trace(session.outer_trace, twin.outer)
        self.same_trace(session.trace, twin.trace)
        self.same_frame(session.frame, twin.trace.frame(twin.within))
        for text in session.watches:
            if not session.levels:
                found = value_of_watch(text, session.frame)
                assert same(found, value_of_watch(text, twin.trace.frame(twin.within)))

    def same_trace(self, found: Trace, wanted: Trace) -> None:
        if (id(found), id(wanted)) in self.compared:
            return
        self.compared[id(found), id(wanted)] = found, wanted
        assert [one.name for one in found.graph.nodes] == [one.name for one in wanted.graph.nodes]
        assert found.iteration == wanted.iteration
        assert found.updated.keys() == wanted.updated.keys()
        assert all(same(one, wanted.updated[node]) for node, one in found.updated.items())
        assert all(map(same, found.gradients, wanted.gradients))
        for one, other in zip(tensors_of(found), tensors_of(wanted), strict=True):
            assert same(one, other)

    def same_frame(self, found: Frame, wanted: Frame) -> None:
        assert found.position == wanted.position
        assert described(found.step) == described(wanted.step)
        for node in found.graph.nodes:
            assert same(found.value(node), wanted.value(node)), node
            assert same(found.gradient(node), wanted.gradient(node)), node

    def mirrors(self, before: Session, command: c.Command) -> None:
        """What leads there leads back."""
        session = self.session
        here, last = session.position, session.last
        if session.levels:
            here, last = session.here, session.trace.schedule.last
        for way in (1, -1):
            if here == (last if way > 0 else 0):
                assert (
                    at(update(session, c.StepBy(way))) == at(update(session, c.StepOver(way))) == at(session)
                )
                continue
            assert at(update(update(session, c.StepBy(way)), c.StepBy(-way))) == at(session)
            if self.twin.between_units:
                assert at(update(update(session, c.StepOver(way)), c.StepOver(-way))) == at(session)
        inner = update(session, c.StepInto())
        if len(inner.levels) > len(session.levels):
            out = update(inner, c.StepOut())
            assert out.trace is session.trace
            assert at(out) == at(session)
        if isinstance(command, c.Set):
            undone = update(session, c.Undo())
            assert undone.run is before.run
            assert undone.position == before.position
            assert undone.branches.current == before.branches.current
            assert update(undone, c.Redo()).run is session.run

    def afresh(self) -> None:
        """A session of its own, on a run from the start, that jumps there shows the same."""
        case, here = self.twin.case, self.twin.here
        alone = Session(Run(case.graph, here.bindings, case.training, here.edits))
        alone = update(alone, c.Go(self.session.position))
        self.same_frame(alone.frame, self.session.outer_trace.frame(self.session.outer_here))

    # Nothing is mutated

    def keep(self) -> None:
        """Remember the session as it is now."""
        tensors = [(one, one.tobytes()) for one in tensors_of(self.session.trace)]
        self.earlier.append((self.session, state_of(self.session), tensors))

    def recall(self) -> None:
        """What was remembered is still so."""
        for session, state, tensors in self.earlier:
            assert state_of(session) == state
            assert state_of(Session(**vars_of(session))) == state
            for (tensor, kept), now in zip(tensors, tensors_of(session.trace), strict=True):
                assert tensor is now
                assert tensor.tobytes() == kept


def described(step: Step | None) -> tuple[Any, ...]:
    """A step without the parts that two graphs of one scenario do not share."""
    match step:
        case None:
            return ()
        case Forward() | Seed() | Update():
            return (type(step), step.index, step.node)
        case Backward() | Accumulate():
            return (type(step), step.index, step.edge.index)
        case Clear():
            return (Clear, step.index)


def at(session: Session) -> tuple[int, tuple[tuple[str, int], ...]]:
    """The position, also inside of what one has stepped into."""
    return session.position, tuple((level.name, level.position) for level in session.levels)


def vars_of(session: Session) -> dict[str, Any]:
    """What a session is made of."""
    return {name: getattr(session, name) for name in Session.__dataclass_fields__}


def state_of(session: Session) -> tuple[Any, ...]:
    """All that a session has besides numbers."""
    branches = session.branches
    return (
        at(session),
        session.selection,
        session.folded,
        session.stack,
        [(one.number, one.text, one.enabled, one.once, one.ignore) for one in session.breakpoints],
        list(session.watches),
        list(session.past),
        list(session.future),
        session.hit,
        branches.current,
        {name: (one.name, one.parent, sorted(one.overrides)) for name, one in branches.every.items()},
        dict(branches.redo),
    )


def state_of_twin(twin: Twin) -> tuple[Any, ...]:
    """The same of a twin."""
    return (
        (twin.position, tuple((name, position) for name, _, position in twin.levels)),
        twin.selection,
        twin.folded,
        twin.stack,
        [tuple(one) for one in twin.points],
        list(twin.watches),
        list(twin.past),
        list(twin.future),
        twin.hit,
        twin.here.name,
        {
            name: (one.name, one.parent.name if one.parent else None, sorted(one.overrides))
            for name, one in twin.branches.items()
        },
        {one.name: other.name for one, other in twin.redo.items()},
    )


class Tally:
    """What the sequences had in them."""

    def __init__(self) -> None:
        self.sequences = 0
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.cases: Counter[str] = Counter()

    def __str__(self) -> str:
        done, refused = sum(self.done.values()), sum(self.refused.values())
        rows = ", ".join(f"{kind.__name__} {self.done[kind.__name__]:,}" for kind in TABLE)
        return (
            f"{self.sequences:,} sequences of up to {LONGEST} commands on {len(self.cases)} scenarios, "
            f"{self.cases[RANDOM]:,} of them on random graphs\n"
            f"{done:,} commands, after each of which the session was the same to the bit as one recorded "
            f"afresh, and {refused:,} that were refused\n{rows}"
        )


def try_sequences(name: str, count: int, number: int, tally: Tally) -> None:
    """Try `count` sequences on the case called `name`."""

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=random_cases() if name == RANDOM else st.just(case_of(name)), data=st.data())
    def sequence(case: Case, data: st.DataObject) -> None:
        note(f"{case.name}: {[node.name for node in case.graph.nodes]}")
        watchman = Watchman(case)
        kept = data.draw(st.integers(0, 9))
        for turn in range(data.draw(st.integers(5, LONGEST))):
            kind = data.draw(st.sampled_from(KINDS))
            command = TABLE[kind][1](data.draw, watchman.twin)
            note(f"{command}")
            counts = tally.done if watchman.do(command) else tally.refused
            counts[kind.__name__] += 1
            if turn % 10 == kept:
                watchman.keep()
        watchman.afresh()
        watchman.recall()
        tally.sequences += 1
        tally.cases[case.name] += 1

    sequence()


def test_every_command_in_any_order(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    for number, (name, count) in enumerate(shares()):
        try_sequences(name, count, number, tally)
    with capsys.disabled():
        print(f"\n{tally}")  # noqa: T201
    assert tally.sequences >= SEQUENCES
    assert min(tally.done[kind.__name__] for kind in TABLE) >= OF_EACH
