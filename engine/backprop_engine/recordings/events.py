"""The events of a recording; `docs/recordings.md` describes the folder that holds them.

These declarations are all that recorders and readers share: a recorder encodes them, a reader decodes and
checks them, and the JSON Schema of the index is derived from them. They do not depend on a framework.

The garbage collector does not go through events: a recording has many of them, none of which is in a cycle.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

__all__ = [
    "DTYPES",
    "FORMAT",
    "MOST_OF_ERROR",
    "MOST_OF_TEXT",
    "BackwardCall",
    "BackwardCheck",
    "DataSpan",
    "EngineEnd",
    "EngineStart",
    "Event",
    "GraphNode",
    "Manifest",
    "Operand",
    "OperatorCall",
    "PlainValue",
    "ReducedGradient",
    "StepStart",
    "TensorEntry",
]

FORMAT: Final = 2
"""The version of the format; a reader refuses later ones. Version 1 has no events `check` and `reduced`."""
DTYPES: Final = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "BOOL": 1,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U8": 1,
}
"""The element types of stored tensors, as safetensors spells them, and their sizes in bytes."""

MOST_OF_TEXT: Final = 1_000
"""The most characters of a name, a path or another text."""
MOST_OF_ERROR: Final = 10_000
"""The most characters of the message of an error."""

Count: TypeAlias = Annotated[int, Meta(ge=0)]
Extent: TypeAlias = Annotated[int, Meta(ge=0, le=2**48)]
Text: TypeAlias = Annotated[str, Meta(max_length=MOST_OF_TEXT)]
PlainValue: TypeAlias = bool | int | float | Text | list[bool | int | float | Text | None] | None
"""An argument that is not a tensor; numbers that are not finite are strings."""


class DataSpan(Struct, frozen=True, gc=False, array_like=True):
    """The bytes of a tensor: the number of the shard, and the offsets within its data."""

    shard: Count
    begin: Extent
    end: Extent


class TensorEntry(Struct, frozen=True, gc=False, omit_defaults=True):
    """A tensor: its number in the step, its shape and figures, and where its entries are stored, if they are.

    `norm` is the Euclidean norm, or None if it is not finite or the type is not a floating one. `nan` and
    `inf` are counts of entries; they are separate since an infinity may be intended, as in a mask.
    """

    id: Count
    shape: Annotated[tuple[Extent, ...], Meta(max_length=64)]
    dtype: Text
    norm: float | None = None
    nan: Count = 0
    inf: Count = 0
    data: DataSpan | None = None


class Operand(Struct, frozen=True, gc=False, omit_defaults=True):
    """Tensor number `id` of this step, and where it comes from: output `output` of a node, or a named leaf.

    `tensor` describes it unless an earlier event has.
    """

    id: Count
    node: Text | None = None
    output: Count = 0
    leaf: Text | None = None
    tensor: TensorEntry | None = None


class StepStart(Struct, frozen=True, gc=False, tag_field="event", tag="step"):
    """The events that follow belong to this step of the training loop."""

    step: Count


class OperatorCall(Struct, frozen=True, gc=False, omit_defaults=True, tag_field="event", tag="op"):
    """An operator was called, at `line` of `file`, while the module `module` ran.

    `node` is the node of the backward graph that the call made, if any; `within` is the node whose backward
    called it, if any. `op` is a class name for a function with its own backward, and empty for a node whose
    call was not seen. `settings` are the arguments that are not tensors, by name.
    """

    op: Text
    node: Text | None = None
    within: Text | None = None
    module: Text = ""
    file: Text = ""
    line: Count = 0
    function: Text = ""
    inputs: tuple[Operand | None, ...] = ()
    outputs: tuple[TensorEntry, ...] = ()
    settings: dict[Text, PlainValue] = {}


class EngineStart(Struct, frozen=True, gc=False, tag_field="event", tag="run"):
    """The backward engine starts from these outputs of nodes, at `line` of `file`. Runs may nest."""

    roots: tuple[tuple[Text, Count], ...]
    file: Text = ""
    line: Count = 0


class GraphNode(Struct, frozen=True, gc=False, omit_defaults=True, tag_field="event", tag="node"):
    """A node of the backward graph, and the node and output that each of its operands comes from.

    For a leaf, `leaf` is its name, `value` the tensor, and `held` the gradient that it holds before the run.
    """

    node: Text
    name: Text
    next: tuple[tuple[Text, Count] | None, ...] = ()
    leaf: Text | None = None
    value: TensorEntry | None = None
    held: TensorEntry | None = None


class BackwardCall(Struct, frozen=True, gc=False, omit_defaults=True, tag_field="event", tag="backward"):
    """A node ran backward: the gradient at each of its outputs, and its contribution to each operand."""

    node: Text
    upstream: tuple[TensorEntry | None, ...] = ()
    contributions: tuple[TensorEntry | None, ...] = ()


class BackwardCheck(Struct, frozen=True, gc=False, omit_defaults=True, tag_field="event", tag="check"):
    """A node's contribution to operand number `operand`, compared with the derivative of the node's forward.

    `error` is relative to the size of the gradient; it is None if `reason` says why nothing was compared. If
    the contribution is `wrong`, `found` and `expected` are the two gradients, if known, and `file` and `line`
    are the place of the backward function. `name` is the operand's name in the forward function.
    """

    node: Text
    operand: Count
    name: Text = ""
    error: float | None = None
    wrong: bool = False
    found: TensorEntry | None = None
    expected: TensorEntry | None = None
    reason: Text = ""
    file: Text = ""
    line: Count = 0


class ReducedGradient(Struct, frozen=True, gc=False, omit_defaults=True, tag_field="event", tag="reduced"):
    """The gradient of a parameter after the reduction between ranks.

    Each rank contributes the gradient that arrived at its leaf of this name. `first` is the first row of the
    part that this rank keeps, or None if it keeps all rows.
    """

    leaf: Text
    gradient: TensorEntry
    first: Count | None = None


class EngineEnd(Struct, frozen=True, gc=False, tag_field="event", tag="end"):
    """The backward engine is done; `error` is the message of the exception that stopped it, if any."""

    error: Annotated[str, Meta(max_length=MOST_OF_ERROR)] = ""


Event: TypeAlias = (
    StepStart
    | OperatorCall
    | EngineStart
    | GraphNode
    | BackwardCall
    | BackwardCheck
    | ReducedGradient
    | EngineEnd
)


class Manifest(Struct, frozen=True, gc=False, omit_defaults=True):
    """What was recorded, and how; `model` is the name of the outermost module, and `left_out` says in
    sentences what is missing, and why.
    """

    format: Count
    framework: Text
    version: Text
    rank: Count = 0
    world: Count = 1
    cells: int | None = None
    modules: Text | None = None
    first_step: Count = 0
    last_step: int = -1
    complete: bool = False
    left_out: tuple[Annotated[str, Meta(max_length=MOST_OF_ERROR)], ...] = ()
    model: Text = ""
