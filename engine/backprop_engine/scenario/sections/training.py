"""The section `train`: which optimiser updates the parameters, and how often."""

from __future__ import annotations

from math import inf
from typing import Any, Final, Literal

from backprop_engine.errors import Code, ScenarioError, code
from backprop_engine.messages.message import msg
from backprop_engine.messages.suggestions import did_you_mean
from backprop_engine.optim import OPTIMIZERS, SCHEDULES, Clipping, Optimizer, RateSchedule, SettingError
from backprop_engine.optim.settings import setting_mistakes, settings_filled
from backprop_engine.scenario.format import TRAIN as TRAIN_FORM
from backprop_engine.scenario.read.mistakes import (
    Mistakes,
    as_int,
    as_mapping,
    as_number,
    as_text,
    is_absent,
    mistake,
)
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlNode, plain
from backprop_engine.trace.run import Training

__all__ = ["MAX_STEPS", "read_training"]

TRAIN = code(
    "train", msg("`train` has no optimiser or no number of steps, or an optimiser that does not exist.")
)
TRAIN_SETTING = code(
    "train-setting",
    msg("An optimiser is given an unknown setting, or a value that the setting cannot have."),
)

MAX_STEPS: Final = 100_000
_CLIPPINGS: Final[tuple[Literal["clip_norm", "clip_value"], ...]] = ("clip_norm", "clip_value")
_EXAMPLE: Final = msg("such as `{text}`", text="train: {optimizer: sgd, lr: 0.1, steps: 50}")

_ELSEWHERE: Final = {
    "max_norm": "clip_norm",
    "max_grad_norm": "clip_norm",
    "grad_clip": "clip_norm",
    "gradient_clip_val": "clip_norm",
    "clip": "clip_norm",
    "clip_grad_norm": "clip_norm",
    "clip_grad_value": "clip_value",
    "batch_size": "batch",
    "lr_schedule": "schedule",
    "lr_scheduler": "schedule",
    "scheduler": "schedule",
}
"""Names that other libraries have for keys of `train`."""
_EPOCHS: Final = ("epochs", "epoch", "num_epochs", "n_epochs", "max_epochs")
"""Their names for the number of passes over all examples, which is not a key here."""


def read_training(node: YamlNode) -> Training:
    """The training that `node` describes; `ScenarioError` with everything that is wrong with it."""
    section = as_mapping(node, msg("a map with `optimizer` and `steps`"), _EXAMPLE)
    mistakes = Mistakes()
    optimizer: Optimizer | None = None
    steps = 0
    misspelled: dict[str, None] = {}
    with mistakes.collected():
        optimizer = _optimizer(_needed(section, "optimizer", misspelled))
    with mistakes.collected():
        steps = _steps(_needed(section, "steps", misspelled))
    clipping: Clipping | None = None
    schedule: RateSchedule | None = None
    with mistakes.collected():
        clipping = _clipping(section)
    with mistakes.collected():
        schedule = _schedule(section.get("schedule"))
    given: dict[str, Any] = {
        key: plain(entry.value)
        for key, entry in section.entries.items()
        if key not in TRAIN_FORM.names and key not in misspelled
    }
    for error in optimizer.mistakes(given) if optimizer else ():
        mistakes.add(_placed(section, error).diagnostics)
    mistakes.raise_if_any()
    assert optimizer is not None  # else that is a mistake
    return Training(optimizer, optimizer.settings_of(given), steps, clipping, schedule)


def _needed(section: YamlMapping, key: str, misspelled: dict[str, None]) -> YamlNode:
    """The value of a required key; a key that is a misspelling of it is noted in `misspelled`."""
    given = section.get(key)
    if given is not None and not is_absent(given):
        return given
    near = [
        other for other in section.entries if other not in TRAIN_FORM.names and did_you_mean(other, (key,))
    ]
    misspelled.update(dict.fromkeys(near[:1]))
    at = section.entries[near[0]].key if near else section
    raise mistake(
        TRAIN,
        at,
        msg("`train` has no `{key}`", key=key),
        msg("did you mean `{text}`?", text=key) if near else _EXAMPLE,
    )


