"""Names from NumPy, PyTorch and others that are not operators here, and what to write instead.

Words are looked up without case, underscores and a `loss` at their end. Slips of the pen and mere other names
for an operator are found elsewhere (`messages.suggestions`).
"""

from __future__ import annotations

from typing import Final

from backprop_engine.messages.message import Hint, Message, msg

__all__ = ["instead_of"]

_WRITTEN: Final = {
    # Arithmetic
    "mm": "a @ b",
    "bmm": "a @ b",
    "divide": "a / b",
    "subtract": "a - b",
    "addn": "a + b",
    "power": "a ** b",
    "negative": "-a",
    "eq": "a == b",
    "ne": "a != b",
    "lt": "a < b",
    "le": "a <= b",
    "gt": "a > b",
    "ge": "a >= b",
    "logicalxor": "(a != 0) != (b != 0)",
    "isnan": "a != a",
    "addmm": "x + a @ b",
    "addmv": "x + a @ b",
    "baddbmm": "x + a @ b",
    "addcmul": "x + a * b",
    "lerp": "a + x * (b - a)",
    "fmod": "sign(a) * mod(abs(a), abs(b))",
    "remainder": "mod(a, b)",
    "floordivide": "floor(a / b)",
    "floordiv": "floor(a / b)",
    "trunc": "sign(a) * floor(abs(a))",
    "fix": "sign(a) * floor(abs(a))",
    "heaviside": "a > 0",
    "fmax": "maximum(a, b)",
    "fmin": "minimum(a, b)",
    # Functions
    "log2": "log(a) / 0.6931471805599453",
    "log10": "log(a) / 2.302585092994046",
    "exp2": "2 ** a",
    "cbrt": "sign(a) * abs(a) ** (1 / 3)",
    "logaddexp": "maximum(a, b) + softplus(-abs(a - b))",
    "hypot": "sqrt(a ** 2 + b ** 2)",
    "erfc": "1 - erf(a)",
    **dict.fromkeys(("asinh", "arcsinh"), "log(a + sqrt(a ** 2 + 1))"),
    **dict.fromkeys(("acosh", "arccosh"), "log(a + sqrt(a ** 2 - 1))"),
    **dict.fromkeys(("atanh", "arctanh"), "log((1 + a) / (1 - a)) / 2"),
    # Activations
    "hardsigmoid": "relu6(a + 3) / 6",
    "hardswish": "a * relu6(a + 3) / 6",
    "softsign": "a / (1 + abs(a))",
    "softmin": "softmax(-a)",
    "tanhshrink": "a - tanh(a)",
    "softshrink": "sign(a) * relu(abs(a) - 0.5)",
    "hardshrink": "where(abs(a) > 0.5, a, 0)",
    "threshold": "where(a > 0.5, a, 0)",
    "prelu": "where(a > 0, a, x * a)",
    "celu": "maximum(a, 0) + minimum(0, exp(a) - 1)",
    # Products
    "inner": "sum(a * b, axis=-1)",
    "vdot": "sum(a * b)",
    "tensordot": 'einsum(a, b, subscripts="ij,jk->ik")',
    "bilinear": "sum((a @ x) * b, axis=-1)",
    "kron": 'reshape(einsum(a, b, subscripts="ij,kl->ikjl"), shape=[9, 9])',
    "cosinesimilarity": "sum(a * b, axis=-1) / (norm(a, axis=-1) * norm(b, axis=-1))",
    # Losses
    "crossentropy": "softmax_with_loss(a, target=t)",
    "softmaxcrossentropy": "softmax_with_loss(a, target=t)",
    "categoricalcrossentropy": "softmax_with_loss(a, target=t)",
    "sparsecategoricalcrossentropy": "softmax_with_loss(a, target=t)",
    "bcewithlogits": "bce_with_logits(a, target)",
    "binarycrossentropywithlogits": "bce_with_logits(a, target)",
    # Gradients
    "stopgradient": "detach(a)",
    "nograd": "detach(a)",
    # Reductions
    "all": "min(condition)",
    "any": "max(condition)",
    "countnonzero": "sum(a != 0)",
    "trace": "sum(diag(a))",
    "ptp": "max(a) - min(a)",
    "reducesum": "sum(a, axis=0)",
    "reducemean": "mean(a, axis=0)",
    "reducemax": "max(a, axis=0)",
    "reducemin": "min(a, axis=0)",
    "nansum": "sum(where(a == a, a, 0))",
    "nanmean": "sum(where(a == a, a, 0)) / sum(a == a)",
    "cumulativesum": "cumsum(a, axis=0)",
    "cumulativeprod": "cumprod(a, axis=0)",
    "logcumsumexp": "log(cumsum(exp(a), axis=0))",
    "vectornorm": "norm(a, axis=-1)",
    "matrixnorm": "norm(a)",
    "frobeniusnorm": "norm(a)",
    "normalize": "a / norm(a, axis=-1, keepdims=true)",
    "unbind": "x[0]",
    # Order
    "searchsorted": "sum(a < x)",
    "kthvalue": "sort(a)[..., 1]",
    "median": "sort(a)[..., 1]",
    "quantile": "sort(a)[..., 1]",
    "percentile": "sort(a)[..., 1]",
    # Entries and axes
    "take": "index_select(a, indices, axis=0)",
    "indexadd": "a + one_hot(indices, classes=3).T @ src",
    "putalongaxis": "scatter(a, indices, src, axis=0)",
    "scatterreduce": "scatter_add(a, indices, src, axis=0)",
    "filldiagonal": "a - diag(diag(a))",
    "diagonal": "diag(a)",
    "diagembed": "diag(a)",
    "diagflat": "diag(a)",
    "newaxis": "x[:, None]",
    "select": "x[:, 0]",
    "narrow": "x[:, 1:3]",
    "slice": "x[:, 1:3]",
    "swapaxes": "permute(a, axes=[1, 0])",
    "swapdims": "permute(a, axes=[1, 0])",
    "moveaxis": "permute(a, axes=[1, 0])",
    "movedim": "permute(a, axes=[1, 0])",
    "expand": "broadcast_to(a, shape=[2, 3])",
    "expandas": "broadcast_to(a, shape=[2, 3])",
    "view": "reshape(a, shape=[2, 3])",
    "chunk": "split(a, parts=3, index=0)",
    "viewas": "reshape(a, shape=[2, 3])",
    "reshapeas": "reshape(a, shape=[2, 3])",
    "fliplr": "flip(a, axis=1)",
    "flipud": "flip(a, axis=0)",
    "rot90": "flip(a.T, axis=0)",
    "columnstack": "stack(a, b, axis=1)",
}
"""The expression to write, in which a, b and x stand for operands."""

