"""The JSON Schema: what the loader reads is valid under it, and what is wrong in form is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from backprop_engine.errors import ScenarioError
from backprop_engine.evaluation.attributes import CallError, attribute_value
from backprop_engine.messages.translations import languages
from backprop_engine.ops import OPS, Op, OpAttribute
from backprop_engine.optim import OPTIMIZERS, SCHEDULES, Setting, SettingError
from backprop_engine.scenario import format as known
from backprop_engine.scenario.format import Form
from backprop_engine.scenario.leaves.initializers import INITS
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.source import Source, read_source
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, YamlSequence, plain
from backprop_engine.scenario.schema import schema
from effort import examples

TESTS = Path(__file__).parents[2]
BUNDLED = sorted((TESTS.parent / "scenarios").rglob("*.yaml"))
BROKEN = TESTS / "bad_scenarios"
SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def part(made: Any) -> Draft202012Validator:
    """A validator for a part of the schema."""
    return Draft202012Validator({**made, "$defs": SCHEMA["$defs"]})


def loads(document: object) -> bool:
    try:
        load_source(Source.from_bytes("s.yaml", json.dumps(document).encode()), max_memory=2**20)
    except ScenarioError:
        return False
    return True


# The schema itself


@pytest.mark.parametrize("language", languages())
def test_it_is_a_schema(language: str) -> None:
    made = schema(language)
    assert made == schema(language)
    Draft202012Validator.check_schema(made)
    assert made["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert json.loads(json.dumps(made, allow_nan=False))["$id"] == "urn:backprop-tui:scenario"
    defined, used = list(made["$defs"]), [one.removeprefix("#/$defs/") for one in references(made)]
    assert sorted(set(used)) == sorted(defined)


def references(made: object) -> Iterator[str]:
    if isinstance(made, dict):
        yield from [made["$ref"]] if "$ref" in made else []
        made = list(made.values())
    if isinstance(made, list):
        for one in made:
            yield from references(one)


def test_languages_differ_only_in_what_they_say() -> None:
    english, korean = (explanations(schema(language)) for language in ("en", "ko"))
    assert english.keys() == korean.keys()
    for where, text in korean.items():
        assert any("가" <= character <= "힣" for character in text), (where, text)
        assert not any("가" <= character <= "힣" for character in english[where]), where
        assert english[where].endswith("."), where


def explanations(made: object, where: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    if isinstance(made, dict):
        for key, value in made.items():
            if key in ("description", "patternErrorMessage") and isinstance(value, str):
                found[f"{where}/{key}"] = value
            else:
                found |= explanations(value, f"{where}/{key}")
    elif isinstance(made, list):
        for number, value in enumerate(made):
            found |= explanations(value, f"{where}/{number}")
    return found


# Its keys are the loader's

PLACES = {
    "a scenario": (known.SCENARIO, "zz: 1\nnodes: {f: x}"),
    "a leaf with `init: zeros`": (None, "inputs: {x: {shape: [], init: zeros, zz: 1}}\nnodes: {f: x}"),
    "a leaf from a `.csv` file": (known.FILE, "inputs: {x: {file: a.csv, zz: 1}}\nnodes: {f: x}"),
    "a leaf from a `.npz` file": (
        known.FILE_IN_ARCHIVE,
        "inputs: {x: {file: a.npz, zz: 1}}\nnodes: {f: x}",
    ),
    "a node with `expr`": (known.EXPRESSION, "nodes: {f: {expr: x, zz: 1}}"),
    "a node with `cell`": (known.INSTANCE, "nodes: {f: {cell: c, zz: 1}}"),
    "a node with `scan`": (known.SCAN, "nodes: {f: {scan: c, over: {x: xs}, zz: 1}}"),
    "the carried input `h`": (
        known.CARRIED,
        "nodes: {f: {scan: c, over: {x: xs}, carry: {h: {init: a, next: b, zz: 1}}}}",
    ),
    "the cell `c`": (known.CELL, "cells: {c: {nodes: {f: a}, outputs: [f], zz: 1}}\nnodes: {f: x}"),
    "a block of expectations": (
        known.EXPECT,
        "inputs: {x: 1}\nnodes: {f: x}\nexpect: {values: {f: 1}, zz: 1}",
    ),
}
"""How the loader calls each map, the form that declares its keys, and a file with an unknown key in it."""

DEFINED = {
    "a leaf from a `.csv` file": ("leaf-file", "else"),
    "a leaf from a `.npz` file": ("leaf-file", "then"),
    "a node with `expr`": ("node-expr",),
    "a node with `cell`": ("node-cell",),
    "a node with `scan`": ("node-scan",),
    "the carried input `h`": ("carried",),
    "the cell `c`": ("cell",),
    "a block of expectations": ("expectation",),
}
"""Where the schema has the keys of each."""


@pytest.mark.parametrize("place", PLACES)
def test_the_keys_of_the_loader_and_of_the_schema_are_the_same(place: str) -> None:
    form, text = PLACES[place]
    with pytest.raises(ScenarioError) as caught:
        load_source(Source.from_bytes("s.yaml", text.encode()))
    (hint,) = [one.hint for one in caught.value.diagnostics if one.message == f"{place} has no key `zz`"]
    loader = hint.removeprefix("known keys: ").split(", ")
    made: Any = SCHEMA
    if place in DEFINED:
        name, *inside = DEFINED[place]
        made = SCHEMA["$defs"][name]
        for step in inside:
            made = made[step]
    elif form is None:
        made = chosen("leaf-filled", "zeros")
    assert loader == list(made["properties"])
    assert made["additionalProperties"] is False
    assert form is None or loader == list(form.names)


def chosen(name: str, value: str) -> Any:
    """What follows in an open form where this value is chosen."""
    (found,) = [
        one["then"]
        for one in SCHEMA["$defs"][name]["allOf"]
        if [choice["const"] for choice in one["if"]["properties"].values()] == [value]
    ]
    return found


def test_what_stands_beside_open_keys_is_what_the_tables_have() -> None:
    for name, init in INITS.items():
        keys = known.filled_keys(init.settings, random=init.random, fans=init.fans)
        assert list(chosen("leaf-filled", name)["properties"]) == list(keys)
    for name, op in OPS.items():
        operands = () if op.variadic else op.operands
        keys = (*known.OPERATOR.names, *operands, *(one.name for one in op.attributes))
        assert list(chosen("node-op", name)["properties"]) == list(keys)
    for name, optimizer in OPTIMIZERS.items():
        keys = (*known.TRAIN.names, *(one.name for one in optimizer.settings))
        assert list(chosen("train", name)["properties"]) == list(keys)
    for name, schedule in SCHEDULES.items():
        keys = (*known.SCHEDULE.names, *(one.name for one in schedule.settings))
        assert list(chosen("schedule", name)["properties"]) == list(keys)


def test_every_choice_is_declared() -> None:
    assert list(known.INIT_NAMES) == list(INITS)
    used = dict.fromkeys(setting for init in INITS.values() for setting in init.settings)
    assert sorted(known.INIT_SETTINGS) == sorted(used)
    forms = [one for one in vars(known).values() if isinstance(one, Form)]
    assert len(forms) == 20
    for form in forms:
        assert form.names == tuple(key.name for key in form.keys)
        assert len(set(form.names)) == len(form.names)


NAMES = [
    *(character for code in range(128) if (character := chr(code)) != "\n"),
    *(f"a{chr(code)}" for code in range(128) if code != ord("\n")),
    *("lambda", "True", "true", "lambda_", "h_prev", "a b", "", "x" * 64, "x" * 65, "_" * 65),
    *("가중치", "σ1", "1σ", "é", "σ-1", "σ.h", "é" * 64, "e\u0301" * 64),
]


def test_a_name_is_one_for_the_loader_and_for_the_schema() -> None:
    for name in NAMES:
        document = {"inputs": {name: 1}, "nodes": {"f_": "nothing_"}}
        with pytest.raises(ScenarioError) as caught:
            load_source(Source.from_bytes("s.yaml", json.dumps(document).encode()))
        refused = "bad-name" in [one.code.name for one in caught.value.diagnostics]
        assert VALIDATOR.is_valid(document) == (not refused), ascii(name)


@pytest.mark.parametrize(
    ("path", "fits"),
    [("q", True), ("states[-1].h", True), ("states[2].inner.h#1", True), (" f#1 ", True), ("가.나[0]", True)]
    + [(wrong, False) for wrong in ("", "1q", "states[h]", "states[0", "f#", "a b", ".h", "a..b")],
)
def test_a_path_is_known_by_its_form(path: str, fits: bool) -> None:
    for section in ("values", "grads"):
        document = {"nodes": {"f": "x"}, "expect": {section: {path: 1}}}
        assert VALIDATOR.is_valid(document) == fits
    assert VALIDATOR.is_valid({"nodes": {"f": "x"}, "notes": {path: "So."}}) == fits


# Files


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_a_bundled_scenario_is_valid(path: Path) -> None:
    document = plain(read(read_source(path)))
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


STRUCTURE = (
    "unknown-key", "wrong-type", "bad-text", "bad-language", "no-scenario", "no-nodes", "dtype", "leaf-form",
    "leaf-init", "bad-name", "node-constant", "expect-empty", "expect-tolerance", "scan-form", "data-dtype",
)  # fmt: skip
"""Mistakes of form."""
LOADER_ALONE = {"node_numbers": [6], "names_from_papers": [7, 10], "names_invisible": [*range(2, 9)]}
"""Lines with such a mistake that only the loader can tell: a text that is a number, letters of any script."""

EXPECTED: dict[str, list[list[Any]]] = yaml.safe_load((BROKEN / "expected.yaml").read_text("utf-8"))
READABLE = sorted(
    name
    for name, mistakes in EXPECTED.items()
    if any(code in STRUCTURE and line not in LOADER_ALONE.get(name, []) for code, line, _ in mistakes)
)


@pytest.mark.parametrize("name", READABLE)
def test_a_file_that_is_wrong_in_form_is_refused_at_the_same_places(name: str) -> None:
    root = read(read_source(BROKEN / f"{name}.yaml"))
    lines = {line for error in VALIDATOR.iter_errors(plain(root)) for line in lines_of(root, error)}
    for code, line, _ in EXPECTED[name]:
        if code in STRUCTURE and line not in LOADER_ALONE.get(name, []):
            assert line in lines, (code, line)


def lines_of(root: YamlNode, error: ValidationError) -> Iterator[int]:
    """The lines of what a validation error, or one of those that it is made of, is about."""
    node, key = root, root
    for step in error.absolute_path:
        if isinstance(node, YamlMapping):
            node, key = node.entries[str(step)].value, node.entries[str(step)].key
        elif isinstance(node, YamlSequence):
            node = key = node.items[int(step)]
    yield from (node.place.line, key.place.line)
    if isinstance(node, YamlMapping) and error.validator == "additionalProperties":
        yield from (entry.key.place.line for entry in node if repr(entry.key.text) in error.message)
    elif isinstance(node, YamlMapping) and isinstance(error.instance, str):  # a name that is none
        yield node.entries[error.instance].key.place.line
    for inner in error.context or ():
        yield from lines_of(root, inner)


@pytest.mark.parametrize(
    "text",
    [
        "nodes: {s: {scan: c, over: {x: 3}}}",
        "nodes: {s: {scan: c, over: {}}}",
        "nodes: {s: {scan: c, over: {x: x}, carry: {h: {init: x}}}}",
        "nodes: {s: {scan: c, over: {x: x}, carry: {h: {init: true, next: h}}}}",
        "nodes: {s: {cell: c, inputs: {a: true}}}",
        "nodes: {s: {cell: c, inputs: [x]}}",
        "nodes: {s: {cell: c, op: tanh}}",
        "nodes: {s: {op: tanh, inputs: x}}",
        "nodes: {s: {op: tanh, inputs: [x, x]}}",
        "nodes: {s: {op: concat, a: x}}",
        "nodes: {s: {op: tanh, inputs: [x], axis: 0}}",
        "nodes: {s: {op: reshape, inputs: [x]}}",
        "nodes: {s: }",
        "nodes: {s: x}\ncells: {c: {outputs: [h]}}",
        "nodes: {s: x}\ncells: {c: {nodes: {h: x}}}",
        "nodes: {s: x}\ncells: {c: {nodes: {h: x}, outputs: h}}",
        "nodes: {s: x}\ncells: {c: {nodes: {h: x}, outputs: [1]}}",
        "nodes: {s: x}\nexpect: {digits: 2}",
        "nodes: {s: x}\nexpect: {values: {x: '2'}}",
        "nodes: {s: x}\nexpect: {values: {x: 2}, digits: 1, atol: 1}",
        "nodes: {s: x}\nexpect: {values: {x: 2}, digits: 301}",
        "nodes: {s: x}\nexpect: {values: {x: 2}, rtol: -1}",
        "nodes: {s: x}\nexpect: {values: {x: 2}, iteration: -1}",
        "nodes: {s: x}\nexpect: [1]",
        "nodes: {s: x}\ntrain: {optimizer: sgd}",
        "nodes: {s: x}\ntrain: {optimizer: sgd, steps: -1}",
        "nodes: {s: x}\ntrain: {optimizer: sgd, steps: 1.5}",
        "nodes: {s: x}\ntrain: {optimizer: nadam, steps: 1}",
        "nodes: {s: x}\nconstants: {k: {file: a.npz}}",
        "nodes: {s: x}\nconstants: {k: {file: a.csv, key: a}}",
        "nodes: {s: x}\nconstants: {k: {file: a.txt}}",
        "nodes: {s: x}\nconstants: {k: {file: a.csv, dtype: float32}}",
        "nodes: {s: x}\nconstants: {k: {file: data.csv, rows: '0;2'}}",
        "nodes: {s: x}\nconstants: {k: {file: data.csv, rows: []}}",
        "nodes: {s: x}\nconstants: {k: {file: data.csv, columns: [[0]]}}",
        "nodes: {s: x}\nwatch: x",
        "nodes: {s: x}\nnotes: {x: [[a]]}",
        "nodes: {s: x}\nnotes: {x: {iteration: 0}}",
        "nodes: {s: x}\nnotes: {x: {text: a, iteration: first}}",
        "nodes: {s: x}\nnotes: {x: {text: a, phase: backwards}}",
        "nodes: {s: x}\nnotes: {x: [a, {text: b, fase: forward}]}",
        "nodes: {s: x}\nrequires: [[a]]",
        "nodes: {s: x}\nrequires: [3]",
        "nodes: {s: x}\nnext: {a: b}",
        "nodes: {s: x}\nask: {x: {answer: 2}}",
        "nodes: {s: x}\nask: {x: {question: So?, answer: }}",
        "nodes: {s: x}\nask: {x: {question: So?, answer: 2, choices: [2]}}",
        "nodes: {s: x}\nask: {s: {question: So?, answer: 2, when: before}}",
        "nodes: {s: x}\ntitle: {en: [a]}",
        "nodes: {s: x}\noutput: 3",
        "nodes: {s: x}\nseed: one",
    ],
)
def test_what_is_wrong_in_form_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "data.csv").write_text("1,2\n3,4\n", "utf-8")
    written = Source.from_bytes(str(tmp_path / "s.yaml"), f"inputs: {{x: 1}}\n{text}\n".encode())
    with pytest.raises(ScenarioError):
        load_source(written)
    assert not VALIDATOR.is_valid(plain(read(written)))


def test_endings_are_read_in_any_case() -> None:
    leaves = {"k": {"file": "A.CSV", "rows": "0:2"}, "m": {"file": "b.Npz", "key": "a", "columns": -1}}
    assert VALIDATOR.is_valid({"constants": leaves, "nodes": {"f": "k"}})


EVERYTHING = {
    "title": {"en": "Everything", "ko": "모두"},
    "description": "Two sentences.",
    "source": 2026,
    "dtype": "float32",
    "inputs": {"x": [[0.5, -1], [2, True]], "가중치": 3, "h0": [0, 0]},
    "params": {
        "W": {"shape": [2, 2], "init": "he_normal", "seed": 7, "fan": "transposed"},
        "b": {"shape": [2], "init": "constant", "value": 0.1},
        "u": {"shape": [2], "init": "uniform", "low": -1, "seed": 0},
    },
    "constants": {"t": 1, "e": {"shape": [2, 2], "init": "eye"}},
    "cells": {
        "rnn": {"inputs": ["x", "h"], "nodes": {"a": "W @ x + e @ h + b", "k": "tanh(a)"}, "outputs": ["k"]}
    },
    "nodes": {
        "s": {
            "scan": "rnn",
            "over": {"x": "x"},
            "carry": {"h": {"init": "h0", "next": "k"}},
        },
        "one": {"cell": "rnn", "inputs": {"x": "s[-1].k * 2", "h": "u"}},
        "p": {"op": "softmax", "inputs": ["one.k"], "axis": -1, "note": {"en": "So.", "ko": None}},
        "m": {"op": "mse", "a": "p", "inputs": [], "target": "h0", "reduction": "sum"},
        "L": {"expr": "softmax_with_loss(one.k, target=t)", "note": "The loss."},
        "f": "L + m + 가중치 * 0",
    },
    "output": "f",
    "seed": 1,
    "expect": [
        {"digits": 1, "values": {"가중치": 3}, "grads": {"W": "grad(W)", "b": [0, 0]}, "wrong": True},
        {"iteration": 2, "rtol": 0, "atol": 1e9, "values": {"s[-1].h": [0, 0]}},
    ],
    "train": {"optimizer": "adam", "steps": 2, "betas": [0.5, 0.9], "amsgrad": True, "lr": 1},
    "breakpoints": ["p", "op tanh"],
    "watch": ["sum(x)"],
    "notes": {"f": "The end.", "f#1": {"en": "The sum."}},
    "objective": {"en": "Everything.", "ko": "모든 것."},
    "requires": ["add_multiply", "first lesson"],
    "next": "second",
    "ask": {
        "W": {"question": "What is it?", "answer": "grad(W)", "hint": {"en": "Look."}},
        "f": [
            {"question": {"en": "What is it?"}, "answer": [1, 2]},
            {"question": "Which?", "answer": "one", "choices": ["one", {"ko": "둘"}], "when": "forward"},
        ],
    },
}
PIECES = [json.dumps(one) for one in (
    None, True, 0, -1, 2, 1.5, 1e300, "", "x", "f", "mean", "tanh", "zeros", "a.csv", "0:2", "float16",
    [], [0], [1, 2], ["x"], [[1], [2]], {}, {"en": "x"}, {"f": 1}, {"x": "x"}, {"values": {"f": 1}},
    {"op": "tanh", "inputs": ["x"]}, {"expr": "x"}, {"shape": [2], "init": "ones"},
    {"init": "x", "next": "k"},
)]  # fmt: skip
KEYS = (
    "x",
    "f",
    "values",
    "seed",
    "note",
    "axis",
    "steps",
    "rtol",
    "inputs",
    "zz",
    "fan",
    "momentum",
    "nodes",
)


@st.composite
def mutations(draw: st.DrawFn) -> object:
    """The scenario of everything with up to three of its parts taken away, put in, or changed."""
    document = json.loads(json.dumps(EVERYTHING))
    for _ in range(draw(st.integers(1, 3))):
        at: Any = document
        for _ in range(draw(st.integers(0, 4))):
            inside = [
                one for one in (at.values() if isinstance(at, dict) else at) if isinstance(one, dict | list)
            ]
            if not inside:
                break
            at = draw(st.sampled_from(inside))
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        what = draw(st.sampled_from(("change", "change", "remove", "add")))
        piece = json.loads(draw(st.sampled_from(PIECES)))
        if what == "add" or not keys:
            if isinstance(at, dict):
                at[draw(st.sampled_from(KEYS))] = piece
            else:
                at.append(piece)
        elif what == "remove":
            del at[draw(st.sampled_from(keys))]
        else:
            at[draw(st.sampled_from(keys))] = piece
    return document


def test_the_scenario_of_everything_loads_and_is_valid() -> None:
    assert loads(EVERYTHING)
    assert [error.message for error in VALIDATOR.iter_errors(EVERYTHING)] == []


@pytest.mark.thorough
@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations())
def test_what_the_loader_reads_is_valid(document: object) -> None:
    if not VALIDATOR.is_valid(document):
        assert not loads(document)


# Settings: the schema and the loader agree on every value

VALUES = (
    None, True, 0, 1, -1, 3, 0.5, 1.5, -0.5, "x", "mean", "sum", "none", "tanh", "batchmean",
    [], [1], [0.5], [1, 2], [1, 2, 3], [0.5, 0.75], [0.5, 1], [0.5, -1], [True, False], ["a", "b"], [[1, 2]],
    [[1, 2], [0, 3]], [[1]], {}, {"a": 1},
)  # fmt: skip
ATTRIBUTES = [
    pytest.param(op, one, id=f"{op.name}-{one.name}") for op in OPS.values() for one in op.attributes
]
SETTINGS = [
    pytest.param(name, one, id=f"{name}-{one.name}")
    for name, optimizer in OPTIMIZERS.items()
    for one in optimizer.settings
]


@pytest.mark.parametrize(("op", "attribute"), ATTRIBUTES)
def test_an_attribute_takes_the_same_values(op: Op, attribute: OpAttribute) -> None:
    needed = {one.name: default_of(op, one) for one in op.attributes if one.default is ...}
    validator = part(chosen("node-op", op.name))
    for value in VALUES:
        node = {"op": op.name, **needed, attribute.name: value}
        assert validator.is_valid(node) == fits(op, attribute, value), value


def default_of(op: Op, attribute: OpAttribute) -> object:
    """A value for an attribute that must be given, as JSON has it."""
    value = op.samples[0].attributes[attribute.name]
    return 0 if attribute.name == "key" else json.loads(json.dumps(value))


def fits(op: Op, attribute: OpAttribute, value: object) -> bool:
    try:
        attribute_value(op, attribute, value, None)
    except CallError:
        return False
    return True


@pytest.mark.parametrize(("name", "setting"), SETTINGS)
def test_a_setting_takes_the_same_values(name: str, setting: Setting) -> None:
    validator = part(chosen("train", name))
    for value in VALUES:
        train = {"optimizer": name, "steps": 1, setting.name: value}
        assert validator.is_valid(train) == accepted(setting, value), value


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        pytest.param(name, one, id=f"{name}-{one.name}")
        for name, kind in SCHEDULES.items()
        for one in kind.settings
    ],
)
def test_a_setting_of_a_schedule_takes_the_same_values(name: str, setting: Setting) -> None:
    validator = part(chosen("schedule", name))
    needed = {one.name: 1 for one in SCHEDULES[name].settings if one.default is None}
    for value in VALUES:
        schedule = {"kind": name, **needed, setting.name: value}
        assert validator.is_valid(schedule) == accepted(setting, value), value


def accepted(setting: Setting, value: object) -> bool:
    try:
        setting.value(value)
    except SettingError:
        return False
    return True


@pytest.mark.thorough
@pytest.mark.parametrize("name", INITS)
def test_an_init_takes_the_same_values(name: str) -> None:
    init = INITS[name]
    leaf: dict[str, object] = {"shape": [2, 2], "init": name}
    leaf |= {setting: 1 for setting, default in init.settings.items() if default is None}
    leaf |= {"seed": 1} if init.random else {}
    validator = part({"$ref": "#/$defs/leaf"})
    for key in (*known.INIT_SETTINGS, "seed", "fan", "shape"):
        for value in (*VALUES, "transposed"):
            changed = {**leaf, key: value}
            document = {"inputs": {"x": changed}, "nodes": {"f": "sum(x)"}}
            assert validator.is_valid(changed) == loads(document), (key, value)
