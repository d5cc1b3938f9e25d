# pyright: reportMissingImports=false
"""Checking a node's backward against differences of its forward, which is run again in double precision.

The derivative of u·f along a random direction comes from three more forwards; its one-sided slopes bracket
the values that are accepted at a kink. A `torch.autograd.Function` runs backward again too, in double
precision, so that rounding is no excuse; where only the recorded gradient can be compared, single precision
does. A second, larger step has to agree before a gradient is called wrong, and calls that give a different
result the second time, or none in double precision, are skipped and listed as such.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import torch
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from backprop_tui.torch.functions import bare_apply

__all__ = ["Comparison", "KeptCall", "compare"]

_STEPS: Final = (1e-5, 1e-3)
"""Steps of the differences, relative to the entries of the operand."""
_EXACT: Final = (1e-4, 1e-8)
_SINGLE: Final = (1e-2, 1e-5)
_HALF: Final = (1e-1, 1e-2)
"""The tolerances of a gradient: relative to its size, and to the sum of what cancels in it."""
_SAME_OUTPUT: Final = {torch.float64: 1e-6, torch.float32: 1e-3}
"""How far a second forward may be from the first for the two to be the same; of halves, a twentieth."""
_MOST_ENTRIES: Final = 2_000
"""The most entries of a gradient that is computed one by one if there is no other way."""


class Comparison(NamedTuple):
    """The result of checking the gradient of operand number `edge`.

    `error` is relative to the size of the gradient; it is None if `reason` says why nothing was compared.
    `found` and `expected` are the whole gradients in double precision, if they differ and are known.
    """

    edge: int
    name: str
    error: float | None = None
    wrong: bool = False
    found: Any = None
    expected: Any = None
    reason: str = ""


class KeptCall:
    """A call of an operator or a Function that can be repeated, with its arguments and results."""

    def __init__(
        self, called: Any, arguments: tuple[Any, ...], keywords: dict[str, Any], backward: Any = None
    ) -> None:
        self.called, self._backward = called, backward
        self.own = isinstance(called, type) or backward is not None
        """Whether its backward was written by hand: a `torch.autograd.Function`, or a registered operator."""
        leaves, self._spec = tree_flatten((arguments, keywords))
        self._leaves = [_copy(leaf) for leaf in leaves]
        of_class = isinstance(called, type)
        tensors = arguments if of_class else leaves  # a Function has no edge for what lies inside of a list
        self.tensors = [place for place, leaf in enumerate(leaves) if any(leaf is one for one in tensors)]
        self.tensors = [place for place in self.tensors if isinstance(leaves[place], torch.Tensor)]
        """Where the operands are among the leaves of all arguments."""
        self.operands: dict[int, int] = {}
        """For each edge of the node the place of its operand."""
        self._random = torch.get_rng_state()
        self._outputs: list[Any] = []

    def keep_outputs(self, result: Any) -> None:
        """Keep the results, to compare them with those of a second call."""
        self._outputs = [_copy(leaf) for leaf in tree_leaves(result)]

    def match(
        self, edges: Sequence[tuple[str, int] | None], makers: Sequence[tuple[str, int] | None]
    ) -> None:
        """Find the operand of each edge: those that came from the same node, in the order of both."""
        if self.own:
            self.operands = dict(enumerate(self.tensors))
            return
        free = list(self.tensors)
        self.operands = {}
        for edge, maker in enumerate(edges):
            place = next((place for place in free if maker is not None and makers[place] == maker), None)
            if place is not None:
                self.operands[edge] = place
                free.remove(place)

    @property
    def place(self) -> tuple[str, int]:
        """Where the backward of a Function is written: a file and a line."""
        code = getattr(self._backward or getattr(self.called, "backward", None), "__code__", None)
        if not self.own or code is None:
            return "", 0
        line = code.co_firstlineno  # that of the first decorator
        while linecache.getline(code.co_filename, line).lstrip().startswith("@"):
            line += 1
        return code.co_filename[-1_000:], line

    def operand(self, edge: int) -> Any:
        """The operand of an edge, in double precision."""
        return self._leaves[self.operands[edge]].double()

    def again(self, changed: dict[int, Any]) -> list[Any]:
        """All outputs, in double precision, with operands of some edges replaced."""
        return list(tree_leaves(self._call(self.called, changed)))

    def _call(self, called: Any, changed: dict[int, Any], *, context: Any = None) -> Any:
        leaves = [leaf.double() if _real(leaf) else _copy(leaf) for leaf in self._leaves]
        for edge, tensor in changed.items():
            leaves[self.operands[edge]] = tensor
        arguments, keywords = tree_unflatten(leaves, self._spec)
        if context is not None:
            arguments = (context, *arguments)
        elif isinstance(called, type):
            called = bare_apply(called)
        state = torch.get_rng_state()
        torch.set_rng_state(self._random)
        try:
            return called(*arguments, **keywords)
        finally:
            torch.set_rng_state(state)

    def repeats(self, outputs: Sequence[Any]) -> bool:
        """Whether a second call had the same results as the first one, up to rounding."""
        if len(outputs) != len(self._outputs):
            return False
        for again, first in zip(outputs, self._outputs, strict=True):
            if not _real(first):
                continue
            if not _real(again) or again.dtype != torch.float64 or again.shape != first.shape:
                return False
            finite = torch.isfinite(first)
            gap = torch.where(finite, again - first.double(), 0).norm()
            size = torch.where(finite, first.double(), 0).norm()
            if not gap <= _SAME_OUTPUT.get(first.dtype, 5e-2) * size + 1e-30:
                return False
        return True

    def vjp(self, upstream: Sequence[Any], edges: Sequence[int], *, true: bool) -> dict[int, Any]:
        """The gradients of operands in double precision, by the backward in question.

        If `true`, by autograd, which differentiates the operator or the body of the Function.
        """
        given = {edge: self.operand(edge).clone().requires_grad_() for edge in edges}
        with torch.enable_grad():
            if true and isinstance(self.called, type):
                result = self._body(given)
            else:
                result = self._call(self.called, {edge: one.view_as(one) for edge, one in given.items()})
            pairs = [
                (out, above)
                for out, above in zip(tree_leaves(result), upstream, strict=False)
                if above is not None and _real(out) and out.requires_grad
            ]
            if not pairs:
                return {edge: torch.zeros_like(one) for edge, one in given.items()}
            outs, aboves = zip(*pairs, strict=True)
            found = torch.autograd.grad(outs, list(given.values()), aboves, allow_unused=True)
        return {
            edge: torch.zeros_like(one) if gradient is None else _dense(gradient.detach())
            for (edge, one), gradient in zip(given.items(), found, strict=True)
        }

    def _body(self, given: dict[int, Any]) -> Any:
        """Run the forward of a Function as plain code that autograd differentiates."""
        forward = self.called.forward
        changed = {edge: one.view_as(one) for edge, one in given.items()}
        if self.called.setup_context is torch.autograd.Function.setup_context:
            return self._call(forward, changed, context=_Context([True] * len(self._leaves)))
        return self._call(forward, changed)

    def name(self, edge: int) -> str:
        """The operand's parameter name in the forward, if it has one."""
        if not self.own or any(isinstance(leaf, list | tuple | dict) for leaf in self._leaves):
            return ""
        called = self.called
        if hasattr(called, "_schema"):
            names = [one.name for one in called._schema.arguments]
        else:
            code = called.forward.__code__
            first = called.setup_context is torch.autograd.Function.setup_context  # the context
            names = code.co_varnames[first : code.co_argcount]
        place = self.operands[edge]
        return str(names[place]) if place < len(names) else ""


