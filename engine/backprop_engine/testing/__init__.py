"""Operators and gradients of one's own in Python: defined, and checked numerically."""
