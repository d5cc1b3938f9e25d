"""What a step means in numbers, in sentences: what shapes say, and how far a nudge moves the output."""

from __future__ import annotations

import numpy as np

from backprop_engine.explain.facts import AccumulateFacts, BackwardFacts, StepFacts
from backprop_engine.explain.numbers import number
from backprop_engine.explain.symbols import operand_text
from backprop_engine.messages.message import msg
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cells.shapes import shape_label

__all__ = ["effect_line", "meaning", "shapes_line"]


def meaning(facts: StepFacts, language: str) -> list[Line]:
    """What a step means in numbers: what shapes say of its matrices, and how far a nudge moves the output."""
    return [line for line in (shapes_line(facts, language), effect_line(facts, language)) if line]


def effect_line(facts: StepFacts, language: str) -> Line:
    """What the gradient that is complete with a step means in numbers; nothing at any other step."""
    from backprop_engine.explain.effect import effect_of_step  # not needed before the backward pass

    effect = effect_of_step(facts) if isinstance(facts, BackwardFacts | AccumulateFacts) else None
    if effect is None:
        return ()
    name = effect.name + (f"[{', '.join(map(str, effect.entry))}]" if effect.entry else "")
    size, output = number(np.float64(effect.size)), effect.output
    gradient = number(np.float64(effect.gradient), 4)
    gradient = f"({gradient})" if gradient.startswith("-") else gradient
    actual, predicted = (number(np.float64(by), 3) for by in (effect.actual, effect.predicted))
    words = msg(
        "Nudge {name} by {size}: {output} moves by {actual}; to first order {size} · {gradient} = "
        "{predicted}.",
        name=name,
        size=size,
        output=output,
        actual=actual,
        gradient=gradient,
        predicted=predicted,
    )
    if not effect.gradient and not effect.actual:
        words = msg("Nudge {name} by {size}: {output} does not move.", name=name, size=size, output=output)
    elif actual == predicted:
        words = msg(
            "Nudge {name} by {size}: {output} moves by {actual}, as {size} · {gradient} predicts.",
            name=name,
            size=size,
            output=output,
            actual=actual,
            gradient=gradient,
        )
    return (Span(words.in_language(language), Role.DIM),)


def shapes_line(facts: StepFacts, language: str) -> Line:
    """Which way round the matrices of a product go, as their shapes say; nothing at any other step."""
    from backprop_engine.explain.shape_argument import shape_argument

    argument = shape_argument(facts) if isinstance(facts, BackwardFacts) else None
    if argument is None or not isinstance(facts, BackwardFacts):
        return ()
    factors = (argument.left, argument.right)
    turned = " @ ".join(f"{shape_label(factor.shape)}{'ᵀ' * factor.transposed}" for factor in factors)
    shape, name = shape_label(argument.shape), operand_text(facts.operand)
    words = (
        msg(
            "Shapes: {product} = {shape}; no other product of the two has the shape of {name}.",
            product=turned,
            shape=shape,
            name=name,
        )
        if argument.is_only
        else msg("Shapes: {product} = {shape}, the shape of {name}.", product=turned, shape=shape, name=name)
    )
    return (Span(words.in_language(language), Role.DIM),)
