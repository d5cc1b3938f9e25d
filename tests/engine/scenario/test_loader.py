"""Loading scenarios: leaves, nodes, the order of computation, and what a scenario can do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_engine import ScenarioError, UsageError, load_scenario
from backprop_engine.graph.graph import Kind
from backprop_engine.messages.suggestions import nearest
from backprop_engine.scenario.loader import Scenario, load_source, parse_setting
from backprop_engine.scenario.lower.topological_order import cycles, topological_order
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.sections.texts import LocalText


def load(text: str, **options: int) -> Scenario:
    return load_source(Source.from_bytes("s.yaml", text.encode()), **options)


def mistakes(text: str, **options: int) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as caught:
        load(text, **options)
    return [(one.code.name, one.message) for one in caught.value.diagnostics]


def computed(text: str) -> list[str]:
    graph = load(text).graph
    return [graph.nodes[position].name for position in graph.order]


def leaf(text: str, dtype: str = "float64") -> np.ndarray:
    scenario = load(f"dtype: {dtype}\nparams:\n  w: {text}\nnodes: {{f: sum(w)}}\n")
    return np.asarray(scenario.bindings.leaves[0])


# The whole


def test_a_file_from_the_first_page_of_the_format(tmp_path: Path) -> None:
    path = tmp_path / "add_multiply.yaml"
    path.write_text(
        "title: Add, then multiply\nsource: https://cs231n.github.io/optimization-2/\n"
        "inputs: {x: -2, y: 5, z: -4}\nnodes:\n  q: x + y\n  f: q * z\n"
        "breakpoints: [q, phase backward]\nwatch: [x * 2]\nnotes: {q: 'Look\x1b[31m here.'}\n".replace(
            "\x1b", ""
        )
    )
    scenario = load_scenario(path)
    assert (scenario.name, scenario.path, scenario.dtype) == ("add_multiply", str(path), "float64")
    assert scenario.title.in_language("ko") == "Add, then multiply"
    assert not scenario.description
    assert scenario.source == "https://cs231n.github.io/optimization-2/"
    assert scenario.breakpoints == ("q", "phase backward")
    assert scenario.watches == ("x * 2",)
    trace = scenario.record()
    assert (trace.value("f"), trace.gradient("x")) == (-12, -4)
    assert scenario.record() is not trace
    assert [node.kind for node in scenario.graph.leaves] == [Kind.INPUT] * 3


def test_another_iteration_needs_training() -> None:
    with pytest.raises(UsageError, match="no iteration 1"):
        load("inputs: {x: 1}\nnodes: {f: x * x}").record(1)


def test_texts_are_harmless_and_keep_their_lines() -> None:
    scenario = load('title: "\\e[31mred"\ndescription: |\n  one\n  two\ninputs: {x: 1}\nnodes: {f: x * x}\n')
    assert str(scenario.title) == "␛[31mred"
    assert str(scenario.description) == "one\ntwo\n"


def test_a_text_falls_back_to_english_and_then_to_any() -> None:
    text = LocalText({"fr": "un", "en": "one", "ko": "하나"})
    assert [text.in_language(one) for one in ("ko", "ko-KR", "de", "fr")] == ["하나", "하나", "one", "un"]
    assert LocalText({"fr": "un"}).in_language("de") == "un"
    assert LocalText().in_language("en") == ""


def test_notes_stand_at_their_nodes() -> None:
    scenario = load(
        "inputs: {x: 2}\nnodes:\n  g: {expr: x * x, note: {en: square, ko: 제곱}}\n  f: g + 1\n"
        "notes: {x: leaf}\n"
    )
    nodes = scenario.graph.nodes
    shown = {nodes[at].name: str(note.text) for at, (note,) in scenario.notes.items()}
    assert shown == {"g": "square", "x": "leaf"}


# Nodes


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ("{f: (x + y) * z}", ["f#1", "f"]),
        ("{f: x * x + x}", ["f#1", "f"]),
        ("{f: x}", ["f"]),
        ("{f: -x ** 2}", ["f#1", "f"]),
        ("{f: 'tanh(x)[0:1].T @ tanh(y)'}", ["f#1", "f#2", "f#3", "f#4", "f"]),
        ("{f: 'maximum(x * y, b=y * z)'}", ["f#1", "f#2", "f"]),
        ("{f: '2 * 3 + x'}", ["f#1", "f"]),
    ],
)
def test_parts_are_numbered_in_the_order_of_computing(nodes: str, expected: list[str]) -> None:
    x = "[1, 2]" if "T" in nodes else "1"
    seed = "" if x == "1" else "seed: 1\n"
    text = f"inputs: {{x: {x}, y: {'[3]' if seed else 3}, z: 4}}\n{seed}nodes: {nodes}\n"
    assert computed(text) == expected


def test_the_first_in_the_file_goes_first_among_those_that_are_ready() -> None:
    text = """
