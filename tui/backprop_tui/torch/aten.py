# pyright: reportMissingImports=false
"""How calls of ATen operators translate into operators of ours.

Most translations follow from the declarations of how PyTorch is called
(`backprop_engine.program.pytorch_functions`): the name of the ATen operator is that of the function, and its
arguments have the same order and names. Calls that are spelled differently, or that become several
operators, have a reader in `aten_readers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Final, TypeAlias, get_args

import torch

from backprop_engine.arrays import Shape
from backprop_engine.messages.message import Hint, Message, msg
from backprop_engine.messages.plain_text import clean, shortened
from backprop_engine.ops import OPS
from backprop_engine.ops.attributes import OpAttribute
from backprop_engine.program.pytorch_functions import Parameter, functions
from backprop_tui.torch.draft import DraftOperand, LeafRef, ModelDraft, StepRef, refusal

__all__ = ["ALIASES", "REDUCTIONS", "AtenCall", "AtenResult", "derived", "is_derived"]

AtenResult: TypeAlias = DraftOperand | torch.Tensor | tuple[Any, ...]
"""The result of a call: an operand, a constant, or several of them."""

ALIASES: Final = {
    "log_sigmoid": "logsigmoid",
    "true_divide": "div",
    "divide": "div",
    "multiply": "mul",
    "subtract": "sub",
    "concat": "cat",
    "concatenate": "cat",
    "clip": "clamp",
    "_log_softmax": "log_softmax",
    "_softmax": "softmax",
}
"""The names that functions have in ATen, where they differ."""
_HARMLESS: Final = frozenset(
    (
        *("dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking", "copy"),
        *("half_to_float", "cudnn_enabled", "cudnn_enable", "use_input_stats", "momentum", "sparse_grad"),
    )
)
"""Arguments that change no number, or only the type of the result, which is checked separately."""
_AXES: Final = ("axis", "shift")
"""Settings of which a list has one entry for each axis it names."""
REDUCTIONS: Final = ("none", "mean", "sum")


class AtenCall:
    """A call of an ATen operator, and the draft to which its results are added.

    `parameters` are the operator's own, by name with their defaults, and `arguments` what was given:
    operands of the draft, tensors that are constant, and lists of both. `shape` is that of the result, and
    `as_leaf` makes a leaf of a constant.
    """

    def __init__(
        self,
        draft: ModelDraft,
        title: str,
        parameters: Mapping[str, Any],
        arguments: Mapping[str, Any],
        shape: Shape | None,
        as_leaf: Callable[[Any], LeafRef],
    ) -> None:
        self.draft, self.title, self.shape = draft, title, shape
        self.name, _, self.overload = title.removeprefix("aten.").partition(".")
        self.parameters, self.arguments = parameters, arguments
        self._as_leaf = as_leaf

    def __getitem__(self, name: str) -> Any:
        return self.arguments.get(name, self.parameters.get(name))

    def operand(self, value: Any) -> DraftOperand:
        """An argument as an operand: a constant becomes a leaf, or a number where it is one."""
        if isinstance(value, torch.Tensor):
            is_number = value.ndim == 0 and value.is_floating_point() and bool(value.isfinite())
            return float(value) if is_number else self._as_leaf(value)
        return value if isinstance(value, StepRef | LeafRef) else float(value)

    def apply(self, op: str, *operands: Any, **attributes: Any) -> StepRef:
        """Apply an operator of ours."""
        return self.draft.apply(op, *map(self.operand, operands), **attributes)

    def whole(self, op: str, *operands: Any, **attributes: Any) -> StepRef:
        """Apply the operator that computes the whole call, so its shape must be the same."""
        return self.apply(op, *operands, gives=self.shape, **attributes)

    def shape_of(self, value: Any) -> Shape:
        """The shape of an argument."""
        if isinstance(value, torch.Tensor):
            return tuple(value.shape)
        return self.draft.shape(self.operand(value))

    def constant(self, name: str) -> torch.Tensor:
        """The argument `name`, which must be constant."""
        if isinstance(self[name], torch.Tensor):
            return self[name]
        raise self.refuse(msg("its {name} depends on an input or a parameter", name=name))

    def only(self, **expected: Any) -> None:
        """Refuse the call if one of these arguments is not what it is by default, or as named here."""
        for name, value in expected.items():
            if self[name] != value:
                raise self.refuse(msg("{name}={value} is not supported", name=name, value=_shown(self[name])))

    def refuse(self, message: Message, hint: Hint = "") -> Exception:
        """An error at this call's line."""
        return refusal(self.draft.origin, msg("{op}: {problem}", op=self.title, problem=message), hint)


def is_derived(name: str) -> bool:
    """Whether the declarations of how PyTorch is called cover this ATen operator."""
    return ALIASES.get(name, name) in functions()


def derived(call: AtenCall) -> AtenResult:
    """The result of a call, as its declaration translates it."""
    spelling = functions()[ALIASES.get(call.name, call.name)]
    op = OPS[spelling.op]
    found: dict[str, Any] = {}
    for number, (name, default) in enumerate(call.parameters.items()):
        parameter = spelling.named.get(name)
        if parameter is None and number < len(spelling.places):
            parameter = spelling.places[number]
        if parameter is None:
            if call[name] != default and name not in _HARMLESS:
                raise call.refuse(msg("{name}={value} is not supported", name=name, value=_shown(call[name])))
        elif name in call.arguments or default is not None:
            found[parameter.name] = _value(call, op.attribute(parameter.name), parameter, call[name])
    operands = found.pop("operands", None)
    if operands is None:
        operands = [found.pop(name, None) for name in op.operands]
        while operands and operands[-1] is None:
            operands.pop()
    if None in operands:
        raise call.refuse(msg("an operand is missing before one that is given"))
    settings = {name: value for name, value in found.items() if value is not ...}
    return call.whole(op.name, *operands, **settings)


def _value(call: AtenCall, attribute: OpAttribute | None, parameter: Parameter, value: Any) -> Any:
    """An argument as one of our operands or settings; ``...`` if it has its default value."""
    if attribute is None:
        return list(value) if parameter.many or parameter.name == "operands" else value
    if parameter.name == "reduction":
        return REDUCTIONS[value]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return setting(call, attribute, value)
    if isinstance(value, StepRef | LeafRef | torch.Tensor):
        raise call.refuse(msg("its {name} is a tensor", name=parameter.name))
    if value is None and attribute.default is ...:
        raise call.refuse(msg("{name}={value} is not supported", name=parameter.name, value="None"))
    return float(value) if attribute.type in (float, float | None) and value is not None else value


def setting(call: AtenCall, attribute: OpAttribute, values: Sequence[Any]) -> Any:
    """A list of numbers as short as our setting can have it: one number where all sides have the same."""
    kinds = get_args(attribute.type) if isinstance(attribute.type, UnionType) else (attribute.type,)
    if not values:
        return ...
    if int in kinds and (len(values) == 1 or (attribute.name not in _AXES and len(set(values)) == 1)):
        return values[0]
    if kinds in ((int,), (int, NoneType)):
        raise call.refuse(msg("{name}={value} is not supported", name=attribute.name, value=_shown(values)))
    return tuple(values)


def _shown(value: Any) -> str:
    return shortened(clean(repr(value)), 40)
