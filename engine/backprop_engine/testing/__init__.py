"""Operators and gradients of your own in Python: defined, and checked numerically."""
