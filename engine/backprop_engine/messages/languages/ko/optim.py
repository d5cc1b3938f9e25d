"""Korean for what `optim` says."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    "`{name}` is {kind}, not {given}": "`{name}`{은/는} {kind}{이어야/여야} 하는데 {given}입니다",
    "`true` or `false`": "`true` 또는 `false`",
    "a list of two numbers": "수 두 개의 목록",
    "{what} from {least:g} on": "{least:g} 이상인 {what}",
    "{what} from {least:g} up to, but not including, {below:g}": "{least:g} 이상 {below:g} 미만인 {what}",
    "nothing": "빈 값",
    "a map": "맵",
    "a number as large as this": "이렇게 큰 수",
    "to climb instead of descending, write `maximize: true`": (
        "내려가지 않고 올라가려면 `maximize: true`라고 쓰세요"
    ),
    "`{optimizer}` takes {settings}": "`{optimizer}`의 설정은 {settings}입니다",
    "`{optimizer}` has no setting `{name}`": "`{optimizer}`에는 `{name}` 설정이 없습니다",
    "`{optimizer}` has `{setting}` for it": "`{optimizer}`에서는 `{setting}`{을/를} 씁니다",
    "it is about how PyTorch executes an update and changes no rule: leave it out": (
        "PyTorch가 갱신을 실행하는 방식일 뿐 규칙은 같습니다: 빼세요"
    ),
    "`nesterov` needs a momentum above 0, and no dampening": (
        "`nesterov`에는 0보다 큰 모멘텀이 필요하고 dampening이 없어야 합니다"
    ),
    "leave `dampening` out": "`dampening`을 빼세요",
    "add `momentum: 0.9`": "`momentum: 0.9`를 더하세요",
}
