"""Functions of PyTorch, one or a few calls each, that a scenario can say; each of float64 tensors alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import torch
from torch.nn import functional

Function: TypeAlias = Callable[..., Any]

_MASK = torch.tensor([[True, False, True, True], [False, True, True, False], [True, True, False, True]])
_ROWS = torch.tensor([2, 0, 2])
_PLACES = torch.tensor([[0, 1, 1, 0], [2, 2, 0, 1], [1, 0, 2, 2]])
_LABELS = torch.tensor([1, 3, 0])

POSITIVE = (*("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal"),)
ELEMENTWISE = (
    *("abs", "neg", "exp", "exp2", "expm1", "square", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan"),
    *("sigmoid", "erf", "relu", "floor", "ceil", "sign", "round"),
)
ACTIVATIONS = (
    *("relu", "relu6", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "logsigmoid", "hardtanh"),
    *("hardsigmoid", "hardswish", "leaky_relu", "softsign", "tanhshrink", "glu", "softmin"),
)

OF_FLOAT32 = ("functional hardsigmoid", "functional hardswish", "celu, another alpha")
"""Functions whose kernels have constants in float32, whatever they compute in."""

OF_ONE: Mapping[str, Function] = {
    **{
        f"{name} of positive numbers": lambda x, name=name: getattr(torch, name)(x.abs() + 0.5)
        for name in POSITIVE
    },
    **{name: lambda x, name=name: getattr(torch, name)(x) for name in ELEMENTWISE},
    **{f"functional {name}": lambda x, name=name: getattr(functional, name)(x) for name in ACTIVATIONS},
    "asin and acos": lambda x: (x / 10).asin() + (x / 10).acos(),
    "leaky_relu, another slope": lambda x: functional.leaky_relu(x, 0.2),
    "elu, another alpha": lambda x: functional.elu(x, 0.7),
    "celu, another alpha": lambda x: functional.celu(x, 0.7),
    "softplus, another beta": lambda x: functional.softplus(x, beta=2.0),
    "gelu of tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "hardtanh, other edges": lambda x: functional.hardtanh(x, -0.3, 0.4),
    "threshold": lambda x: functional.threshold(x, 0.1, -2.0),
    "clamp": lambda x: x.clamp(-0.5, 0.6),
    "clamp from below": lambda x: x.clamp_min(0.1) + x.clamp(max=0.2),
    "powers": lambda x: x**2 + x**3 + 2.0**x,
    "numbers on both sides": lambda x: 1 - x + 3 * x / 4 - (5 + x) + 2 / (x.square() + 1),
    "remainder": lambda x: torch.remainder(x, 0.7),
    "add with alpha": lambda x: torch.add(x, x, alpha=2) - torch.sub(x, x.square(), alpha=3),
    "addcmul and addcdiv": lambda x: torch.addcmul(x, x, x, value=0.5) + torch.addcdiv(x, x, x * x + 1),
    "lerp": lambda x: torch.lerp(x, x.square(), 0.3),
    "hypot": lambda x: torch.hypot(x, x + 3),
    "atan2": lambda x: torch.atan2(x, x + 3),
    "sums": lambda x: x.sum() + x.sum(0).square() + x.sum((0, 1), keepdim=True) * x.sum(-1, keepdim=True)[0],
    "means": lambda x: x.mean() * x.mean(0) + x.mean(dim=-1, keepdim=True)[1],
    "largest and smallest": lambda x: x.max() + x.min() + x.amax(0) * x.amin(0),
    "largest of each row": lambda x: x.max(dim=1).values * x.min(1).values,
    "maximum and minimum": lambda x: (
        torch.maximum(x, 0.1 * x) + torch.minimum(x, x.square()) + torch.max(x, -x)
    ),
    "variance": lambda x: (
        x.var() + x.var(0) + x.var(1, unbiased=False, keepdim=True)[0] + x.std(0, correction=0)
    ),
    "variance and mean": lambda x: sum(one.sum() for one in torch.var_mean(x, 1)),
    "products along axes": lambda x: x.prod() + x.prod(0),
    "cumulative": lambda x: x.cumsum(0) * x.cumprod(1),
    "logsumexp": lambda x: x.logsumexp(1) + x.logsumexp((0, 1)),
    "norms": lambda x: x.norm() + x.norm(dim=0) + x.norm(1, dim=1).sum() + torch.linalg.vector_norm(x, 3.0),
    "softmax": lambda x: x.softmax(-1) * x.softmax(0) + x.log_softmax(1),
    "reshaped": lambda x: x.view(4, 3) * x.reshape(4, -1) + x.flatten().unflatten(0, (4, 3)),
    "flattened from an axis": lambda x: x[None].flatten(1).square() + x.flatten(0, 1),
    "transposed": lambda x: x.t() * x.T + x.transpose(0, 1) * x.mT + x.permute(1, 0),
    "transposed, three axes": lambda x: x[None].transpose(1, 2) + x[None].permute(0, 2, 1) * x[None].mT,
    "moved": lambda x: x[None].movedim(0, 2).square() * x[:, :, None],
    "squeezed": lambda x: x[None, :, None].squeeze(0).squeeze(1) * x.unsqueeze(1).squeeze(),
    "expanded": lambda x: x[:1].expand(3, -1) * x[:, :1].expand_as(x) + torch.broadcast_to(x[0], (3, 4)),
    "indexed": lambda x: x[1] * x[:, 1:].sum() + x[-1, ::2].sum() + x[..., 2].square().sum() + x[None, 0],
    "rows chosen": lambda x: x[_ROWS] * x.index_select(0, _ROWS) + x[:, [1, 1, 3, 0]],
    "entries chosen": lambda x: x[_ROWS, _LABELS].square(),
    "gathered": lambda x: x.gather(0, _PLACES).square(),
    "scattered": lambda x: torch.zeros(3, 4, dtype=x.dtype).scatter_add(0, _PLACES, x).square(),
    "chunks": lambda x: sum(one.square().sum() for one in (*x.chunk(2, 1), *x.chunk(2, 0))),
    "pieces": lambda x: sum((k + 1.0) * one.sum() for k, one in enumerate(x.split([1, 3], 1) + x.split(2))),
    "unbound": lambda x: sum((k + 1.0) * one.square().sum() for k, one in enumerate(x.unbind(1))),
    "joined": lambda x: torch.cat([x, 2 * x], 1) * torch.cat((x.square(), x), dim=-1),
    "stacked": lambda x: torch.stack([x, x.square()], 1) * torch.stack([x, x], 1),
    "padded": lambda x: functional.pad(x, (1, 2)) + functional.pad(x, (2, 1, 0, 0), value=0.5),
    "repeated": lambda x: x.repeat(2, 1) + torch.tile(x, (2, 1)) * x.repeat_interleave(2, 0),
    "turned": lambda x: x.flip(0) * x.flip((0, 1)) + x.roll(1, 0) * torch.roll(x, (1, 2), (0, 1)),
    "triangles": lambda x: x.tril() + x.triu(1).square() + torch.diag(x[:, :3]).sum() + x[:3, :3].trace(),
    "masks": lambda x: (
        torch.where(_MASK, x, 0.5) + x.masked_fill(_MASK, 2.0) * torch.where(x > 0, x, x.square())
    ),
    "compared": lambda x: x * (x > 0.1) + x * (x <= 0) - x.square() * (x != 0),
    "sorted": lambda x: x.sort(1).values * x.sort(dim=0, descending=True).values + x.topk(2, 1).values.sum(),
    "detached": lambda x: x * x.detach(),
    "without gradients": lambda x: x * _squared_apart(x),
    "outer and inner": lambda x: (
        torch.outer(x[0], x[1]) + torch.dot(x[0], x[2]) + x @ x[0] @ x[:, 0].new_ones(3)
    ),
    "einsum": lambda x: torch.einsum("ij,kj->ik", x, x),
    "pooled": lambda x: (
        functional.max_pool2d(x[None, None], 2, 1) + functional.avg_pool2d(x[None, None], 2, 1)
    ),
    "pooled in one dimension": lambda x: (
        functional.max_pool1d(x[None], 2) * functional.avg_pool1d(x[None], 2)
    ),
    "pooled to a size": lambda x: (
        functional.adaptive_avg_pool2d(x[None, None], (2, 1))
        + functional.adaptive_max_pool2d(x[None, None], (2, 1))
    ),
    "larger": lambda x: (
        functional.interpolate(x[None, None], scale_factor=2).square()
        + functional.interpolate(x[None, None], size=(6, 8), mode="bilinear")
    ),
    "normalised": lambda x: functional.layer_norm(x, (4,)) + functional.layer_norm(x, (3, 4)),
    "normalised over the batch": lambda x: functional.batch_norm(x, None, None, training=True),
    "normalised in groups": lambda x: functional.group_norm(x, 2) + functional.rms_norm(x, (4,), eps=1e-6),
    "cosine of two": lambda x: functional.cosine_similarity(x, x.square() + 1),
    "cross entropy": lambda x: (
        functional.cross_entropy(x, _LABELS)
        + functional.cross_entropy(x, _LABELS, reduction="sum", ignore_index=3, label_smoothing=0.2)
    ),
    "cross entropy with probabilities": lambda x: functional.cross_entropy(
        x, torch.eye(4, dtype=x.dtype)[:3]
    ),
    "cross entropy of pixels": lambda x: functional.cross_entropy(
        x[None], _LABELS[None].expand(1, 3)[:, :1].repeat(1, 4) % 3
    ),
    "negative log likelihood": lambda x: functional.nll_loss(x.log_softmax(1), _LABELS),
    "losses of a difference": lambda x: (
        functional.mse_loss(x, x.square())
        + functional.l1_loss(x, x.square(), reduction="sum")
        + functional.huber_loss(x, 2 * x, delta=0.5)
        + functional.smooth_l1_loss(x, 3 * x, beta=0.5)
    ),
    "binary cross entropy": lambda x: (
        functional.binary_cross_entropy(x.sigmoid(), _MASK.to(x.dtype))
        + functional.binary_cross_entropy_with_logits(x, _MASK.to(x.dtype))
    ),
    "divergence": lambda x: functional.kl_div(x.log_softmax(1), x.square().softmax(1), reduction="sum"),
}

OF_TWO: Mapping[str, Function] = {
    "arithmetic": lambda a, b: a + b * a - b / (a.square() + 1),
    "matmul": lambda a, b: a @ b.T,
    "mm, mv and bmm": lambda a, b: (
        torch.mm(a, b.t()).sum() + torch.mv(a, b[0]) + torch.bmm(a[None], b.T[None])
    ),
    "addmm": lambda a, b: (
        torch.addmm(a[:, :3], a, b.T, beta=0.5, alpha=2.0) + torch.baddbmm(a[None, :, :3], a[None], b.T[None])
    ),
    "linear": lambda a, b: functional.linear(a, b, a[:, 0]),
    "prelu": lambda a, b: functional.prelu(a, b[0]) + functional.prelu(a, b[0, :1]),
    "conv1d": lambda a, b: functional.conv1d(a[None], b[:, :3, None].transpose(0, 1)[:2], padding=1),
    "conv2d": lambda a, b: (
        functional.conv2d(a[None, None], b[None, None, :2, :3], padding=(1, 0), stride=(1, 2))
        + functional.conv2d(a[None, None], b[None, None, :, :3], padding="same")[..., :2].sum()
    ),
    "conv_transpose": lambda a, b: functional.conv_transpose2d(
        a[None, None], b[None, None, :2, :2], stride=2
    ),
    "attention": lambda a, b: (
        functional.scaled_dot_product_attention(a[None], b[None], a[None] * b[None])
        + functional.scaled_dot_product_attention(a[None], b[None], b[None], is_causal=True, scale=0.3)
    ),
    "attention with masks": lambda a, b: (
        functional.scaled_dot_product_attention(a[None], b[None], b[None], _MASK[:, :3] | _MASK[:, 1:])
        + functional.scaled_dot_product_attention(a[None], b[None], b[None], a[:, :3])
    ),
    "attached": lambda a, b: torch.where(a > b, a, b) + torch.logical_and(a > 0, b > 0) * a,
}


def _squared_apart(x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return x.square()