inputs: {x: 1}
nodes:
  out: d + b
  d: c * 2 + c
  b: x + 1
  c: x * 2
  a: out + 0
"""
    assert computed(text) == ["b", "c", "d#1", "d", "out", "a"]


@given(st.integers(0, 2**32), st.integers(1, 12))
def test_the_order_is_that_of_the_definition(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    shuffled = [f"n{i}" for i in random.permutation(size)]
    uses = {name: [f"n{j}" for j in range(int(name[1:])) if random.random() < 0.3] for name in shuffled}
    by_definition: list[str] = []
    while len(by_definition) < size:
        by_definition.append(
            next(one for one in uses if one not in by_definition and set(uses[one]) <= set(by_definition))
        )
    assert topological_order(uses) == by_definition
    assert cycles(uses, by_definition) == []


def test_a_cycle_begins_with_its_first_and_is_reported_once() -> None:
    uses = {"e": ["b"], "a": ["b"], "b": ["c"], "c": ["a"], "d": ["d"], "x": []}
    order = topological_order(uses)
    assert order == ["x"]
    assert cycles(uses, order) == [["a", "b", "c"], ["d"]]


@pytest.mark.parametrize(
    ("expression", "long"),
    [
        ("softmax(x, axis=0)", "{op: softmax, inputs: [x], axis: 0}"),
        ("mse(x, target=t)", "{op: mse, inputs: [x], target: t}"),
        ("mse(x, t, reduction='sum')", "{op: mse, a: x, target: t, reduction: sum}"),
        ("sum(x, axis=[0], keepdims=true)", "{op: sum, inputs: [x], axis: [0], keepdims: true}"),
        ("mul(x, 2.5)", "{op: mul, inputs: [x, 2.5]}"),
        ("x[1]", "{op: index, inputs: [x], key: 1}"),
    ],
)
def test_both_forms_of_a_node_mean_the_same(expression: str, long: str) -> None:
    def value(node: str) -> object:
        text = f"inputs: {{x: [1, 2], t: [2, 4]}}\nnodes:\n  y: {node}\nseed: 1\n"
        return load(text).record().value("y").tolist()

    assert value(expression) == value(long)


def test_a_name_counts_in_its_normal_form_but_compatibility_characters_stay_apart() -> None:
    scenario = load("inputs: {e\u0301: 2, ﬁ: 3, fi: 5, 가중치: 7}\nnodes: {f: \u00e9 * ﬁ * fi * 가중치}")
    assert scenario.record().value("f") == 210
    assert scenario.graph.leaves[0].name == "\u00e9"


def test_a_node_may_be_called_like_an_operator() -> None:
    assert load("inputs: {x: [1, 2]}\nnodes: {sum: sum(x), f: sum + 1}").record().value("f") == 4


def test_literals_come_before_computed_nodes_and_take_no_step() -> None:
    graph = load("inputs: {x: 3}\nnodes: {f: 2*x + 1, g: f * 4}").graph
    assert [node.kind.value for node in graph.nodes] == ["input", *["literal"] * 3, *["computed"] * 3]
    assert len(graph.schedule.order) == 3


def test_a_node_knows_its_text_and_its_place() -> None:
    graph = load("inputs: {x: 3}\nnodes:\n  f: >-\n    (x + 1)\n    * tanh(x)\n").graph
    shown = {node.name: node.text for node in graph.nodes if node.op}
    assert shown == {"f#1": "x + 1", "f#2": "tanh(x)", "f": "(x + 1) * tanh(x)"}
    place = graph["f#2"].place
    assert place is not None
    assert (place.line, place.column) == (3, 3)


def test_a_class_index_may_be_a_number_in_the_expression() -> None:
    text = "inputs: {a: [1, 2, 3]}\nnodes: {L: 'softmax_with_loss(a, target=2)'}"
    assert load(text).record().value("L") == pytest.approx(0.40760596)


# Leaves


def test_numbers_and_truth_values_are_cast() -> None:
    assert leaf("[[1, 2.5], [true, -.inf]]", "float32").tolist() == [[1, 2.5], [1, -np.inf]]
    assert leaf("3").shape == ()
    assert leaf("[]").shape == (0,)
    assert leaf("[[], []]").shape == (2, 0)
    assert leaf("[1, 2]", "float16").dtype == np.float16


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("shape: [2], init: zeros", [0.0, 0.0]),
        ("shape: [], init: ones", 1.0),
        ("shape: [2, 3], init: eye", [[1, 0, 0], [0, 1, 0]]),
        ("shape: [2, 3], init: arange", [[0, 1, 2], [3, 4, 5]]),
        ("shape: [2], init: constant, value: 2.5", [2.5, 2.5]),
        ("shape: [3], init: uniform, seed: 0", [0.6369616873214543, 0.2697867137638703, 0.04097352393619469]),
        (
            "shape: [3], init: uniform, low: -2, high: 2, seed: 0",
            [0.5478467492858173, -0.9208531449445188, -1.8361059042552212],
        ),
        ("shape: [2], init: normal, seed: 0", [0.12573022, -0.13210486]),
        ("shape: [2], init: normal, seed: 0, mean: 1, std: 2", [1.25146044, 0.73579027]),
    ],
)
def test_what_an_init_gives(init: str, expected: object) -> None:
    np.testing.assert_allclose(leaf("{" + init + "}"), expected, rtol=1e-7)


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("xavier_uniform", np.sqrt(6 / 5)),
        ("xavier_normal", np.sqrt(2 / 5)),
        ("he_uniform", np.sqrt(6 / 3)),
        ("he_normal", np.sqrt(2 / 3)),
    ],
)
@pytest.mark.parametrize("kernel", [(), (4,), (2, 3)])
def test_fans_scale_the_draws_of_the_seed(name: str, scale: float, kernel: tuple[int, ...]) -> None:
    random, shape = np.random.default_rng(7), (2, 3, *kernel)
    drawn = 2 * random.random(shape) - 1 if name.endswith("uniform") else random.standard_normal(shape)
    drawn /= np.sqrt(np.prod(kernel))
    init = f"shape: {[*shape]}, init: {name}, seed: 7"
    np.testing.assert_allclose(leaf(f"{{{init}}}"), scale * drawn, rtol=1e-12)
    turned = leaf(f"{{{init}, fan: transposed}}")
    other = scale if name.startswith("xavier") else scale * np.sqrt(3 / 2)
    np.testing.assert_allclose(turned, other * drawn, rtol=1e-12)


def test_the_first_draws_stay_what_they_are() -> None:
    weights = leaf("{shape: [2, 2], init: xavier_uniform, seed: 7}")
    np.testing.assert_allclose(weights, [[0.306376, 0.97237], [0.6758, -0.673]], atol=2e-3)


def test_memory_is_checked_before_anything_is_made() -> None:
    text = "params: {W: {shape: [1000, 1000], init: ones}}\nnodes: {L: sum(W * W)}"
    assert load(text, max_memory=80_000_000).graph["W"].shape == (1000, 1000)
    assert mistakes(text, max_memory=30_000_000)[0][0] == "too-large"
    assert mistakes(text, max_memory=7_000_000)[0][0] == "too-large"
    huge = "params: {W: {shape: [99999999999999999999, 9], init: ones}}\nnodes: {L: sum(W)}"
    assert mistakes(huge)[0][0] == "too-large"


def test_the_whole_run_counts_with_its_gradients() -> None:
    text = "params: {W: {shape: [1000], init: ones}}\nnodes: {L: sum(W)}"
    # W, L, the seed, and one contribution: 2,002 numbers of 8 bytes
    assert load(text, max_memory=16_016)
    assert mistakes(text, max_memory=16_008)[0][0] == "too-large"


# Settings


def test_another_number_for_a_leaf() -> None:
    scenario = load("inputs: {x: 2, W: [[1, 2], [3, 4]]}\nnodes: {f: sum(W) * x}")
    changed = scenario.with_leaf(*parse_setting("x=3")).with_leaf(*parse_setting("W=[[1, 1], [1, 1]]"))
    assert (changed.record().value("f"), scenario.record().value("f")) == (12, 20)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("z=3", "there is no leaf z"),
        ("wieght=3", "did you mean `weight`"),
        ("f=3", "f is computed"),
        ("weight=[1, 2]", "weight is 1×2, but the value is 2"),
        ("t=3", "the class index 3 is out of range"),
        ("t=0.5", "a class index must be a whole number"),
        ("weight=[[1e5, 0]]", "float16 cannot hold"),
        ("weight", "write a name"),
        ("weight=[1, [2]]", "found a list"),
        ("weight=two", "expected a number"),
        ("weight={", "is not closed"),
        ("weight=\x1b", "control character"),
        ("=3", "write a name"),
    ],
)
def test_settings_that_do_not_fit(setting: str, message: str) -> None:
    scenario = load(
        "dtype: float16\ninputs: {weight: [[1, 2]], a: [1, 2]}\nconstants: {t: 1}\n"
        "nodes: {f: 'softmax_with_loss(a, target=t)', g: sum(weight) + f}"
    )
    with pytest.raises(UsageError, match=message):
        scenario.with_leaf(*parse_setting(setting))


@pytest.mark.parametrize("value", ["text", [[1], [2, 3]], None, object()])
def test_values_that_are_no_numbers(value: object) -> None:
    with pytest.raises(UsageError, match=r"neither a number nor a regular list|the value is"):
        load("inputs: {x: [1, 2]}\nnodes: {f: sum(x)}").with_leaf("x", value)


# Hints


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("wieght", "weight"),
        ("RELU", "relu"),
        ("softmx", "softmax"),
        ("tnah", "tanh"),
        ("zz", None),
        ("q", None),
    ],
)
def test_the_nearest_name(name: str, meant: str | None) -> None:
    assert nearest(name, ("weight", "relu", "softmax", "tanh", "x")) == meant


def test_no_cascades_from_one_mistake() -> None:
    text = "inputs: {x: two}\nnodes:\n  a: x * 2\n  b: a + nope\n  f: b + a\n"
    text += "output: f\nexpect: {values: {x: 1}}\n"
    assert mistakes(text) == [
        ("not-a-number", "expected a number in `x`, found the text `two`"),
        ("unknown-name", "`nope` is not defined"),
    ]


def test_messages_are_the_same_every_time() -> None:
    text = "inputs: {x: 1}\nnodes:\n  a: b\n  b: a\n  c: zz + yy + x1\n"
    assert len({str(mistakes(text)) for _ in range(5)}) == 1


@pytest.mark.parametrize("kind", ["clip_norm", "clip_value"])
def test_either_way_to_clip_is_read(kind: str) -> None:
    train = f"train: {{optimizer: sgd, lr: 0.1, steps: 1, {kind}: 0.5}}"
    training = load(f"params: {{w: 1}}\nnodes: {{f: w * w}}\n{train}\n").training
    assert training is not None
    assert training.clipping is not None
    assert (training.clipping.kind, training.clipping.most) == (kind, 0.5)
