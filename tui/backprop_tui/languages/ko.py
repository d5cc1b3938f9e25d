"""Korean: the template for each English template of the terminal wing."""

from __future__ import annotations

__all__ = ["CATALOGUE"]

CATALOGUE: dict[str, str] = {
    "settings: there is no theme {theme}": "설정: 테마 {theme}{이/가} 없습니다",
}
