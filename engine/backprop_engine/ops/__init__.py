"""Every operator, one definition each, in files by family; `OPS` is the table of them all."""

from __future__ import annotations

from backprop_engine.ops.attributes import OpAttribute
from backprop_engine.ops.definition import OPS, Op
from backprop_engine.ops.rules import Elementwise, Factor, Jacobian, Linear, Rule
from backprop_engine.ops.samples import Sample

__all__ = ["OPS", "Elementwise", "Factor", "Jacobian", "Linear", "Op", "OpAttribute", "Rule", "Sample"]
