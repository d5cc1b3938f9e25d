"""What goes wrong in a run is found where it arises, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine.debugger import Break, Continue, Session, Set, finished, update
from backprop_engine.debugger.anomalies import ANOMALIES
from backprop_engine.debugger.breakpoints import hits, parse_breakpoint
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.steps import Accumulate, Backward, Clear, Forward, Seed, Update
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.source import Source
from backprop_engine.trace.record import record
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Edit, GradientEdit, Trace, ValueEdit
from graphs import RandomRun, runs


def run_of(text: str) -> Run:
    return load_source(Source.from_bytes("case.yaml", text.encode())).run()


def found(text: str, run: Run, iteration: int = 0) -> list[int]:
    before = run.trace(iteration - 1) if iteration else None
    positions = hits(parse_breakpoint(text, run.graph), run.trace(iteration), before)
    return [int(one) for one in positions]


def told(trace: Trace, position: int) -> str:
    """A step in a few words, such as `backward f → x`."""
    nodes = trace.graph.nodes
    match trace.schedule.step(position):
        case Forward(node=node):
            return f"forward {nodes[node].name}"
        case Seed():
            return "seed"
        case Backward(edge=edge):
            return f"backward {nodes[edge.node].name} → {nodes[edge.operand].name}"
        case Accumulate(edge=edge, count=count, of=of):
            return f"accumulate {nodes[edge.operand].name} {count} of {of}"
        case Update(node=node):
            return f"update {nodes[node].name}"
        case Clear():
            return "clear"


def steps(text: str, run: Run, iteration: int = 0) -> list[str]:
    return [told(run.trace(iteration), position) for position in found(text, run, iteration)]


# Infinities and NaN

ARISING = {
    "log 0": (
        "inputs: {x: 0}\nnodes: {y: log(x), f: y * 2}\n",
        ["forward y"],
        [],
    ),
    "where hides it forward only": (
        "inputs: {x: [4, 1, 0]}\nnodes:\n  p: x > 0\n  y: log(x)\n  z: where(p, y, 0)\n  f: sum(z)\n",
        ["forward y"],
        ["backward y → x"],
    ),
    "0 times infinity": (
        "inputs: {x: 0}\nnodes: {r: 1 / x, y: x * r, f: y + 1}\n",
        ["forward r"],
        ["forward y", "backward r → x"],
    ),
    "infinity minus infinity in a sum of contributions": (
        "inputs: {x: 0}\nnodes: {a: sqrt(x), b: sqrt(x), f: a - b}\n",
        ["backward b → x", "backward a → x"],
        ["accumulate x 2 of 2"],
    ),
    "a sum of contributions that overflows": (
        "inputs: {x: 0}\nconstants: {k: 1.5e308}\nnodes: {a: k * x, b: k * x, f: a + b}\n",
        ["accumulate x 2 of 2"],
        [],
    ),
    "softmax without the max": (
        "inputs: {z: [1000, 1]}\nnodes:\n  e: exp(z)\n  s: sum(e)\n  p: e / s\n  f: p[0]\n",
        ["forward e"],
        ["forward p"],
    ),
    "the slope of a root at 0, nothing upstream": (
        "inputs: {x: 0}\nnodes: {y: sqrt(x), f: y * y}\n",
        [],
        ["backward y → x"],
    ),
    "0 by 0": (
        "inputs: {x: 0}\nnodes: {y: x / x, f: y * 3}\n",
        ["backward y → x"],
        ["forward y"],
    ),
    "exp in half precision": (
        "dtype: float16\ninputs: {x: 12}\nnodes: {y: exp(x), f: 1 / y}\n",
        ["forward y"],
        ["backward y → x"],
    ),
    "exp in single precision": (
        "dtype: float32\ninputs: {x: [1, 89]}\nnodes: {y: exp(x), f: sum(y)}\n",
        ["forward y"],
        [],
    ),
    "exp in double precision": (
        "inputs: {x: [12, 89]}\nnodes: {y: exp(x), f: sum(y)}\n",
        [],
        [],
    ),
    "powers": (
        "inputs: {x: 0, y: -8}\nnodes: {a: x ** -1, b: y ** 0.5, f: a + b}\n",
        ["forward a"],
        ["forward b"],
    ),
    "a product of slopes that overflows": (
        "inputs: {x: 1e-300}\nconstants: {k: 1e200}\nnodes: {y: x * k, f: y * k}\n",
        ["backward y → x"],
        [],
    ),
    "NaN that comes in through a leaf": (
        "inputs: {x: .nan, y: 1}\nnodes: {c: y * 2, a: x * y, b: a + c, f: b * b}\n",
        [],
        ["forward a"],
    ),
    "an infinity that comes in through a leaf": (
        "inputs: {x: .inf, y: 1}\nnodes: {a: x * y, b: a - x, f: b * 2}\n",
        [],
        ["forward b"],
    ),
    "NaN in one entry where another has it already": (
        "inputs: {x: [.nan, 0]}\nnodes: {r: x / x, f: sum(r)}\n",
        ["backward r → x"],
        ["forward r"],
    ),
}


@pytest.mark.parametrize("name", ARISING)
def test_where_it_arises(name: str) -> None:
    text, infinities, nans = ARISING[name]
    run = run_of(text)
    assert steps("first infinity", run) == infinities
    assert steps("first nan", run) == nans


@pytest.mark.parametrize("name", ARISING)
def test_the_session_stops_where_the_first_arises(name: str) -> None:
    text, infinities, nans = ARISING[name]
    for trouble, wanted in (("first infinity", infinities), ("first nan", nans)):
        session = update(update(Session(run_of(text)), Break(trouble)), Continue())
        assert bool(session.hit) == bool(wanted)
        assert session.position == (found(trouble, session.run)[0] if wanted else session.last)
        if wanted:
            assert told(session.trace, session.position) == wanted[0]


def test_an_update_too_large() -> None:
    """w 1, gradient 2, and the update overflows; then w · w is infinite, and ∞ − ∞ in the update is NaN."""
    run = run_of("params: {w: 1}\nnodes: {f: w * w}\ntrain: {optimizer: sgd, lr: 1e308, steps: 3}\n")
    assert [steps("first infinity", run, k) for k in range(4)] == [["update w"], [], [], []]
    assert [steps("first nan", run, k) for k in range(4)] == [[], ["update w"], [], []]
    session = finished(update(update(Session(run), Break("first nan")), Continue()))
    assert (session.iteration, told(session.trace, session.here)) == (1, "update w")


def test_nan_in_what_an_optimiser_remembers() -> None:
    """Centred RMSprop takes the square of 1e200 from the square of 1e200."""
    text = "params: {w: 1}\nconstants: {k: 1e200}\nnodes: {f: w * k}\n"
    run = run_of(f"{text}train: {{optimizer: rmsprop, centered: true, steps: 1}}\n")
    assert np.isfinite(run.trace(0).gradient("w"))
    assert steps("first nan", run, 0) == ["update w"]
    assert steps("first nan", run, 1) == []


def test_a_session_stops_where_nan_is_brought_in_and_shows_the_leaf() -> None:
    """Once: what an update made NaN, or a batch before, is not brought in again."""
    text = "params: {w: 2}\ninputs: {x: 1, y: .nan}\nnodes: {a: w * x, f: a + y}\n"
    run = run_of(f"{text}train: {{optimizer: sgd, lr: 0.1, steps: 3}}\n")
    assert [steps("first nan", run, k) for k in range(4)] == [["forward f"], [], [], []]
    session = finished(update(update(Session(run), Break("first nan")), Continue()))
    assert told(session.trace, session.here) == "forward f"
    assert session.selection == run.graph.position("y")
    assert session.notice is not None
    assert session.notice.in_language("en") == "Stopped at breakpoint 1 (first nan): it comes from y."


@pytest.mark.parametrize(
    ("name", "wanted"), [("x", "accumulate x 3 of 3"), ("b", "backward c → b"), ("f", "seed")]
)
def test_what_is_overridden_arises_there(name: str, wanted: str) -> None:
    session = Session(run_of("inputs: {x: 2}\nnodes: {a: x * 3, b: x * x, c: a + b, f: c * 2}\n"))
    for tensor, trouble in ((np.nan, "first nan"), (-np.inf, "first infinity")):
        changed = update(session, Set(name, np.float64(tensor), gradient=True))
        assert steps(trouble, changed.run) == [wanted]
        if name != "x":
            value = update(session, Set(name, np.float64(tensor)))
            assert steps(trouble, value.run) == [f"forward {name}"]
        leaf = update(session, Set("x", np.float64(tensor)))
        assert steps(trouble, leaf.run) == (["forward a"] if np.isnan(tensor) else [])


def arising(trace: Trace, test: Callable[[Any], Any]) -> Iterator[int]:
    """The steps that give what `test` finds, and were given nothing of the kind: by what was known before and
    after each of them.
    """

    def bad(*tensors: Any) -> bool:
        return any(tensor is not None and bool(np.any(test(tensor))) for tensor in tensors)

    nodes = trace.graph.nodes
    for position, step in enumerate(trace.steps, 1):
        before, after = trace.frame(position - 1), trace.frame(position)
        match step:
            case Forward(node=node):
                given = [trace.operand_values[one] for one in nodes[node].operands]
                arises = bad(after.value(nodes[node])) and not bad(*given)
            case Seed(node=node):
                arises = bad(after.gradient(nodes[node])) and not bad(trace.bindings.seed)
            case Backward(edge=edge):
                node = nodes[edge.node]
                given = [trace.operand_values[one] for one in (*node.operands, node.position)]
                product = trace.contributions[edge.index]
                arises = bad(product) and not bad(before.gradient(node), *given)
                if not edge.shared:  # the gradient is set, and may be overridden
                    arises |= bad(after.gradient(nodes[edge.operand])) and not bad(product)
            case Accumulate(edge=edge):
                operand = nodes[edge.operand]
                earlier = trace.frame(position - 2).gradient(operand)
                arises = bad(after.gradient(operand)) and not bad(earlier, trace.contributions[edge.index])
            case Update(node=node):
                given = [before.value(nodes[node]), before.gradient(nodes[node])]
                arises = bad(after.value(nodes[node])) and not bad(*given)
            case _:
                arises = False
        if arises:
            yield position


def taking_nan(trace: Trace) -> Iterator[int]:
    """The first step that takes each leaf with NaN."""
    for leaf in trace.graph.leaves:
        takes = (
            position
            for position, step in enumerate(trace.steps, 1)
            if isinstance(step, Forward) and leaf.position in trace.graph.nodes[step.node].operands
        )
        if np.any(np.isnan(trace.values[leaf.position])):
            yield from islice(takes, 1)


SPECIAL = (0.0, 1.0, -1.0, 1e200, -1e-200, np.inf, -np.inf, np.nan)
FRAIL = ("add", "sub", "mul", "div", "log", "sqrt", "exp", "where", "greater", "square", "reciprocal", "sum")


@st.composite
def special_runs(draw: st.DrawFn) -> tuple[RandomRun, list[Edit]]:
    """Graphs over numbers at the edge, some of them with an override at the edge."""
    run = draw(runs(ops=FRAIL, most=8, shapes=((), (), (3,))))
    leaves = {leaf.name: run.bindings.leaves[leaf.position] for leaf in run.graph.leaves}
    for name, value in leaves.items():
        number = draw(st.sampled_from(SPECIAL))
        leaves[name] = np.where(np.arange(np.size(value)).reshape(np.shape(value)) == 0, number, value)[()]
    edits: list[Edit] = []
    if draw(st.booleans()):
        computed = [node for node in run.graph.nodes if node.op is not None and not node.op.boolean]
        node = draw(st.sampled_from(computed))
        kind = GradientEdit if draw(st.booleans()) else ValueEdit
        edits = [kind(node.name, np.full(node.shape, draw(st.sampled_from(SPECIAL))))]
    return RandomRun(run.graph, Bindings.of(run.graph, leaves, run.bindings.seed)), edits


@given(special_runs())
def test_arising_in_random_graphs(case: tuple[RandomRun, list[Edit]]) -> None:
    trace = record(*case[0], case[1])
    graph = trace.graph
    for name, test in (("first infinity", np.isinf), ("first nan", np.isnan)):
        positions = hits(parse_breakpoint(name, graph), trace).tolist()
        assert positions == sorted({*arising(trace, test), *(taking_nan(trace) if test is np.isnan else ())})


# Sizes of gradients


def completed(trace: Trace) -> Iterator[tuple[int, Any, str]]:
    """The steps after which a gradient is complete, and the gradient then."""
    done: set[int] = set()
    for position in range(1, len(trace.steps) + 1):
        frame = trace.frame(position)
        if isinstance(frame.step, Update | Clear):
            return
        for node in trace.graph.nodes:
            if node.position not in done and frame.complete(node):
                done.add(node.position)
                yield position, frame.gradient(node), node.name


@given(case=special_runs(), bound=st.sampled_from([0.0, 0.5, 1.0, 1e200]))
def test_sizes_in_random_graphs(case: tuple[RandomRun, list[Edit]], bound: float) -> None:
    trace = record(*case[0], case[1])
    graph = trace.graph
    entries = [(at, [abs(float(entry)) for entry in np.ravel(g)]) for at, g, _ in completed(trace)]
    wanted = {
        "zero gradient": [at for at, sizes in entries if all(size == 0 for size in sizes)],
        f"below {bound}": [at for at, sizes in entries if all(size < bound for size in sizes)],
        f"above {bound}": [at for at, sizes in entries if any(size > bound for size in sizes)],
    }
    for text, positions in wanted.items():
        assert hits(parse_breakpoint(text, graph), trace).tolist() == positions


def test_a_gradient_of_zeros_and_one_with_zeros() -> None:
    run = run_of("inputs: {x: [1, -1], y: [-1, -2]}\nnodes: {a: relu(x), b: relu(y), c: a + b, f: sum(c)}\n")
    assert steps("zero gradient", run) == ["backward b → y"]
    assert steps("below 0.5", run) == ["backward b → y"]
    assert steps("below 1", run) == ["backward b → y"]
    assert steps("above 0.5", run) == [
        "seed",
        *(f"backward {e}" for e in ("f → c", "c → a", "c → b", "a → x")),
    ]
    assert steps("above 1", run) == []


def test_an_entry_above_the_bound_beside_one_that_is_nan() -> None:
    run = run_of('inputs: {x: [0, 4]}\nnodes: {p: x > 0, r: sqrt(x), z: "where(p, r * 100, 0)", f: sum(z)}\n')
    assert np.isnan(run.trace().gradient("x")[0])
    assert run.trace().gradient("x")[1] == 25
    assert "backward r → x" in steps("above 20", run)
    assert "backward r → x" not in steps("below 30", run)
    assert "backward r → x" not in steps("zero gradient", run)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_a_bound_that_the_dtype_cannot_hold(dtype: str) -> None:
    """1e-8 is 0 in half precision, and 1e9 is infinite."""
    run = run_of(
        f"dtype: {dtype}\ninputs: {{x: [1, -2], y: 3}}\nnodes: {{z: x * 0, w: y * 0, f: sum(z) + w}}\n"
    )
    assert steps("below 1e-8", run) == ["backward w → y", "backward z → x"]
    assert steps("above 1e9", run) == []
    assert len(steps("below 1e9", run)) == len(run.trace().schedule.uses_of) + 1


# Activations


@pytest.mark.parametrize(
    ("op", "numbers", "flat"),
    [
        ("sigmoid", [5, -6], True),  # σ′(5) = 0.00665
        ("sigmoid", [4.5, -6], False),  # σ′(4.5) = 0.01087
        ("tanh", [3, -3], True),  # 1 − tanh²(3) = 0.00987
        ("tanh", [2.99], False),  # 0.01007
        ("tanh", [0, 9], False),
        ("relu6", [7, -1], True),
        ("hard_tanh", [2, 0.5], False),
        ("softplus", [-5], True),  # σ(−5) = 0.00669
        ("elu", [-5], True),  # e⁻⁵ = 0.00674
        ("silu", [0], False),
        ("relu", [-1, -2], False),
        ("leaky_relu", [-1, -2], False),
        ("softmax", [100, 0], False),
    ],
)
def test_saturation(op: str, numbers: list[float], flat: bool) -> None:
    run = run_of(f"inputs: {{x: {numbers}}}\nnodes: {{y: {op}(x), s: y * y, f: sum(s)}}\n")
    assert steps("saturation", run) == (["backward y → x"] if flat else [])


def test_saturation_of_a_scalar_and_where_no_gradient_goes() -> None:
    run = run_of("inputs: {x: 9}\nconstants: {k: 9}\nnodes: {y: tanh(x), z: tanh(k), f: y + z}\n")
    assert steps("saturation", run) == ["backward y → x"]


@pytest.mark.parametrize(
    ("numbers", "dead"),
    [
        ("-1", True),
        ("0", True),
        ("1e-300", False),
        (".nan", False),
        ("[-1, -2, 0]", True),
        ("[-1, 2, 0]", False),
        ("[[1, -1], [2, -2]]", True),
        ("[[1, -1], [-2, 2]]", False),
        ("[[-1, 1], [-1, 1], [0, 1]]", True),
        ("[[-1, -1], [1, 1]]", False),
    ],
)
def test_a_dead_relu(numbers: str, dead: bool) -> None:
    """One that gives nothing, or a feature of a batch that gives nothing in any row; an empty row is none."""
    run = run_of(f"inputs: {{x: {numbers}}}\nnodes: {{y: relu(x), z: leaky_relu(x), f: sum(y) + sum(z)}}\n")
    assert steps("dead relu", run) == (["forward y"] if dead else [])


# From one iteration to the next


def test_a_sign_change() -> None:
    """f = w² by lr 0.75: w, and its gradient 2w, go to −1/2 of what they were; f's own gradient stays 1."""
    run = run_of("params: {w: 8, v: 8}\nnodes: {f: w * w + v}\ntrain: {optimizer: sgd, lr: 0.75, steps: 4}\n")
    assert [float(run.trace(k).value("w")) for k in range(5)] == [8, -4, 2, -1, 0.5]
    assert steps("sign change", run, 0) == []
    for iteration in (1, 2, 3):
        assert steps("sign change", run, iteration) == ["accumulate w 2 of 2"]
    assert steps("sign change", run, 4) == []
    session = update(Session(run), Break("sign change"))
    stops = [(session := finished(update(session, Continue()))).iteration for _ in range(3)]
    assert stops == [1, 2, 3]


