"""Korean for what `catalogue` says."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "there is no operator {name}: {hint}": "{name} 연산자가 없습니다: {hint}",
    "`backprop-tui ops` lists all": "`backprop-tui ops`에서 모두 볼 수 있습니다",
}