class _Context:
    """A context for the forward of a Function that ignores what it is given."""

    def __init__(self, needs_input_grad: list[bool]) -> None:
        self.needs_input_grad = tuple(needs_input_grad)
        self.saved_tensors: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        self.saved_tensors = tensors

    def save_for_forward(self, *_: Any) -> None: ...
    def mark_dirty(self, *_: Any) -> None: ...
    def mark_non_differentiable(self, *_: Any) -> None: ...
    def set_materialize_grads(self, value: bool) -> None: ...


def compare(kept: KeptCall, upstream: Sequence[Any], contributions: Sequence[Any]) -> list[Comparison]:
    """Compare a node's recorded contributions with the derivatives of its forward, operand by operand."""
    edges = [edge for edge in kept.operands if edge < len(contributions) and contributions[edge] is not None]
    edges = [edge for edge in edges if contributions[edge].shape == kept.operand(edge).shape]
    if not edges:
        return []
    try:
        base = kept.again({})
    except Exception as problem:  # noqa: BLE001  # whatever code of the user's raises in double precision
        reason = f"{type(problem).__name__}: {problem}"[:200]
        return [Comparison(edge, kept.name(edge), reason=reason) for edge in edges]
    if not kept.repeats(base):
        reason = "its forward gives something else the second time"
        return [Comparison(edge, kept.name(edge), reason=reason) for edge in edges]
    above = [None if one is None else _dense(one).double() for one in upstream]
    replayed = _quietly(lambda: kept.vjp(above, edges, true=False)) if kept.own else None
    return [
        _operand(kept, edge, kept.name(edge), base, above, contributions[edge], replayed) for edge in edges
    ]


def _operand(
    kept: KeptCall,
    edge: int,
    name: str,
    base: Sequence[Any],
    above: Sequence[Any],
    contribution: Any,
    replayed: dict[int, Any] | None,
) -> Comparison:
    recorded = _dense(contribution).double()
    loose = _SINGLE if contribution.dtype in (torch.float32, torch.float64) else _HALF
    judged = [(recorded, loose)] if replayed is None else [(replayed[edge], _EXACT), (recorded, loose)]
    error: float | None = None
    for found, tolerance in judged:
        measured = [_gap(kept, edge, base, above, found, tolerance, step) for step in _STEPS]
        sound = [one for one in measured if one is not None]
        if not sound:
            return Comparison(edge, name, reason="its differences are not finite")
        if any(not one.wrong for one in sound):
            error = max(error or 0.0, min(one.error for one in sound if not one.wrong))
            continue
        if len(sound) < len(_STEPS) or not sound[0].agrees(sound[1]):
            return Comparison(edge, name, reason="its differences depend on the step")
        expected = _expected(kept, edge, base, above, sound[0])
        error = sound[0].error
        if expected is not None:
            size = max(float(expected.norm()), float(found.norm()))
            error = float((found - expected).norm()) / size if size else 0.0
        return Comparison(edge, name, error, True, found, expected)
    return Comparison(edge, name, error)