_SHAPE_OF_NUMBERS: Final = msg(
    "its shape would depend on values, and shapes are fixed before anything is computed: "
    "`where(mask, x, 0)` keeps the shape"
)
_DRAWN: Final = msg(
    "a tensor that is not computed goes under `constants`: `{{shape: [2, 3], init: {init}}}`", init="normal"
)
_LISTED: Final = msg("a list of numbers goes under `constants`")
_LEFT_OUT: Final = msg("leave it out: here it changes nothing")
_NO_SOLVERS: Final = msg("no operator here inverts or decomposes a matrix")
_TWO_AXES: Final = msg("windows slide along one axis or two")
_RECURRENT: Final = msg("write its equations as a cell, and repeat it with a `scan`")

_SAID: Final[dict[str, Message]] = {
    "multiply": msg("write `a * b`, or `hadamard(a, b)`"),
    "nll": msg("write `nll(a, target=t)`, or `softmax_with_loss(a, target=t)` for logits"),
    "zeros": msg("a tensor of zeros goes under `constants`: `{{shape: [2, 3], init: zeros}}`"),
    "ones": msg("a tensor of ones goes under `constants`: `{{shape: [2, 3], init: ones}}`"),
    "eye": msg("an identity matrix goes under `constants`: `{{shape: [3, 3], init: eye}}`"),
    "float": msg("numbers need no `float`"),
    "zeroslike": msg("write `{text}`", text="0 * a"),
    "oneslike": msg("write `{text}`", text="0 * a + 1"),
    "fulllike": msg("write `{text}`", text="0 * a + 2"),
    **dict.fromkeys(("array", "tensor", "arange", "linspace", "range", "full"), _LISTED),
    **dict.fromkeys(("randn", "rand", "randint", "normal", "uniform", "empty", "multinomial"), _DRAWN),
    **dict.fromkeys(
        ("nonzero", "argwhere", "maskedselect", "booleanmask", "unique", "bincount", "histogram", "histc"),
        _SHAPE_OF_NUMBERS,
    ),
    **dict.fromkeys(("contiguous", "clone", "copy", "to", "cpu", "cuda", "item", "long", "int"), _LEFT_OUT),
    **dict.fromkeys(
        ("det", "inv", "pinv", "svd", "eig", "eigh", "qr", "cholesky", "solve", "lstsq"),
        _NO_SOLVERS,
    ),
    **dict.fromkeys(("conv3d", "maxpool3d", "avgpool3d"), _TWO_AXES),
    "multiheadattention": msg("`scaled_dot_product_attention` takes `heads`"),
    **dict.fromkeys(("lstm", "gru", "rnn", "lstmcell", "grucell", "rnncell"), _RECURRENT),
    **{
        op: msg("`{op}` is a node of its own: write it under `nodes`", op=op) for op in ("grad", "vjp", "jvp")
    },
}
"""What else there is to say."""


def instead_of(name: str) -> Hint:
    """What is written here in place of a call of `name`, if it is known from elsewhere."""
    called = name.casefold().replace("_", "").removesuffix("loss")
    if called in _WRITTEN:
        return msg("write `{text}`", text=_WRITTEN[called])
    return _SAID.get(called, "")
