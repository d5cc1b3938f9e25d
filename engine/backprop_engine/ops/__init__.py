"""Every operator, one definition each, in files by family."""

from __future__ import annotations

from backprop_engine.ops import (  # noqa: F401 - importing a family defines its operators
    activations,
    arithmetic,
    comparisons,
    extrema,
    indexing,
    joining,
    linear,
    losses,
    normalisation,
    reductions,
    shaping,
    statistics,
)
from backprop_engine.ops.definition import OPS, Attribute, Factor, Jacobian, Linear, Op, Partial, Rule, Sample

__all__ = ["OPS", "Attribute", "Factor", "Jacobian", "Linear", "Op", "Partial", "Rule", "Sample"]
