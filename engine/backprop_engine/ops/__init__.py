"""Every operator, one definition each, in files by family."""

from __future__ import annotations

from backprop_engine.ops import (  # noqa: F401 - importing a family defines its operators
    activations,
    arithmetic,
    attention,
    batches,
    classification,
    comparisons,
    convolution,
    cumulative,
    einsum,
    extrema,
    functions,
    gates,
    indexing,
    joining,
    linear,
    losses,
    normalisation,
    pooling,
    products,
    reductions,
    reshaping,
    shaping,
    standardising,
    statistics,
)
from backprop_engine.ops.definition import OPS, Attribute, Factor, Jacobian, Linear, Op, Partial, Rule, Sample

__all__ = ["OPS", "Attribute", "Factor", "Jacobian", "Linear", "Op", "Partial", "Rule", "Sample"]
