"""The bundled scenarios: where they are, in a checkout and in a wheel, and what a name or a path means."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["ENDINGS", "bundled", "bundled_folder", "is_bare_name", "resolve"]

ENDINGS: Final = (".yaml", ".yml")


@cache
def bundled_folder() -> Path:
    """The folder of bundled scenarios: in this package in a wheel, at the top of a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent.parent / "scenarios"


@cache
def bundled() -> dict[str, Path]:
    """Every bundled scenario by its stem, in the order of folders and files."""
    return {path.stem: path for path in sorted(bundled_folder().rglob("*.yaml"))}


def is_bare_name(argument: str) -> bool:
    """Whether it has neither a folder nor an ending, as the names of bundled scenarios have none."""
    return not ("/" in argument or os.sep in argument or "\\" in argument or argument.endswith(ENDINGS))


def resolve(argument: str) -> Path:
    """The path that a name or a path means: itself, or that of the bundled scenario of this stem."""
    if is_bare_name(argument) and argument in bundled():
        return bundled()[argument]
    return Path(argument)
