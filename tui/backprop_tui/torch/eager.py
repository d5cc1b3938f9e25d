# pyright: reportMissingImports=false
"""A module as it runs: what it is called with, and the loss and the gradients that autograd computes."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import torch
from msgspec import Struct
from torch.utils._pytree import tree_flatten, tree_flatten_with_path, tree_unflatten

from backprop_engine.arrays import Tensor
from backprop_engine.errors import UsageError
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean

__all__ = [
    "TARGET",
    "EagerRun",
    "ModelCall",
    "ModelLoss",
    "checked_type",
    "computed",
    "own_path",
    "undisturbed",
]

TARGET: Final = "target"
"""The attribute of the exported module that holds the target of the loss."""
_ROOT: Final = "module"
"""The attribute that holds the user's module."""
_TYPES: Final = ("torch.float32", "torch.float64")
_LARGEST: Final = 10_000_000
"""How many numbers parameters and arguments may have together."""


def own_path(path: str) -> str:
    """A path as the user's own module has it."""
    return path.removeprefix(_ROOT).removeprefix(".")


class ModelLoss(torch.nn.Module):  # type: ignore[misc]  # torch is not there where types are checked
    """The module and the loss as one module."""

    def __init__(self, module: Any, loss: Any, target: Any) -> None:
        super().__init__()
        self.module, self.loss, self.target = module, loss, target
        self.training = module.training

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The loss."""
        output = self.module(*args, **kwargs)
        if self.loss is None:
            return output
        return self.loss(output) if self.target is None else self.loss(output, self.target)

    @property
    def kinds(self) -> dict[str, str]:
        """The classes of the modules, by their paths."""
        return {own_path(path): type(one).__name__ for path, one in self.named_modules()}

    @property
    def takes(self) -> dict[str, list[str]]:
        """What the modules are called with, by their paths."""
        return {
            own_path(path): list(inspect.signature(one.forward).parameters)
            for path, one in self.named_modules()
        }


class ModelCall(Struct):
    """What the module is called with; `values` are all values in it, and `names` their names."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    names: list[str]
    values: list[Any]

    @classmethod
    def of(cls, module: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> ModelCall:
        """The arguments; `UsageError` where the module does not take them."""
        try:
            bound = inspect.signature(module.forward).bind(*args, **kwargs)
        except TypeError as problem:
            text = msg("the module does not take these arguments: {problem}", problem=clean(str(problem)))
            raise UsageError(text) from None
        names = [
            f"{name}{_suffix(keys)}"
            for name, value in bound.arguments.items()
            for keys, _ in tree_flatten_with_path(value)[0]
        ]
        return cls(bound.args, bound.kwargs, names, tree_flatten((bound.args, bound.kwargs))[0])


def _suffix(keys: Sequence[Any]) -> str:
    return "".join(f"_{getattr(key, 'key', getattr(key, 'idx', ''))}" for key in keys)


def checked_type(module: Any, run: ModelCall) -> Any:
    """The floating type of the computation; refuses types that we lack, mixed types, and large models."""
    tensors = [*module.parameters(), *(one for one in run.values if isinstance(one, torch.Tensor))]
    count = sum(one.numel() for one in tensors)
    if count > _LARGEST:
        size = msg("the model has {count:,} numbers; a scenario at most {most:,}", count=count, most=_LARGEST)
        raise UsageError(size, msg("record the run instead: backprop_tui.torch.record"))
    found = sorted({str(one.dtype) for one in tensors if one.is_floating_point()})
    if len(found) != 1 or found[0] not in _TYPES:
        types = ", ".join(found) or msg("no floating type")
        raise UsageError(
            msg("parameters and arguments have {types}: a scenario has one, float64 or float32", types=types),
            msg("call module.double(), and give arguments and new tensors the same type"),
        )
    return next(one.dtype for one in tensors if one.is_floating_point())


@contextmanager
def undisturbed(module: Any) -> Iterator[None]:
    """Leave the module's buffers, and the state of random numbers, as they are."""
    kept = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    with torch.random.fork_rng(devices=[]), torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, before in kept:
                    if not torch.equal(buffer, before):
                        buffer.copy_(before)


class EagerRun(Struct):
    """What autograd computes: the loss, and gradients by path or by number; None where there is none."""

    loss: Tensor
    parameters: dict[str, Tensor | None]
    arguments: dict[int, Tensor | None]


def computed(whole: ModelLoss, run: ModelCall) -> EagerRun:
    """The loss and its gradients as PyTorch computes them; no `.grad` is touched."""
    values = [_as_input(value) for value in run.values]
    args, kwargs = tree_unflatten(values, tree_flatten((run.args, run.kwargs))[1])
    loss = whole(*args, **kwargs)
    if not isinstance(loss, torch.Tensor) or loss.numel() != 1 or not loss.is_floating_point():
        what = str(tuple(loss.shape)) if isinstance(loss, torch.Tensor) else type(loss).__name__
        raise UsageError(
            msg("the output is {what}, and a backward pass starts from one number", what=what),
            msg("give a loss, as in loss=torch.nn.functional.cross_entropy, target=labels"),
        )
    if loss.grad_fn is None:
        raise UsageError(msg("the loss depends on no input and no parameter: there is no gradient"))
    _refuse_own_functions(loss.grad_fn)
    named = whole.named_parameters(remove_duplicate=False)
    parameters = {own_path(name): one for name, one in named if one.requires_grad}
    inputs = {number: one for number, one in enumerate(values) if _is_input(one)}
    gradients = torch.autograd.grad(loss.sum(), [*parameters.values(), *inputs.values()], allow_unused=True)
    found = [None if one is None else _array(one) for one in gradients]
    count = len(parameters)
    return EagerRun(
        _array(loss),
        dict(zip(parameters, found[:count], strict=True)),
        dict(zip(inputs, found[count:], strict=True)),
    )


def _as_input(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    return value.detach().clone().requires_grad_(value.is_floating_point())


def _is_input(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def _array(tensor: Any) -> Any:
    return tensor.detach().cpu().numpy()


def _refuse_own_functions(node: Any) -> None:
    """Refuse a function with its own backward: an exported program has only its forward."""
    waiting, seen = [node], set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            name = node.name().removesuffix("Backward")
            raise UsageError(
                msg("{name} defines its own backward, which would be lost", name=clean(name)),
                msg("record the run instead: backprop_tui.torch.record"),
            )
        waiting += [following for following, _ in node.next_functions if following is not None]
