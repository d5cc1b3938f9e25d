"""The key `batch` of `train`: how many examples each iteration sees, and which leaves they are in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from backprop_engine.arrays import Shape
from backprop_engine.errors import code
from backprop_engine.expressions import normalised
from backprop_engine.graph.graph import Kind
from backprop_engine.messages.message import Hint, joined, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.scenario.format import BATCH
from backprop_engine.scenario.leaves.leaf import Leaf
from backprop_engine.scenario.read.mistakes import (
    as_bool,
    as_int,
    as_mapping,
    as_sequence,
    as_text,
    is_absent,
    mistake,
    only_keys,
)
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, YamlScalar

__all__ = ["BatchPlan", "batch_shapes", "read_batch"]

TRAIN_BATCH = code(
    "train-batch",
    msg("Batches are taken from a leaf that holds no examples, or their size does not fit the examples."),
)

_EXAMPLE: Final = "batch: {size: 4, of: [X, t], shuffle: 7}"


class BatchPlan(Struct, frozen=True, eq=False):
    """What `batch` says: the names in `of` as they are there, and the seed of the order if there is one."""

    size: int
    of: tuple[YamlScalar, ...]
    seed: int | None
    drop_last: bool
    at: YamlNode

    @property
    def names(self) -> tuple[str, ...]:
        """The leaves that get batches, each once."""
        return tuple(dict.fromkeys(normalised(name.text) for name in self.of))


def read_batch(train: YamlNode | None, leaves: Mapping[str, Leaf]) -> BatchPlan | None:
    """The plan of batches in the section `train`, if it has one; `ScenarioError` if it cannot be read."""
    node = train.get("batch") if isinstance(train, YamlMapping) else None
    if node is None or is_absent(node):
        return None
    if isinstance(node, YamlScalar) and type(node.value) is int:
        message = msg("`batch` does not say which leaves hold the examples")
        raise mistake(TRAIN_BATCH, node, message, msg("such as `{text}`", text=_suggested(node, leaves)))
    example = msg("such as `{text}`", text=_EXAMPLE)
    section = as_mapping(node, msg("a map with `size` and `of`"), example)
    only_keys(section, BATCH.names, "`batch`")
    for key in ("size", "of"):
        if is_absent(section.get(key)):
            raise mistake(TRAIN_BATCH, section, msg("`batch` has no `{key}`", key=key), example)
    size = section.entries["size"].value
    if as_int(size, msg("the number of examples in a batch"), example) < 1:
        raise mistake(TRAIN_BATCH, size, msg("a batch needs at least 1 example"))
    names = as_sequence(section.entries["of"].value, msg("a list of inputs and constants"), example)
    of = tuple(as_text(name, msg("the name of a leaf"), example) for name in names)
    if not of:
        raise mistake(TRAIN_BATCH, names, msg("`of` names no leaf"), example)
    return BatchPlan(as_int(size, ""), of, _seed(section), _drops_last(section), node)


def _suggested(node: YamlScalar, leaves: Mapping[str, Leaf]) -> str:
    """The long form, with those leaves that have as many examples as the first that may be meant."""
    able = [leaf for leaf in leaves.values() if leaf.kind is not Kind.PARAM and len(leaf.shape)]
    names = [leaf.name for leaf in able if leaf.shape[0] == able[0].shape[0]] or ["X", "t"]
    return f"batch: {{size: {node.text}, of: [{', '.join(names)}]}}"


def _seed(section: YamlMapping) -> int | None:
    node = section.get("shuffle")
    if node is None or is_absent(node):
        return None
    seed = as_int(node, msg("the seed of the shuffle"), msg("such as `{text}`", text="shuffle: 7"))
    if seed < 0:
        raise mistake(TRAIN_BATCH, node, msg("`{key}` must be a whole number, 0 or more", key="shuffle"))
    return seed


def _drops_last(section: YamlMapping) -> bool:
    node = section.get("drop_last")
    return node is not None and not is_absent(node) and as_bool(node, msg("`true` or `false`"))


def batch_shapes(plan: BatchPlan, leaves: Mapping[str, Leaf]) -> dict[str, Shape]:
    """The shapes that the leaves have in a batch; `ScenarioError` if they hold no examples that fit."""
    first, count = "", 0
    for scalar, name in ((scalar, normalised(scalar.text)) for scalar in plan.of):
        leaf = leaves.get(name)
        if leaf is None:
            hint: Hint = did_you_mean(name, leaves) or msg("the leaves are {names}", names=", ".join(leaves))
            raise mistake(TRAIN_BATCH, scalar, msg("there is no leaf `{name}`", name=clean(name)), hint)
        if leaf.kind is Kind.PARAM:
            message = msg("`{name}` is a parameter: batches are taken from inputs and constants", name=name)
            raise mistake(TRAIN_BATCH, scalar, message)
        if not leaf.shape:
            message = msg("`{name}` is a single number: it has no axis of examples", name=name)
            raise mistake(TRAIN_BATCH, scalar, message)
        first, count = (first, count) if first else (name, leaf.shape[0])
        if leaf.shape[0] != count:
            message = msg(
                "`{name}` has {found} examples, but `{first}` has {count}",
                name=name,
                found=leaf.shape[0],
                first=first,
                count=count,
            )
            raise mistake(TRAIN_BATCH, scalar, message)
    _refuse_size(plan, count)
    return {name: (plan.size, *leaves[name].shape[1:]) for name in plan.names}


def _refuse_size(plan: BatchPlan, count: int) -> None:
    """Refuse batches that do not fill an epoch, unless the remainder is dropped."""
    if plan.size > count:
        message = msg("a batch of {size} is larger than the {count} examples", size=plan.size, count=count)
        raise mistake(TRAIN_BATCH, plan.at, message)
    left = count % plan.size
    if left and not plan.drop_last:
        message = msg(
            "{count} examples do not divide into batches of {size}: {left} would be left over",
            count=count,
            size=plan.size,
            left=left,
        )
        fitting = max(size for size in range(1, plan.size) if not count % size)
        hints = (
            msg("`drop_last: true` leaves them out, as in PyTorch's DataLoader"),
            msg("a size that fits is {size}", size=fitting),
        )
        raise mistake(TRAIN_BATCH, plan.at, message, joined("; ", hints))
