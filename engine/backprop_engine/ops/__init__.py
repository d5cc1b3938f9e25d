"""Every operator, one definition each, in files by family; `OPS` is the table of them all."""

from __future__ import annotations

from backprop_engine.ops.definition import OPS, Attribute, Factor, Jacobian, Linear, Op, Partial, Rule, Sample

__all__ = ["OPS", "Attribute", "Factor", "Jacobian", "Linear", "Op", "Partial", "Rule", "Sample"]
