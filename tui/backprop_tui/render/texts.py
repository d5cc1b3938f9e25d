"""The sentences and words of explanations, each in every language; one place for all."""

from __future__ import annotations

from typing import NamedTuple

from backprop_engine.messages import words as messages

__all__ = ["TEXTS", "say"]


class Words(NamedTuple):
    """A text in both languages."""

    en: str
    ko: str

    def in_language(self, language: str) -> str:
        """The text in `language`."""
        return self.ko if language == "ko" else self.en


TEXTS: dict[str, Words] = {
    "product": Words("product", "곱"),
    "override": Words("overridden", "바꾼 값"),
    "product of several": Words("contribution {count} of {of}", "기여 {of}개 중 {count}{첫/번째}"),
    "upstream": Words("upstream", "흘러들어온 값"),
    "local": Words("local", "로컬 그래디언트"),
    "value": Words("value", "값"),
    "seed": Words("seed", "시작값"),
    "axis": Words("axis {axes}", "{axes}번 축"),
    "sum so far": Words("sum, {count} of {of}", "누적 {of}개 중 {count}개"),
    "before": Words("before", "이전"),
    "through": Words("through {node}", "{node} 경유"),
    "contribution": Words("contribution", "더할 값"),
    "start": Words(
        "Nothing is computed yet: only inputs, parameters and constants have values. "
        "The first step begins the forward pass.",
        "아직 계산한 값이 없습니다. 입력과 파라미터의 값만 있으며, 첫 스텝에서 순전파가 시작됩니다.",
    ),
    "seed said": Words(
        "The forward pass is done. The backward pass starts at {output}: its gradient by itself is {seed}.",
        "순전파가 끝났습니다. 역전파는 {output}에서 시작하며, 자기 자신에 대한 그래디언트는 {seed}입니다.",
    ),
    "seed given": Words(
        "The forward pass is done. The backward pass starts at {output} with the gradient given, "
        "as if a loss {loss} lay behind it.",
        "순전파가 끝났습니다. 역전파는 {output}에서 주어진 그래디언트로 시작합니다. "
        "{loss}은 그 뒤에 있다고 가정한 손실입니다.",
    ),
    "summed": Words(
        "{operand} was broadcast over axis {axes}, so its gradient is summed over axis {axes}.",
        "순전파에서 {operand}의 값이 {axes}번 축으로 브로드캐스트되었으므로, "
        "그래디언트를 {axes}번 축을 따라 더합니다.",
    ),
    "summed cell": Words(
        "{operand} was broadcast over axis {axes}: the {count} terms run along axis {axes}.",
        "{operand}의 값이 {axes}번 축으로 브로드캐스트되었으므로, "
        "{axes}번 축을 따라 {count}개의 항을 더합니다.",
    ),
    "more terms": Words("… ({count} more: {sum})", "… (그 밖에 {count}개: {sum})"),
    "shared": Words(
        "{operand} is used {of} times: this is contribution {count} of {of}, "
        "and it is added in the next step.",
        "{operand}의 값은 {of}번 쓰이므로 기여 역시 {of}개입니다. "
        "이번 기여({of}개 중 {count}{첫/번째})는 다음 스텝에서 더합니다.",
    ),
    "accumulate": Words(
        "{operand} is used {of} times: its gradient is a sum, and this is contribution {count} of {of}.",
        "{operand}의 값은 {of}번 쓰이므로 그래디언트는 기여 {of}개의 합입니다. "
        "이번에 더한 기여는 {of}개 중 {count}{첫/번째}입니다.",
    ),
    "which operand": Words("operand {number} of {node}", "{node}의 {number}{첫/번째} 피연산자"),
    "not finite": Words(
        "{node} is {value}: it arises here, from finite operands.",
        "{node}의 값이 {value}입니다. 유한한 입력에서 이 스텝에서 처음 생겼습니다.",
    ),
    "overridden": Words(
        "{name} is overridden: {given} in place of {computed}.",
        "{name}의 값을 바꾸어 놓았습니다: {computed} → {given}.",
    ),
    "gradient not finite": Words(
        "This contribution is not finite: it arises here, from a finite upstream gradient.",
        "이 기여는 유한하지 않습니다. 유한한 그래디언트가 흘러들어와 이 스텝에서 처음 생겼습니다.",
    ),
    "complete": Words("The gradient of {operand} is complete.", "{operand}의 그래디언트가 완성되었습니다."),
    "end": Words(
        "The backward pass is done: every gradient has arrived.",
        "역전파가 끝났습니다. 모든 그래디언트가 도착했습니다.",
    ),
    "forward done": Words(
        "The last forward pass is done: no update follows, so there is no backward pass.",
        "마지막 순전파가 끝났습니다. 더 갱신하지 않으므로 역전파는 없습니다.",
    ),
    "cleared": Words(
        "The parameters are updated. Values and gradients are cleared: they belong to the old parameters, "
        "and a gradient that is kept would be added to the next one.",
        "파라미터를 갱신했습니다. 값과 그래디언트를 지웁니다. 이전 파라미터의 것이고, "
        "지우지 않은 그래디언트는 다음 그래디언트에 더해지기 때문입니다.",
    ),
    "course": Words("{output} by iteration", "반복별 {output}"),
    "iteration": Words("iteration {iteration} of {last}", "반복 {iteration}/{last}"),
    "after": Words("after", "갱신 후"),
    "before update": Words("before", "갱신 전"),
    "gradient": Words("gradient", "그래디언트"),
    "locals": Words("local gradients", "로컬 그래디언트"),
    "numeric agrees": Words("numeric {numeric} ✓", "수치 미분 {numeric} ✓"),
    "numeric agrees all": Words("numeric check of {cells} cells ✓", "원소 {cells}개 수치 미분 확인 ✓"),
    "numeric sampled": Words(
        "numeric check of {checked} of {cells} cells and a random projection ✓",
        "원소 {cells}개 중 {checked}개와 무작위 사영으로 수치 미분 확인 ✓",
    ),
    "numeric projected": Words("numeric check of a random projection ✓", "무작위 사영으로 수치 미분 확인 ✓"),
    "numeric kink": Words(
        "numeric: a kink, the slopes differ left and right; this choice lies between them ✓",
        "수치 미분: 꺾인 점이라 좌우 기울기가 다르며, 이 값은 그 사이에 있습니다 ✓",
    ),
    "numeric differs": Words("numeric {numeric} differs ✗", "수치 미분 {numeric}과(와) 다릅니다 ✗"),
    "numeric not finite": Words(
        "{name} is not finite: nothing to compare", "{name}의 값이 유한하지 않아 비교할 수 없습니다"
    ),
    "numeric upstream": Words("for {name} as changed by an override", "바꾸어 놓은 값에 따른 {name} 기준"),
    "numeric without": Words("as if {name} were not overridden", "{name}의 값을 바꾸지 않았다고 볼 때"),
    "numeric before": Words("before the override", "바꾸어 놓기 전"),
    "numeric not applicable": Words("numeric check: not applicable", "수치 미분: 해당 없음"),
    "formula if": Words("if {condition}", "{condition}일 때"),
    "formula else": Words("else", "그 밖에"),
    "formula node": Words("the node", "노드"),
    "formula chain": Words("chain rule", "연쇄법칙"),
    "formula local": Words("local gradient", "로컬 그래디언트"),
    "formula sum": Words(
        "sum over the uses, {count} of {of} arrived", "쓰인 곳의 합, {of}개 중 {count}개 도착"
    ),
    "step start": Words("start", "시작"),
    "step forward": Words("forward", "순전파"),
    "step seed": Words("seed", "시작값"),
    "step backward": Words("backward", "역전파"),
    "step accumulate": Words("accumulate", "누적"),
    "step update": Words("update", "갱신"),
    "step clear": Words("clear", "초기화"),
    "kind input": Words("input", "입력"),
    "kind param": Words("param", "파라미터"),
    "kind constant": Words("constant", "상수"),
    "family arithmetic": Words("arithmetic", "산술"),
    "family comparisons": Words("comparisons", "비교"),
    "family activations": Words("activations", "활성화 함수"),
    "family linear": Words("linear", "선형"),
    "family reductions": Words("reductions", "축약"),
    "family shape": Words("shape", "형상"),
    "family normalisation": Words("normalisation", "정규화"),
    "family convolution": Words("convolution", "합성곱"),
    "family losses": Words("losses", "손실"),
    "family attention": Words("attention", "어텐션"),
    "form elementwise": Words("cell by cell", "요소별"),
    "form jacobian": Words("Jacobian: Jᵀ · g", "야코비안: Jᵀ · g"),
    "form map": Words("linear map", "선형 사상"),
    "ops call": Words("written", "쓰는 법"),
    "ops attributes": Words("settings", "설정"),
    "ops required": Words("must be given", "반드시 지정"),
    "ops optional": Words("may be left out", "생략 가능"),
    "ops variadic": Words("any number of them", "개수 제한 없음"),
    "ops constant": Words("a constant", "상수여야 함"),
    "ops derivatives": Words("gradients", "그래디언트"),
    "ops no gradient": Words("none: no gradient flows to it", "없음: 그래디언트가 흐르지 않음"),
    "ops shapes": Words("shapes", "형상"),
    "ops broadcast": Words("operands broadcast, as in NumPy", "NumPy처럼 브로드캐스트"),
    "ops one shape": Words("operands of one shape", "모든 피연산자의 형상이 같아야 함"),
    "ops conventions": Words("conventions", "규약"),
    "ops inside": Words("its inside", "내부 분해"),
    "ops kinks": Words("at kinks", "꺾인 점"),
    "ops example": Words("A worked example, computed just now:", "방금 계산한 예제:"),
}


def say(key: str, language: str, **parts: object) -> str:
    """A text in `language` with `parts` put in."""
    return messages.Words(TEXTS[key].en, TEXTS[key].ko, **parts).in_language(language)