def _optimizer(node: YamlNode) -> Optimizer:
    name = as_text(node, msg("the name of an optimiser"), _EXAMPLE)
    optimizer = OPTIMIZERS.get(name.text)
    if optimizer is None:
        hint = did_you_mean(name.text, OPTIMIZERS) or msg("available: {names}", names=", ".join(OPTIMIZERS))
        raise mistake(TRAIN, name, msg("there is no optimiser `{name}`", name=name.text), hint)
    return optimizer


def _steps(node: YamlNode) -> int:
    steps = as_int(node, msg("the number of updates"), _EXAMPLE)
    if not 0 <= steps <= MAX_STEPS:
        raise mistake(TRAIN, node, msg("`steps` must be a whole number from 0 to {most:,}", most=MAX_STEPS))
    return steps


def _clipping(section: YamlMapping) -> Clipping | None:
    """How gradients are clipped before an update, if they are."""
    there = tuple(kind for kind in _CLIPPINGS if not is_absent(section.get(kind)))
    if len(there) > 1:
        message = msg("`clip_norm` and `clip_value` cannot both be given")
        raise mistake(TRAIN, section.entries[there[1]].key, message, msg("leave one of them out"))
    for kind in _CLIPPINGS:
        if kind not in there:
            continue
        node = section.entries[kind].value
        most = as_number(node, msg("a number above 0"), msg("such as `{text}`", text=f"{kind}: 1"))
        if not 0 < most < inf:
            raise mistake(TRAIN, node, msg("`{key}` must be a finite number above 0", key=kind))
        return Clipping(kind, most)
    return None


def _schedule(node: YamlNode | None) -> RateSchedule | None:
    """How the learning rate changes; `ScenarioError` with everything that is wrong with it."""
    if node is None or is_absent(node):
        return None
    example = msg("such as `{text}`", text="schedule: {kind: cosine, T_max: 50}")
    section = as_mapping(node, msg("a map with `kind`"), example)
    chosen = section.get("kind")
    if chosen is None or is_absent(chosen):
        raise mistake(TRAIN, section, msg("`schedule` has no `kind`"), example)
    name = as_text(chosen, msg("the name of a schedule"), example)
    kind = SCHEDULES.get(name.text)
    if kind is None:
        hint = did_you_mean(name.text, SCHEDULES) or msg("available: {names}", names=", ".join(SCHEDULES))
        raise mistake(TRAIN, name, msg("there is no schedule `{name}`", name=name.text), hint)
    mistakes = Mistakes()
    given = {key: plain(entry.value) for key, entry in section.entries.items() if key != "kind"}
    for error in setting_mistakes(given, kind.name, kind.settings):
        mistakes.add(_placed(section, error).diagnostics)
    mistakes.raise_if_any()
    return RateSchedule(kind, settings_filled(given, kind.settings))


def _placed(section: YamlMapping, error: SettingError) -> ScenarioError:
    """What is wrong with a setting, at its place: its name where that is unknown, else its value."""
    entry = section.entries.get(error.name)
    kind: Code = TRAIN_SETTING
    if entry is None:
        return mistake(kind, section, error.message, error.hint)
    if error.known and error.name in _EPOCHS:
        hint = msg("`steps` counts updates: an epoch of 100 examples in batches of 20 is 5 steps")
        return mistake(kind, entry.key, error.message, hint)
    if error.known and error.name in _ELSEWHERE:
        return mistake(
            kind, entry.key, error.message, msg("here it is called `{key}`", key=_ELSEWHERE[error.name])
        )
    at = entry.key if error.known else entry.value
    return mistake(kind, at, error.message, did_you_mean(error.name, error.known) or error.hint)
