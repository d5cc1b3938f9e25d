"""Every operator with odd shapes, odd settings and odd numbers: refused with a place, or computed.

What a file can ask of an operator must not end in an exception, however senseless it is.
"""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from backprop_engine.errors import ScenarioError
from backprop_engine.ops import OPS, Op, OpAttribute, Sample
from backprop_engine.run_json import run_json
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.read.source import Source
from backprop_engine.scenario.verify import verify
from backprop_tui.render.transcript import transcript
from effort import tried

ROUNDS = tried(25, 5)
SIZES = (0, 1, 1, 2, 2, 3, 4)
SETTINGS = (
    *("0", "1", "-1", "2", "-2", "0.5", "-0.1", "1e308", ".inf", "-.inf", ".nan", "100000000000000000000"),
    *("-9223372036854775809", "true", "null", "text", '"ij,jk->ik"', '"->"', '"i,i->i"', "sum", "none"),
    *("[]", "[0]", "[-1]", "[0, 1]", "[2, -1]", "[[1, 1]]", "[[0, 0], [1, 2]]", "[0.5]", "{a: 1}"),
    *("[100000000000000000000]", "[9223372036854775807, 1]"),
)
NUMBERS = ("0", "1", "-1", "0.5", "1e300", "-1e-300", ".inf", "-.inf", ".nan")


def scenario(op: Op, random: Random) -> str:
    """A scenario of one node: near a sample of the operator, or far from it."""
    sample = random.choice(op.samples)
    shapes = [list(one) if isinstance(one, tuple) else list(np.shape(one)) for one in sample.operands]
    for shape in shapes:
        if random.random() < 0.4:
            shape[:] = [random.choice(SIZES) for _ in range(random.randint(0, 4))]
    names = op.names(max(len(shapes), len(op.operands)))
    leaves: dict[str, list[str]] = {"inputs": [], "constants": []}
    for number, shape in enumerate(shapes):
        is_constant = names[number] in op.constants and random.random() < 0.9
        numbers = ("0", "1", "2") if is_constant and random.random() < 0.8 else NUMBERS
        leaves["constants" if is_constant else "inputs"].append(
            f"  o{number}: {_nested(shape, numbers, random)}"
        )
    given = [f"{one.name}: {value}" for one in op.attributes if (value := _setting(one, sample, random))]
    inputs = ", ".join(f"o{number}" for number in range(len(shapes)))
    node = ", ".join((f"op: {op.name}", f"inputs: [{inputs}]", *given))
    lines = ["inputs:", *leaves["inputs"], "constants:", *leaves["constants"], "nodes:", f"  f: {{{node}}}"]
    return "\n".join((*lines, "seed: 1", ""))


def _nested(shape: list[int], numbers: tuple[str, ...], random: Random) -> str:
    if not shape:
        return random.choice(numbers)
    return f"[{', '.join(_nested(shape[1:], numbers, random) for _ in range(shape[0]))}]"


def _setting(attribute: OpAttribute, sample: Sample, random: Random) -> str:
    """The sample's value or an odd one; nothing where the default will do."""
    value: Any = sample.attributes.get(attribute.name)
    if attribute.name in sample.attributes and attribute.type is not tuple and random.random() < 0.6:
        return str(value).replace("(", "[").replace(",)", "]").replace(")", "]").replace("True", "true")
    return random.choice(SETTINGS) if attribute.default is ... or random.random() < 0.3 else ""


def read_or_refused(text: str) -> Scenario | ScenarioError:
    try:
        return load_source(Source.from_bytes("s.yaml", text.encode()))
    except ScenarioError as error:
        return error


@pytest.mark.parametrize("op", OPS.values(), ids=lambda op: op.name)
@pytest.mark.filterwarnings("error")
def test_an_operator_is_refused_with_a_place_or_computed(op: Op) -> None:
    random = Random(op.name)
    for _ in range(ROUNDS):
        text = scenario(op, random)
        loaded = read_or_refused(text)
        if isinstance(loaded, ScenarioError):
            assert all(one.place is not None for one in loaded.diagnostics), text
            continue
        trace = loaded.record()
        verify(loaded)
        assert list(transcript(trace, "en", step_into=True)), text
        assert run_json(loaded.name, trace, step_into=True)["steps"], text
