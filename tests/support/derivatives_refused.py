"""The operators whose derivatives are not written out as nodes, for every order."""

from __future__ import annotations

from collections.abc import Mapping, Set

REFUSED: Mapping[str, Set[str]] = {
    "adaptive_avg_pool1d": set(),
    "adaptive_avg_pool2d": set(),
    "adaptive_max_pool1d": set(),
    "adaptive_max_pool2d": set(),
    "avg_pool1d": {"ceil_mode", "count_include_pad"},
    "avg_pool2d": {"ceil_mode", "count_include_pad"},
    "cumprod": set(),
    "einsum": {"subscripts"},
    "interpolate": set(),
}
"""Operators without derivatives as nodes, with some of these settings or, where there are none, with any."""
