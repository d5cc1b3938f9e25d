"""The section `train`: which optimiser updates the parameters, and how often."""

from __future__ import annotations

from typing import Any, Final

from backprop_engine.errors import Code, ScenarioError, code
from backprop_engine.optim import OPTIMIZERS, SettingError
from backprop_engine.run import Training
from backprop_engine.scenario.format import TRAIN as FORM
from backprop_engine.scenario.mistakes import as_mapping, as_text, as_whole, is_absent, mistake
from backprop_engine.scenario.nearest import did_you_mean
from backprop_engine.scenario.nodes import Mapping, Node, plain

__all__ = ["MAX_STEPS", "read_training"]

TRAIN = code("train", "`train` has no optimiser or number of steps, or one that there is not.")
TRAIN_SETTING = code("train-setting", "A setting that an optimiser does not have, or cannot have so.")

MAX_STEPS: Final = 100_000
_EXAMPLE: Final = "such as `train: {optimizer: sgd, lr: 0.1, steps: 50}`"


def read_training(node: Node | None) -> Training | None:
    """The training that `node` describes; `ScenarioError` with everything that is wrong with it."""
    if node is None or is_absent(node):
        return None
    section = as_mapping(node, "a map with `optimizer` and `steps`", _EXAMPLE)
    for needed in FORM.names:
        if is_absent(section.get(needed)):
            near = [one for one in section.entries if did_you_mean(one, (needed,))]
            at = section.entries[near[0]].key if near else section
            hint = f"did you mean `{needed}`?" if near else _EXAMPLE
            raise mistake(TRAIN, at, f"`train` has no `{needed}`", hint)
    name = as_text(section.entries["optimizer"].value, "the name of an optimiser", _EXAMPLE)
    optimizer = OPTIMIZERS.get(name.text)
    if optimizer is None:
        hint = did_you_mean(name.text, OPTIMIZERS) or f"there are {', '.join(OPTIMIZERS)}"
        raise mistake(TRAIN, name, f"there is no optimiser `{name.text}`", hint)
    steps = _steps(section.entries["steps"].value)
    given: dict[str, Any] = {
        key: plain(entry.value) for key, entry in section.entries.items() if key not in FORM.names
    }
    found = [_placed(section, error) for error in optimizer.mistakes(given)]
    if found:
        raise ScenarioError(one for error in found for one in error.diagnostics)
    return Training(optimizer, optimizer.settings_of(given), steps)


def _steps(node: Node) -> int:
    steps = as_whole(node, "the number of updates", _EXAMPLE)
    if not 0 <= steps <= MAX_STEPS:
        raise mistake(TRAIN, node, f"`steps` is a whole number from 0 to {MAX_STEPS:,}")
    return steps


def _placed(section: Mapping, error: SettingError) -> ScenarioError:
    """What is wrong with a setting, at its place: its name where that is unknown, else its value."""
    entry = section.entries.get(error.name)
    kind: Code = TRAIN_SETTING
    if entry is None:
        return mistake(kind, section, error.message, error.hint)
    at = entry.key if error.known else entry.value
    return mistake(kind, at, error.message, did_you_mean(error.name, error.known) or error.hint)
