"""Expressions over operators: calls fitted, values computed, parts added to a graph."""
