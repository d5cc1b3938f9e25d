"""What is said of a numeric check, for each way that one can end."""

from __future__ import annotations

import pytest

from backprop_engine.derivatives.gradient_check import GradientCheck, Verdict
from backprop_engine.messages.message import msg
from backprop_tui.render.check_line import check_text


@pytest.mark.parametrize(
    ("check", "english"),
    [
        (GradientCheck("x", Verdict.AGREES, "", 900, 0), "numeric check of a random projection ✓"),
        (
            GradientCheck("x", Verdict.AGREES, "", 900, 32),
            "numeric check of 32 of 900 entries and a random projection ✓",
        ),
        (
            GradientCheck("x", Verdict.AGREES, "", 900, 16, projected=False),
            "numeric check of 16 of 900 entries ✓",
        ),
        (GradientCheck("x", Verdict.AGREES, "", 6, 6), "numeric check of 6 entries ✓"),
        (GradientCheck("x", Verdict.AGREES, "", 1, 1, expected=-4.0), "numeric -4 ✓"),
        (
            GradientCheck("x", Verdict.KINK, "", 1, 1),
            "numeric: a kink, where the slopes on the two sides differ; this value lies between them ✓",
        ),
        (GradientCheck("x", Verdict.DIFFERS, "", 1, 1, expected=2.5), "numeric 2.5 differs ✗"),
        (
            GradientCheck(
                "x", Verdict.DIFFERS, "", 6, 6, entry=(1, 0), expected=2.5, resembles=msg("it is transposed")
            ),
            "numeric 2.5 at [1, 0] differs ✗; it is transposed",
        ),
        (GradientCheck("x", Verdict.NOT_APPLICABLE, "", 1, 1), "numeric check: not applicable"),
        (GradientCheck("x", Verdict.NOT_FINITE, "", 1, 1), "numeric check: not applicable"),
    ],
    ids=[
        "projection",
        "sampled",
        "a few",
        "entries",
        "scalar",
        "kink",
        "differs",
        "differs and is known",
        "not applicable",
        "not finite",
    ],
)
def test_a_verdict_is_told(check: GradientCheck, english: str) -> None:
    assert check_text(check, "en") == english
    assert check_text(check, "ko") != english
