"""Stacked formulas: fractions, powers, matrices, as on a blackboard, with the numbers of a step below."""
