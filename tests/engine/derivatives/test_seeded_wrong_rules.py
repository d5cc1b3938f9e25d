"""A wrong rule in each operator that has one, ten kinds of mistake in turn: the check of operators finds all.

The kinds are those that people make: a sign, a factor, a forgotten or shifted entry, a transpose, a rule that
is missing, one that ignores what flows in, and errors so small that a plot would not show them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from backprop_engine.ops import OPS, Elementwise, Op, Rule, Sample
from backprop_engine.testing.gradient_checks import check_operator
from effort import tried
from graphs import graph_of

Change = Callable[[Any], Any]


def _entries(gradient: Any, change: Callable[[Any], Any]) -> Any:
    flat = np.array(gradient, dtype=np.float64)
    return change(flat)


def _largest_dropped(gradient: Any) -> Any:
    flat = np.array(gradient, dtype=np.float64)
    flat.flat[int(np.argmax(np.abs(flat)))] = 0.0
    return flat[()]


def _shifted(gradient: Any) -> Any:
    flat = np.asarray(gradient)
    return np.roll(flat, 1, axis=-1) if flat.ndim else flat * 2


def _turned(gradient: Any) -> Any:
    flat = np.asarray(gradient)
    square = flat.ndim >= 2 and flat.shape[-1] == flat.shape[-2]
    return np.swapaxes(flat, -1, -2) if square else flat[..., ::-1] if flat.ndim else -flat


def _averaged(gradient: Any) -> Any:
    flat = np.asarray(gradient)
    return np.broadcast_to(flat.mean(), flat.shape)[()] if flat.size > 1 else flat * 3


KINDS: dict[str, Change] = {
    "the sign": lambda gradient: -gradient,
    "twice": lambda gradient: 2.0 * gradient,
    "half": lambda gradient: 0.5 * gradient,
    "the largest entry forgotten": _largest_dropped,
    "shifted": _shifted,
    "turned": _turned,
    "averaged": _averaged,
    "a part in 100,000 too much": lambda gradient: (1 + 1e-5) * gradient,
    "something added": lambda gradient: gradient + 1e-4,
    "nothing": lambda gradient: 0.0 * gradient,
}


def _mutated(rule: Rule, change: Change) -> Rule:
    if isinstance(rule, Elementwise):
        return replace(rule, of=lambda *given, **settings: change(rule.of(*given, **settings)))
    return replace(rule, vjp=lambda *given, **settings: change(rule.vjp(*given, **settings)))


def wrong(op: Op, argnum: int, change: Change | None) -> Op:
    """`op` with one rule changed, or missing."""

    def rules(shapes: Any, attributes: Any) -> Any:
        found = list(op.rules_for(shapes, attributes))
        rule = found[argnum]
        if rule is not None:
            found[argnum] = None if change is None else _mutated(rule, change)
        return tuple(found)

    return replace(op, rules=rules)


def _tellable(op: Op, sample: Sample, argnum: int, change: Change) -> bool:
    """Whether the change makes another gradient on a sample, so that there is something to find."""
    operands = sample.draw()
    settings = {setting.name: setting.default for setting in op.attributes} | dict(sample.attributes)
    rule = op.rules_for(tuple(np.shape(operand) for operand in operands), settings)[argnum]
    if rule is None or not np.size(operands[argnum]):
        return False
    with np.errstate(all="ignore"):
        out = op.forward(*operands, **settings)
        upstream = np.random.default_rng(0).uniform(0.5, 1.5, np.shape(out))
        if isinstance(rule, Elementwise):
            right = np.broadcast_to(rule.of(out, *operands, **settings), np.shape(out))
        else:
            right = rule.vjp(upstream, out, *operands, **settings)
        other = change(right)
    right, other = np.asarray(right), np.broadcast_to(other, np.shape(right))
    usable = right.size and np.all(np.isfinite(right)) and np.all(np.isfinite(other))
    return bool(usable and np.max(np.abs(right - other)) > 2e-6 * max(1.0, float(np.max(np.abs(right)))))


def _is_flat(op: Op, argnum: int) -> bool:
    """Whether a rule gives 0 wherever it gives a number: nothing is missed where it is missing."""
    sample = next(sample for sample in op.samples if len(sample.operands) > argnum)
    rule = graph_of(op, sample)["out"].rules[argnum]
    return rule is None or rule.text == "0"


def _seeded() -> Iterator[tuple[str, Op, Sample]]:
    number = 0
    for op in OPS.values():
        for argnum in range(len(op.operands)):
            kinds = [*KINDS][number % len(KINDS) :] + [*KINDS][: number % len(KINDS)]
            found = next(
                (
                    (kind, sample)
                    for kind in kinds
                    for sample in op.samples
                    if len(sample.operands) > argnum and _tellable(op, sample, argnum, KINDS[kind])
                ),
                None,
            )
            if found is not None:
                kind, sample = found
                number += 1
                yield f"{op.name}, {op.operands[argnum]}: {kind}", wrong(op, argnum, KINDS[kind]), sample
                if number % 3 == 0 and not _is_flat(op, argnum):
                    yield f"{op.name}, {op.operands[argnum]}: missing", wrong(op, argnum, None), sample


SEEDED = {name: (op, sample) for name, op, sample in _seeded()}


def test_there_are_many_of_every_kind() -> None:
    assert len(SEEDED) > 120
    for kind in (*KINDS, "missing"):
        assert sum(name.endswith(f": {kind}") for name in SEEDED) >= 5


@pytest.mark.parametrize("name", tried([*SEEDED], [*SEEDED][::2]))
def test_a_wrong_rule_is_found(name: str) -> None:
    op, sample = SEEDED[name]
    report = check_operator(replace(op, samples=(sample,)))
    assert not report, name
    assert check_operator(replace(OPS[op.name], samples=(sample,)))
