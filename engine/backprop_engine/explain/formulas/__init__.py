"""Stacked formulas: fractions, powers, matrices, as on a blackboard, with the numbers of a step below."""

from __future__ import annotations

from backprop_engine.explain.formulas.steps import formula_block

__all__ = ["formula_block"]
