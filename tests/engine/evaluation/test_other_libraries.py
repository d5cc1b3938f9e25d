"""What is said to words of NumPy and PyTorch that are no operators here: what is proposed can be written."""

from __future__ import annotations

import re

import pytest

from backprop_engine.evaluation.calls import CallError, find_op
from backprop_engine.evaluation.evaluate import infer_shape
from backprop_engine.evaluation.other_libraries import instead_of
from backprop_engine.expressions import parse
from backprop_engine.ops import OPS

WORDS = (
    *("mm", "divide", "eq", "logical_xor", "isnan", "all", "any", "count_nonzero", "trace", "ptp"),
    *("searchsorted", "kthvalue", "median", "take", "index_add", "put_along_axis", "scatter_reduce"),
    *("fill_diagonal", "diagonal", "diag_embed", "newaxis", "select", "narrow", "swapaxes", "moveaxis"),
    *("expand", "view_as", "fliplr", "flipud", "rot90", "column_stack", "zeros_like", "full_like"),
    *("addmm", "addcmul", "lerp", "fmod", "remainder", "floor_divide", "trunc", "heaviside", "fmax", "log2"),
    *("log10", "exp2", "cbrt", "logaddexp", "hypot", "erfc", "asinh", "arccosh", "atanh", "hardsigmoid"),
    *("hard_swish", "softsign", "softmin", "Tanhshrink", "softshrink", "prelu", "celu", "inner", "vdot"),
    *("tensordot", "kron", "bilinear", "cosine_similarity", "reduce_sum", "nansum", "nanmean"),
    *("logcumsumexp", "vector_norm", "matrix_norm", "normalize", "unbind", "chunk", "view"),
)
SHAPES = dict.fromkeys(("a", "b", "x", "condition", "indices", "src"), (3, 3))
OTHER_SHAPES: dict[str, dict[str, tuple[int, ...]]] = {
    "index_add": {"indices": (2,), "src": (2, 3)},
    "expand": {"a": (3,)},
    "view": {"a": (6,)},
    "view_as": {"a": (6,)},
}


@pytest.mark.parametrize("word", WORDS)
def test_what_is_proposed_has_a_shape(word: str) -> None:
    assert word not in OPS
    found = re.fullmatch("write `(.+)`", instead_of(word))
    assert found is not None, instead_of(word)
    shapes = SHAPES | OTHER_SHAPES.get(word, {})
    assert infer_shape(parse(found[1]), shapes.get, lambda name: None) is not None


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("nonzero", "its shape would depend on values"),
        ("masked_select", "`where(mask, x, 0)`"),
        ("randn", "init: normal"),
        ("eye", "init: eye"),
        ("arange", "a list of numbers goes under `constants`"),
        ("contiguous", "leave it out"),
        ("LSTM", "a `scan`"),
        ("CrossEntropyLoss", "softmax_with_loss"),
        ("diga", "did you mean `diag`?"),
        ("srot", "did you mean `sort`?"),
        ("clamp", "did you mean `clip`?"),
        ("arctan2", "did you mean `atan2`?"),
        ("SmoothL1Loss", "did you mean `smooth_l1`?"),
        ("BCEWithLogitsLoss", "bce_with_logits(a, target)"),
        ("sparse_categorical_crossentropy", "softmax_with_loss"),
        ("svd", "no operator here inverts"),
        ("Conv3d", "one axis or two"),
        ("MultiheadAttention", "takes `heads`"),
        ("tnah", "did you mean `tanh`?"),
        ("matmull", "did you mean `matmul`?"),
    ],
)
def test_words_without_an_operator_get_an_honest_answer(word: str, said: str) -> None:
    with pytest.raises(CallError) as refused:
        find_op(word, None)
    assert said in refused.value.hint


def test_a_word_of_no_library_gets_no_answer() -> None:
    assert instead_of("frobnicate") == ""


@pytest.mark.parametrize(
    "word",
    [
        *("cross", "cummax", "fft", "ifft", "cdist", "pdist", "ctc_loss", "triplet_margin_loss", "var_mean"),
        *("gamma", "lgamma", "beta", "print", "len", "erfinv", "gumbel_softmax", "kran", "logdet"),
    ],
)
def test_a_word_that_is_no_slip_of_an_operator_gets_no_operator(word: str) -> None:
    """Two letters of a short name are half of it."""
    with pytest.raises(CallError) as refused:
        find_op(word, None)
    assert "did you mean" not in str(refused.value.hint)