class _Gap(NamedTuple):
    """The derivative along a direction according to a gradient, and that of the function."""

    wrong: bool
    error: float
    numeric: float
    found: float
    direction: Any
    allowed: float

    def agrees(self, other: _Gap) -> bool:
        """Whether both steps find the same derivative, compared with what the gradient is off."""
        return abs(self.numeric - other.numeric) <= 0.1 * abs(self.found - self.numeric)


def _gap(
    kept: KeptCall,
    edge: int,
    base: Sequence[Any],
    above: Sequence[Any],
    found: Any,
    tolerance: tuple[float, float],
    step: float,
) -> _Gap | None:
    """Compare the gradient along one random direction; None if a difference is not finite."""
    x = kept.operand(edge)
    direction = _direction(x)
    ahead, behind = (kept.again({edge: x + sign * step * direction}) for sign in (1, -1))
    low = high = cancels = noise = 0.0
    largest = float(torch.where(torch.isfinite(x), x.abs(), 0).max()) if x.numel() else 0.0
    for before, at, after, u in zip(behind, base, ahead, above, strict=False):
        if u is None or not _real(at):
            continue
        right, left = u * (after - at) / step, u * (at - before) / step
        right, left = (torch.where(u == 0, 0, side) for side in (right, left))
        low += float(torch.minimum(left, right).sum())
        high += float(torch.maximum(left, right).sum())
        cancels += float(torch.maximum(left.abs(), right.abs()).sum())
        rounded = float(torch.where(u == 0, 0, u * at).abs().sum()) + largest * float(u.norm())
        noise += 1e-15 * rounded / step
    along = float((found * direction).sum())
    scale = float((found * direction).norm())
    if not all(map(torch.isfinite, map(torch.tensor, (low, high, along)))):
        return None
    numeric = min(max(along, low), high)
    middle = (low + high) / 2
    size = max(scale, abs(middle), 1e-300)
    allowed = tolerance[0] * size + tolerance[1] * cancels
    gap = max(0.0, abs(along - numeric) - noise)
    return _Gap(gap > allowed, gap / size, numeric, along, direction, allowed)


def _direction(x: Any) -> Any:
    """A random direction in the scale of the entries; what is not finite stays."""
    generator = torch.Generator().manual_seed(0)
    random = torch.randn(x.shape, generator=generator, dtype=torch.float64).to(x.device)
    sizes = x.abs()
    known = sizes[torch.isfinite(sizes) & (sizes > 0)]
    typical = known.median() if known.numel() else torch.ones((), dtype=torch.float64, device=x.device)
    return torch.where(torch.isfinite(x), random * torch.maximum(sizes, typical), 0)


def _expected(kept: KeptCall, edge: int, base: Sequence[Any], above: Sequence[Any], gap: _Gap) -> Any:
    """The whole gradient, if there is a way to it that agrees with the difference along the direction."""
    found = _quietly(lambda: kept.vjp(above, [edge], true=True))
    if found is not None:
        whole = found[edge]
        if abs(float((whole * gap.direction).sum()) - gap.numeric) <= gap.allowed:
            return whole
    x = kept.operand(edge)
    if x.numel() > _MOST_ENTRIES:
        return None
    whole = torch.zeros_like(x).reshape(-1)
    for place in range(x.numel()):
        moved = torch.zeros_like(x).reshape(-1)
        moved[place] = _STEPS[0] * max(1e-3, abs(float(x.reshape(-1)[place])))
        ahead, behind = (kept.again({edge: x + sign * moved.reshape(x.shape)}) for sign in (1, -1))
        whole[place] = sum(
            float((u * (after - before)).sum()) / (2 * float(moved[place]))
            for u, after, before in zip(above, ahead, behind, strict=False)
            if u is not None and _real(after)
        )
    return whole.reshape(x.shape)


def _quietly(compute: Callable[[], dict[int, Any]]) -> dict[int, Any] | None:
    try:
        return compute()
    except Exception:  # noqa: BLE001  # a forward that autograd cannot follow: there are other ways
        return None


def _real(leaf: Any) -> bool:
    return isinstance(leaf, torch.Tensor) and leaf.is_floating_point()


def _copy(leaf: Any) -> Any:
    return leaf.detach().clone() if isinstance(leaf, torch.Tensor) else leaf


def _dense(tensor: Any) -> Any:
    return tensor if tensor.layout is torch.strided else tensor.to_dense()
