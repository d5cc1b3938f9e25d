"""The keys of a scenario file: the maps of the format, their keys, what each means and what its value is.

The loader knows its keys from here, and the JSON Schema for editors is made from here. Which settings are
beside the keys of a form that is `open` is said by the tables of operators, of optimisers and of inits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from backprop_engine.messages.message import Message, msg

__all__ = [
    "ASK",
    "ASKED_BEFORE",
    "BATCH",
    "CARRIED",
    "CELL",
    "DATA_DTYPES",
    "DTYPES",
    "EXPECT",
    "EXPRESSION",
    "FANS",
    "FILE",
    "FILE_IN_ARCHIVE",
    "FILLED",
    "INIT_NAMES",
    "INIT_SETTINGS",
    "INSTANCE",
    "LANGUAGE",
    "MAX_DIGITS",
    "NODE_FORMS",
    "NOTE",
    "OPERATOR",
    "OWN_OPERATOR",
    "PHASES",
    "RANDOM",
    "RUNNING",
    "SCAN",
    "SCENARIO",
    "SCHEDULE",
    "TRAIN",
    "Form",
    "FormatKey",
    "ValueKind",
    "filled_keys",
]

ValueKind: TypeAlias = Literal[
    "text", "texts", "dtype", "leaves", "nodes", "cells", "path", "numbers", "expect", "train", "lines",
    "notes", "shape", "init", "number", "natural", "fan", "file", "array", "rows", "columns", "data-dtype",
    "operator", "operands", "expression", "cell", "arguments", "over", "carry", "operand", "names", "values",
    "gradients", "tolerance", "digits", "flag", "optimizer", "updates", "operators", "formula", "rules",
    "axes", "sign", "positive", "schedule", "schedule-kind", "batch",
    "size", "running", "share", "note", "which-iteration", "phase", "scenarios", "asks", "answer", "choices",
    "before",
]  # fmt: skip
"""What the value of a key can be."""


class FormatKey(Struct, frozen=True):
    """A key: the kind of its value, what it means in one sentence, and whether it must be there."""

    name: str
    kind: ValueKind
    meaning: Message
    needed: bool = False


class Form(Struct, frozen=True):
    """A map with keys of its own; where it is `open`, settings from another table are beside them."""

    meaning: Message
    keys: tuple[FormatKey, ...]
    names: tuple[str, ...]
    open: bool = False


def form(meaning: Message, *keys: FormatKey, open: bool = False) -> Form:
    """A form of these keys."""
    return Form(meaning, keys, tuple(key.name for key in keys), open)


# The whole

SCENARIO: Final = form(
    msg("A computational graph with its numbers."),
    FormatKey(
        "title",
        "texts",
        msg("The title: a text, or a map from languages to texts."),
    ),
    FormatKey(
        "description",
        "texts",
        msg("What the scenario shows: a text, or a map from languages to texts."),
    ),
    FormatKey("source", "text", msg("Where the example comes from.")),
    FormatKey(
        "objective",
        "texts",
        msg("What learners can do after working through it: a text, or a map from languages to texts."),
    ),
    FormatKey(
        "requires",
        "scenarios",
        msg("Scenarios to work through before this one: a name, or a list of names."),
    ),
    FormatKey(
        "next",
        "scenarios",
        msg("The scenario to continue with, or a list of them."),
    ),
    FormatKey(
        "dtype",
        "dtype",
        msg("The floating-point type of the whole graph; float64 by default."),
    ),
    FormatKey(
        "inputs",
        "leaves",
        msg("Leaves that hold data; they get gradients."),
    ),
    FormatKey(
        "params",
        "leaves",
        msg("Leaves that an optimiser updates; they get gradients."),
    ),
    FormatKey(
        "constants",
        "leaves",
        msg("Leaves that get no gradient: targets, masks, lists of indices."),
    ),
    FormatKey(
        "operators",
        "operators",
        msg("The file's own operators, each with a formula and, where it needs them, backward rules."),
    ),
    FormatKey(
        "nodes",
        "nodes",
        msg("Everything that is computed, in any order."),
        needed=True,
    ),
    FormatKey(
        "cells",
        "cells",
        msg("Reusable subgraphs; nodes make instances of them with `cell` or `scan`."),
    ),
    FormatKey(
        "output",
        "path",
        msg("The node from which the backward pass starts; required if more than one node feeds no other."),
    ),
    FormatKey(
        "seed",
        "numbers",
        msg(
            "The gradient with which the backward pass starts: 1 for a scalar output, required for any other."
        ),
    ),
    FormatKey(
        "expect",
        "expect",
        msg("Expected values and gradients: a block, or a list of blocks."),
    ),
    FormatKey(
        "train",
        "train",
        msg("How the parameters are updated, and how often."),
    ),
    FormatKey(
        "breakpoints",
        "lines",
        msg("Where the debugger stops, as typed at its prompt: `q`, `op relu`, `phase backward`."),
    ),
    FormatKey("watch", "lines", msg("Expressions that the debugger keeps in view.")),
    FormatKey(
        "notes",
        "notes",
        msg("Sentences shown when a node is reached, by the node's name."),
    ),
    FormatKey(
        "ask",
        "asks",
        msg("Questions for practice, under the name of the node they are about: one, or a list of them."),
    ),
)

DTYPES: Final[Mapping[str, Message]] = {
    "float64": msg("Double precision."),
    "float32": msg("Single precision."),
    "float16": msg("Half precision."),
}

LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
"""A key of a text in several languages."""

# Nodes

_NOTE: Final = FormatKey("note", "note", msg("A sentence shown when the node is reached."))

NOTE: Final = form(
    msg("A note for some of the steps at its node: those of an iteration, of a phase, or of both."),
    FormatKey("text", "texts", msg("The sentence: a text, or a map from languages to texts."), needed=True),
    FormatKey(
        "iteration",
        "which-iteration",
        msg("With `train`: the iteration in which the note is shown, a number or `last`."),
    ),
    FormatKey("phase", "phase", msg("The phase in which the note is shown.")),
)

PHASES: Final[Mapping[str, Message]] = {
    "forward": msg("The step that computes the node."),
    "backward": msg("The steps that gradients take, the seed included."),
    "update": msg("The step that updates a parameter."),
}
"""What a note can be bound to."""

OPERATOR: Final = form(
    msg("An operator, its operands by name, and its settings beside them."),
    FormatKey("op", "operator", msg("The operator."), needed=True),
    FormatKey(
        "inputs",
        "operands",
        msg("The operands in order: names of leaves and nodes, or numbers."),
    ),
    _NOTE,
    open=True,
)

EXPRESSION: Final = form(
    msg("An expression with a note."),
    FormatKey(
        "expr",
        "expression",
        msg("What the node computes: `tanh(W @ x + b)`."),
        needed=True,
    ),
    _NOTE,
)

INSTANCE: Final = form(
    msg("An instance of a cell."),
    FormatKey("cell", "cell", msg("The cell of which this is an instance."), needed=True),
    FormatKey(
        "inputs",
        "arguments",
        msg("What is passed to each input of the cell: a name, a number, or an expression."),
    ),
    _NOTE,
)

SCAN: Final = form(
    msg("A cell unrolled over time: one instance for each entry along the first axis."),
    FormatKey("scan", "cell", msg("The cell that is unrolled."), needed=True),
    FormatKey(
        "over",
        "over",
        msg("The cell's inputs that change with time, and the tensors whose first axis is time."),
        needed=True,
    ),
    FormatKey(
        "carry",
        "carry",
        msg("The cell's inputs that come from the previous instance: `{{h_prev: {{init: h0, next: h}}}}`."),
    ),
    FormatKey(
        "inputs",
        "arguments",
        msg("The cell's inputs that are the same at all times."),
    ),
    _NOTE,
)

NODE_FORMS: Final[Mapping[str, Form]] = {
    "op": OPERATOR,
    "expr": EXPRESSION,
    "cell": INSTANCE,
    "scan": SCAN,
}
"""The maps that can be a node, by the key that tells them apart."""

CARRIED: Final = form(
    msg("How an input is carried from instance to instance."),
    FormatKey("init", "operand", msg("What is passed to the first instance."), needed=True),
    FormatKey(
        "next",
        "path",
        msg("The cell's node that is passed to the next instance."),
        needed=True,
    ),
)

CELL: Final = form(
    msg("A subgraph: its inputs, what it computes, and which of its nodes others may use."),
    FormatKey("inputs", "names", msg("The names of the cell's inputs.")),
    FormatKey(
        "nodes",
        "nodes",
        msg("What an instance computes; other names are those of the top level, so weights are shared."),
        needed=True,
    ),
    FormatKey(
        "outputs",
        "names",
        msg("The nodes that others may use, as `NAME.h`."),
        needed=True,
    ),
)

# Operators of a file's own

OWN_OPERATOR: Final = form(
    msg("One of the file's own operators."),
    FormatKey("inputs", "names", msg("The names of its operands."), needed=True),
    FormatKey("forward", "formula", msg("What it computes, as an expression over its inputs."), needed=True),
    FormatKey(
        "backward",
        "rules",
        msg(
            "The gradient of each input, as an expression over the inputs, `out` and the upstream "
            "gradient `g`; derived from `forward` if omitted, and no gradient if empty."
        ),
    ),
    FormatKey("shape", "axes", msg("The axes of inputs and `out`: `{{a: [n, d], out: [n]}}`.")),
    FormatKey("sign", "sign", msg("The sign shown in its node in the graph.")),
    FormatKey("wrong", "flag", msg("Whether a rule is a known mistake that the numeric check must find.")),
    FormatKey("lesson", "texts", msg("What its backward step does, in a sentence.")),
)

# Questions

ASK: Final = form(
    msg("A question for practice, such as `{{question: What is it?, answer: 2 * x}}`."),
    FormatKey(
        "question", "texts", msg("The question: a text, or a map from languages to texts."), needed=True
    ),
    FormatKey(
        "answer",
        "answer",
        msg(
            "The right answer: an expression, which may contain gradients such as `∂L/∂x` or `grad(x)`, "
            "numbers, or one of the choices."
        ),
        needed=True,
    ),
    FormatKey("choices", "choices", msg("Answers to choose from, one of them right.")),
    FormatKey("hint", "texts", msg("A hint, shown on request.")),
    FormatKey(
        "when",
        "before",
        msg(
            "The step before which it is asked: `forward`, the one that computes the node, or "
            "`backward`, the one that completes its gradient."
        ),
    ),
)

ASKED_BEFORE: Final[Mapping[str, Message]] = {
    "forward": msg("Before the node is computed."),
    "backward": msg("Before the gradient of the node is complete."),
}

# Expectations

EXPECT: Final = form(
    msg("Expected figures, and their tolerance."),
    FormatKey(
        "iteration",
        "natural",
        msg("With `train`: the iteration to which the figures belong; 0 by default."),
    ),
    FormatKey("values", "values", msg("Expected values, by name.")),
    FormatKey(
        "grads",
        "gradients",
        msg(
            "Expected gradients, by name: numbers, or a formula, which may contain gradients such as "
            "`∂L/∂x` or `grad(x)`."
        ),
    ),
    FormatKey(
        "rtol",
        "tolerance",
        msg("The relative tolerance of a figure; 1e-9 by default."),
    ),
    FormatKey(
        "atol",
        "tolerance",
        msg("The absolute tolerance of a figure; 1e-12 by default."),
    ),
    FormatKey(
        "digits",
        "digits",
        msg(
            "The number of digits after the decimal point to which the figures are rounded; replaces "
            "`rtol` and `atol`."
        ),
    ),
    FormatKey(
        "wrong",
        "flag",
        msg("Whether this is a known mistake: at least one of the figures must differ."),
    ),
)

MAX_DIGITS: Final = 300

# Training

TRAIN: Final = form(
    msg("An optimiser, its settings, and how many updates it makes."),
    FormatKey("optimizer", "optimizer", msg("The optimiser."), needed=True),
    FormatKey(
        "steps",
        "updates",
        msg("The number of updates; one last forward pass follows."),
        needed=True,
    ),
    FormatKey("batch", "batch", msg("How many examples each iteration sees, and which leaves they are in.")),
    FormatKey(
        "clip_norm",
        "positive",
        msg("The largest norm that the gradients of all parameters together may have at an update."),
    ),
    FormatKey(
        "clip_value",
        "positive",
        msg("The largest absolute value that an entry of a gradient may have before an update."),
    ),
    FormatKey(
        "running", "running", msg("Constants that follow a computed value from iteration to iteration.")
    ),
    FormatKey("schedule", "schedule", msg("How the learning rate changes from update to update.")),
    open=True,
)

BATCH: Final = form(
    msg("Minibatches, such as `{{size: 4, of: [X, t], shuffle: 7}}`."),
    FormatKey("size", "size", msg("How many examples are in a batch."), needed=True),
    FormatKey(
        "of",
        "names",
        msg("The inputs and constants that hold all examples, along their first axis."),
        needed=True,
    ),
    FormatKey(
        "shuffle",
        "natural",
        msg(
            "The seed of the shuffle, which differs in every epoch; without it, the order is "
            "that of the data."
        ),
    ),
    FormatKey(
        "drop_last",
        "flag",
        msg(
            "Whether an epoch drops the last examples if they do not fill a batch; required if there are any."
        ),
    ),
)

RUNNING: Final = form(
    msg("What a constant follows, such as `{{follows: m, momentum: 0.1}}`."),
    FormatKey(
        "follows", "path", msg("The node whose value it moves towards after each iteration."), needed=True
    ),
    FormatKey("momentum", "share", msg("The fraction of the way it moves, from 0 to 1; 0.1 by default.")),
)

SCHEDULE: Final = form(
    msg("A schedule of the learning rate, such as `{{kind: cosine, T_max: 50}}`."),
    FormatKey(
        "kind", "schedule-kind", msg("The rule that gives each update its learning rate."), needed=True
    ),
    open=True,
)

FILLED: Final = form(
    msg("A tensor filled by a rule, such as `{{shape: [2, 3], init: zeros}}`."),
    FormatKey(
        "shape",
        "shape",
        msg("The sizes of the axes: `[2, 3]`, `[3]` for a vector, `[]` for a scalar."),
        needed=True,
    ),
    FormatKey("init", "init", msg("How the tensor is filled."), needed=True),
    open=True,
)

INIT_NAMES: Final[Mapping[str, Message]] = {
    "zeros": msg("Zeros."),
    "ones": msg("Ones."),
    "eye": msg("A matrix with ones on its diagonal."),
    "arange": msg("0, 1, 2, … row by row."),
    "constant": msg("One number everywhere: `value`."),
    "normal": msg("Normally distributed, with `mean` and `std`."),
    "uniform": msg("Uniformly distributed from `low` up to `high`."),
    "xavier_uniform": msg("Uniform in ±√(6 / (fan_in + fan_out))."),
    "xavier_normal": msg("Normal, with the standard deviation √(2 / (fan_in + fan_out))."),
    "he_uniform": msg("Uniform in ±√(6 / fan_in)."),
    "he_normal": msg("Normal, with the standard deviation √(2 / fan_in)."),
}

INIT_SETTINGS: Final[Mapping[str, FormatKey]] = {
    key.name: key
    for key in (
        FormatKey("value", "number", msg("The number that fills the tensor.")),
        FormatKey("mean", "number", msg("The mean of the distribution.")),
        FormatKey("std", "number", msg("The standard deviation of the distribution.")),
        FormatKey("low", "number", msg("The lower bound of the distribution.")),
        FormatKey("high", "number", msg("The upper bound of the distribution.")),
    )
}

RANDOM: Final = form(
    msg("Further settings of random initialisers."),
    FormatKey(
        "seed",
        "natural",
        msg("The seed of the random numbers, so that every run draws the same ones."),
        needed=True,
    ),
)

FANS: Final = form(
    msg("Settings of initialisers that count a unit's connections."),
    FormatKey(
        "fan",
        "fan",
        msg("`transposed` for a weight on the right of a product: fan_in and fan_out are swapped."),
    ),
)

_FILE_KEYS: Final = (
    FormatKey(
        "file",
        "file",
        msg("A `.csv`, `.npy` or `.npz` file in the scenario's folder or below it."),
        needed=True,
    ),
    FormatKey(
        "rows",
        "rows",
        msg('Which rows, counted from 0: a slice such as `"0:32"`, a list, or one number.'),
    ),
    FormatKey(
        "columns",
        "columns",
        msg("Which columns, by number from 0 or by name; a single one gives a vector."),
    ),
    FormatKey(
        "dtype",
        "data-dtype",
        msg("`int` if the file must hold whole numbers."),
    ),
)
FILE: Final = form(
    msg("Numbers from a file, such as `{{file: data/iris.csv, columns: [0, 1]}}`."),
    *_FILE_KEYS,
)
FILE_IN_ARCHIVE: Final = form(
    msg("Numbers from an `.npz` file, such as `{{file: data/points.npz, key: X}}`."),
    _FILE_KEYS[0],
    FormatKey(
        "key",
        "array",
        msg("Which array of the `.npz` file."),
        needed=True,
    ),
    *_FILE_KEYS[1:],
)

DATA_DTYPES: Final[Mapping[str, Message]] = {
    "int": msg("Whole numbers; anything else is refused."),
    "float": msg("Numbers as they are."),
}


def filled_keys(settings: Iterable[str], *, random: bool, fans: bool) -> tuple[str, ...]:
    """The keys of a leaf whose init has these `settings`, is `random`, and counts connections (`fans`)."""
    return (*FILLED.names, *settings, *(RANDOM.names if random else ()), *(FANS.names if fans else ()))
