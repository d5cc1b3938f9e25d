"""Korean: the template for each English template of the terminal wing."""

from __future__ import annotations

__all__ = ["CATALOGUE"]

CATALOGUE: dict[str, str] = {}
