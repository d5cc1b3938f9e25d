"""PyTorch's opinion on layers of networks; see `opinion`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - as everybody calls it


def _batch_norm_inference(
    a: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None, *, eps: float
) -> Any:
    mean, var = running_mean.detach(), running_var.detach()
    return F.batch_norm(a, mean, var, weight, bias, training=False, eps=eps)


def _group_norm(a: Any, weight: Any = None, bias: Any = None, *, num_groups: int, eps: float) -> Any:
    return F.group_norm(a, num_groups, weight, bias, eps)


def _instance_norm(a: Any, weight: Any = None, bias: Any = None, *, eps: float) -> Any:
    return F.instance_norm(a, weight=weight, bias=bias, eps=eps)


def _interpolate(x: Any, size: Any, scale_factor: Any, mode: str, align_corners: bool) -> Any:
    corners = None if mode == "nearest" else align_corners
    return F.interpolate(x, size, scale_factor, mode, corners)


def _rotary(x: Any, base: float, interleaved: bool, offset: int) -> Any:
    """As Meta's Llama does it, by complex numbers, or as Hugging Face's, by `rotate_half`."""
    size = x.shape[-1]
    rates = base ** (-torch.arange(0, size, 2, dtype=x.dtype) / size)
    angles = torch.outer(offset + torch.arange(x.shape[-2], dtype=x.dtype), rates)
    if interleaved:
        pairs = torch.view_as_complex(x.contiguous().reshape(*x.shape[:-1], -1, 2))
        return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2)
    both = torch.cat((angles, angles), dim=-1)
    half = torch.cat((-x[..., size // 2 :], x[..., : size // 2]), dim=-1)
    return x * both.cos() + half * both.sin()


def _biases(weight: Any, biases: tuple[Any, ...]) -> list[Any]:
    return [*biases, *[torch.zeros(weight.shape[0], dtype=weight.dtype)] * (2 - len(biases))]


def _lstm_cell(x: Any, h: Any, c: Any, w_x: Any, w_h: Any, *biases: Any) -> Any:
    rows = (each.reshape(-1, each.shape[-1]) for each in (x, h, c))
    x_rows, *states = rows
    new = torch.lstm_cell(x_rows, states, w_x, w_h, *_biases(w_x, biases))
    return torch.stack(new).reshape(2, *h.shape)


def _gru_cell(x: Any, h: Any, w_x: Any, w_h: Any, *biases: Any) -> Any:
    x_rows, h_rows = (each.reshape(-1, each.shape[-1]) for each in (x, h))
    return torch.gru_cell(x_rows, h_rows, w_x, w_h, *_biases(w_x, biases)).reshape(h.shape)


DEFINITIONS: dict[str, Callable[..., Any]] = {
    "batch_norm_inference": _batch_norm_inference,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "adaptive_avg_pool1d": F.adaptive_avg_pool1d,
    "adaptive_avg_pool2d": F.adaptive_avg_pool2d,
    "adaptive_max_pool1d": F.adaptive_max_pool1d,
    "adaptive_max_pool2d": F.adaptive_max_pool2d,
    "interpolate": _interpolate,
    "lstm_cell": _lstm_cell,
    "gru_cell": _gru_cell,
    "rotary_embedding": _rotary,
    "conv_transpose1d": F.conv_transpose1d,
    "conv_transpose2d": F.conv_transpose2d,
    "glu": lambda a, axis: F.glu(a, dim=axis),
    "swiglu": lambda a, b: F.silu(a) * b,
}
