"""Korean for what `errors` says."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "error": "오류",
    "warning": "경고",
    "hint": "힌트",
    "{message} ({hint})": "{message} ({hint})",
}