def test_a_sign_change_in_any_entry_but_not_from_zero() -> None:
    """f = Σ w² by lr 0.5 ends at 0 at once; by 0.75 it jumps."""
    text = "params: {w: [1, 1, 0]}\nconstants: {k: [1, 1.5, 1]}\nnodes: {f: sum(k * w * w)}\n"
    run = run_of(f"{text}train: {{optimizer: sgd, lr: 0.5, steps: 3}}\n")
    gradients = [run.trace(k).gradient("w") for k in range(3)]
    for iteration in (1, 2):
        product = gradients[iteration] * gradients[iteration - 1]
        assert product[0] == product[2] == 0
        assert product[1] < 0
        assert "accumulate w 2 of 2" in steps("sign change", run, iteration)


@pytest.mark.parametrize(
    ("leaves", "settings", "wanted"),
    [
        ("params: {w: 1, v: 2}", "lr: 0.5", []),
        ("params: {w: 1, v: 0}", "lr: 0.5", ["update w"]),  # the gradient of w is v
        ("params: {w: 1e17, v: 1}", "lr: 0.5", ["update w"]),  # half a unit is lost in rounding
        ("params: {w: 1e17, v: 1}", "lr: 0.5, weight_decay: 0.5", []),
        ("params: {w: 1, v: 2}", "lr: 0", ["update w", "update v"]),
        ("params: {w: 1, v: .nan}", "lr: 0.5", ["update v"]),  # what is NaN stays NaN; w becomes it
    ],
)
def test_a_parameter_that_an_update_leaves_alone(leaves: str, settings: str, wanted: list[str]) -> None:
    run = run_of(f"{leaves}\nnodes: {{f: w * v}}\ntrain: {{optimizer: sgd, {settings}, steps: 1}}\n")
    assert steps("no update", run, 0) == wanted
    assert steps("no update", run, 1) == []


def test_without_training_there_is_no_update_and_no_other_iteration() -> None:
    run = run_of("params: {w: 1}\nnodes: {f: w * w}\n")
    assert found("no update", run) == found("sign change", run) == []


@pytest.mark.parametrize("name", ANOMALIES)
def test_each_is_told_in_each_language(name: str) -> None:
    trouble = ANOMALIES[name]
    for words in (trouble.meaning, trouble.advice):
        english, korean = words.in_language("en"), words.in_language("ko")
        assert english.endswith(".")
        assert korean.endswith(".")
        assert english != korean


@pytest.mark.parametrize("name", ANOMALIES)
def test_none_is_found_in_a_forward_pass_alone_but_forward(name: str) -> None:
    text = "inputs: {x: -1}\nparams: {w: 1}\nnodes: {r: relu(x), y: log(r), z: y - y, f: z + w}\n"
    run = run_of(f"{text}train: {{optimizer: sgd, lr: 0, steps: 1}}\n")
    trouble = f"{name} 0" if ANOMALIES[name].bound else name
    forward = {"first infinity": ["forward y"], "first nan": ["forward z"], "dead relu": ["forward r"]}
    assert steps(trouble, run, 1) == forward.get(name, [])
