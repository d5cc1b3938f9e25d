"""The bundled scenarios: where they lie, in a checkout and in a wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["bundled", "bundled_folder", "resolve"]

_ENDINGS = (".yaml", ".yml")


@cache
def bundled_folder() -> Path:
    """The folder of bundled scenarios: beside this package in a wheel, at the top of a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "scenarios"
    return inside if inside.is_dir() else here.parent.parent / "scenarios"


@cache
def bundled() -> dict[str, Path]:
    """Every bundled scenario by its stem, in the order of folders and files."""
    return {path.stem: path for path in sorted(bundled_folder().rglob("*.yaml"))}


def resolve(argument: str) -> Path:
    """What the argument SCENARIO means: a path, or the stem of a bundled scenario."""
    looks_like_path = "/" in argument or "\\" in argument or argument.endswith(_ENDINGS)
    if not looks_like_path and argument in bundled():
        return bundled()[argument]
    return Path(argument)
