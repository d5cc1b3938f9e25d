"""How PyTorch is called for each operator: its function, or a few of them.

An operator that is not here is written as expressions write it, ``a + b``, or PyTorch has a function of its
name. In a text ``{a}`` is an operand, ``None`` where it was left out, ``{axis}`` a setting as Python writes
it, and ``{operands}`` all operands with commas between them. A test runs every sample of the table so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["CALLS", "HELPERS", "TIED"]

CALLS: Final[Mapping[str, str]] = {
    # arithmetic
    "identity": "{a}.clone()",
    "detach": "{a}.detach()",
    "mod": "torch.remainder({a}, {b})",
    "clip": "torch.clamp({a}, {min}, {max})",
    "where": "torch.where({condition} != 0, {a}, {b})",
    "masked_fill": "torch.masked_fill({a}, {mask} != 0, {value})",
    # activations
    "relu": "F.relu({a})",
    "leaky_relu": "F.leaky_relu({a}, {negative_slope})",
    "elu": "F.elu({a}, {alpha})",
    "selu": "F.selu({a})",
    "hard_tanh": "F.hardtanh({a})",
    "relu6": "F.relu6({a})",
    "softplus": "torch.logaddexp({a}, torch.zeros_like({a}))",  # F.softplus is linear from 20 on
    "log_sigmoid": "F.logsigmoid({a})",
    "silu": "F.silu({a})",
    "mish": "F.mish({a})",
    "gelu": "F.gelu({a}, approximate={approximate})",
    "glu": "F.glu({a}, dim={axis})",
    "swiglu": "F.silu({a}) * {b}",
    # products
    "hadamard": "{a} * {b}",
    "linear": "F.linear({x}, {weight}, {bias})",
    "einsum": "torch.einsum({subscripts}, {operands})",
    # reductions
    "sum": "torch.sum({a}, dim=axes({a}, {axis}), keepdim={keepdims})",
    "mean": "torch.mean({a}, dim=axes({a}, {axis}), keepdim={keepdims})",
    "max": "torch.amax({a}, dim=axes({a}, {axis}), keepdim={keepdims})",
    "min": "torch.amin({a}, dim=axes({a}, {axis}), keepdim={keepdims})",
    "logsumexp": "torch.logsumexp({a}, dim=axes({a}, {axis}), keepdim={keepdims})",
    "norm": "torch.linalg.vector_norm({a}, float({ord}), dim=axes({a}, {axis}), keepdim={keepdims})",
    "var": "spread(torch.var, {a}, {axis}, {keepdims}, {ddof})",
    "std": "spread(torch.std, {a}, {axis}, {keepdims}, {ddof})",
    "prod": "product({a}, {axis}, {keepdims})",
    "cumsum": "torch.cumsum({a}, dim={axis})",
    "cumprod": "torch.cumprod({a}, dim={axis})",
    "argmax": "torch.argmax({a}, dim={axis}, keepdim={keepdims})",
    "argmin": "torch.argmin({a}, dim={axis}, keepdim={keepdims})",
    # shapes
    "transpose": "{a}.permute(tuple(reversed(range({a}.ndim))))",
    "reshape": "torch.reshape({a}, {shape})",
    "flatten": "torch.flatten({a}, start_dim={start})",
    "permute": "torch.permute({a}, {axes})",
    "squeeze": "squeeze({a}, {axis})",
    "unsqueeze": "unsqueeze({a}, {axis})",
    "broadcast_to": "torch.broadcast_to({a}, {shape})",
    "concat": "torch.cat([{operands}], dim={axis})",
    "stack": "torch.stack([{operands}], dim={axis})",
    "split": "torch.tensor_split({a}, {parts}, dim={axis})[{index}]",
    "gather": "torch.gather({a}, {axis}, {indices} % {a}.shape[{axis}])",
    "embedding": "F.embedding({indices}, {weight})",
    "pad": "pad({a}, {width}, {value})",
    "flip": "torch.flip({a}, axes({a}, {axis}))",
    "tile": "torch.tile({a}, {reps})",
    "roll": "torch.roll({a}, {shift}, {axis})",
    "repeat_interleave": "torch.repeat_interleave({a}, {repeats}, dim={axis})",
    "tril": "torch.tril({a}, {diagonal})",
    "triu": "torch.triu({a}, {diagonal})",
    "diag": "torch.diag({a}, {diagonal})",
    "sort": "torch.sort({a}, dim={axis}, descending={descending}, stable=True).values",
    "argsort": "torch.argsort({a}, dim={axis}, descending={descending}, stable=True)",
    "topk": "torch.topk({a}, {k}, dim={axis}, largest={largest}).values",
    "index_select": "{a}[(slice(None),) * ({axis} % {a}.ndim) + ({indices},)]",
    "scatter": "write(torch.scatter, {a}, {axis}, {indices}, {src})",
    "scatter_add": "write(torch.scatter_add, {a}, {axis}, {indices}, {src})",
    "one_hot": "F.one_hot({indices}.long(), {classes}).double()",
    # normalisation
    "softmax": "torch.softmax({a}, dim={axis})",
    "log_softmax": "torch.log_softmax({a}, dim={axis})",
    "layer_norm": "F.layer_norm({a}, {a}.shape[{axis}:], {weight}, {bias}, {eps})",
    "rms_norm": "F.rms_norm({a}, {a}.shape[{axis}:], {weight}, {eps})",
    "batch_norm": "F.batch_norm({a}, None, None, {weight}, {bias}, training=True, eps={eps})",
    "batch_norm_inference": (
        "F.batch_norm({a}, {running_mean}.detach(), {running_var}.detach(), {weight}, {bias}, eps={eps})"
    ),
    "group_norm": "F.group_norm({a}, {num_groups}, {weight}, {bias}, {eps})",
    "instance_norm": "F.instance_norm({a}, weight={weight}, bias={bias}, eps={eps})",
    "dropout": "torch.where({mask} != 0, {a} / (1 - {p}), 0.0)",
    # convolution
    "conv1d": "F.conv1d({x}, {weight}, {bias}, {stride}, {padding}, {dilation}, {groups})",
    "conv2d": "F.conv2d({x}, {weight}, {bias}, {stride}, {padding}, {dilation}, {groups})",
    "conv_transpose1d": (
        "F.conv_transpose1d({x}, {weight}, {bias}, {stride}, {padding}, {output_padding}, {groups}, "
        "{dilation})"
    ),
    "conv_transpose2d": (
        "F.conv_transpose2d({x}, {weight}, {bias}, {stride}, {padding}, {output_padding}, {groups}, "
        "{dilation})"
    ),
    "max_pool1d": "F.max_pool1d({x}, {kernel_size}, {stride}, {padding}, {dilation}, {ceil_mode})",
    "max_pool2d": "F.max_pool2d({x}, {kernel_size}, {stride}, {padding}, {dilation}, {ceil_mode})",
    "avg_pool1d": "F.avg_pool1d({x}, {kernel_size}, {stride}, {padding}, {ceil_mode}, {count_include_pad})",
    "avg_pool2d": "F.avg_pool2d({x}, {kernel_size}, {stride}, {padding}, {ceil_mode}, {count_include_pad})",
    "adaptive_avg_pool1d": "F.adaptive_avg_pool1d({x}, {output_size})",
    "adaptive_avg_pool2d": "F.adaptive_avg_pool2d({x}, {output_size})",
    "adaptive_max_pool1d": "F.adaptive_max_pool1d({x}, {output_size})",
    "adaptive_max_pool2d": "F.adaptive_max_pool2d({x}, {output_size})",
    "interpolate": "interpolate({x}, {size}, {scale_factor}, {mode}, {align_corners})",
    # losses
    "mse": "F.mse_loss({a}, {target}, reduction={reduction})",
    "mae": "F.l1_loss({a}, {target}, reduction={reduction})",
    "huber": "F.huber_loss({a}, {target}, reduction={reduction}, delta={delta})",
    "smooth_l1": "F.smooth_l1_loss({a}, {target}, reduction={reduction}, beta={beta})",
    "bce": "F.binary_cross_entropy({p}, {target}, reduction={reduction})",
    "bce_with_logits": (
        "F.binary_cross_entropy_with_logits({a}, {target}, pos_weight={pos_weight}, reduction={reduction})"
    ),
    "hinge": "reduced(F.relu({margin} - {target} * {a}), {reduction})",
    "kl_div": "kl_div({log_p}, {target}, {reduction})",
    "nll": "nll({log_p}, {target}, {weight}, {reduction}, {ignore_index})",
    "softmax_with_loss": (
        "cross_entropy({a}, {target}, {weight}, {reduction}, {ignore_index}, {label_smoothing})"
    ),
    # attention and cells
    "scaled_dot_product_attention": (
        "attention({q}, {k}, {v}, {mask}, {causal}, {scale}, {additive}, {heads})"
    ),
    "rotary_embedding": "rotary({x}, {base}, {interleaved}, {offset})",
    "lstm_cell": "lstm_cell({operands})",
    "gru_cell": "gru_cell({operands})",
}  # fmt: skip
"""By the operator's name."""

TIED: Final[Mapping[str, str]] = {
    "max_pool1d": "shared_max_pool(1, {x}, {kernel_size}, {stride}, {padding}, {dilation}, {ceil_mode})",
    "max_pool2d": "shared_max_pool(2, {x}, {kernel_size}, {stride}, {padding}, {dilation}, {ceil_mode})",
}
"""The same where entries tie, and PyTorch's own function hands all to the first of them."""

HELPERS: Final[Mapping[str, str]] = {
    "axes": '''
def axes(a, axis):
    """All axes of a tensor, or those that are named."""
    if axis is None:
        return tuple(range(a.ndim))
    return axis if isinstance(axis, tuple) else (axis,)
''',
    "spread": '''
def spread(function, a, axis, keepdims, ddof):
    """The variance or the deviation; a number alone has no axis to name."""
    if a.ndim == 0:
        return function(a.reshape(1), dim=0, correction=ddof)
    return function(a, dim=axes(a, axis), keepdim=keepdims, correction=ddof)
''',
    "product": '''
def product(a, axis, keepdims):
    """PyTorch takes one axis at a time."""
    for one in sorted((one % a.ndim for one in axes(a, axis)), reverse=True):
        a = a.prod(dim=one, keepdim=keepdims)
    return a.clone() if a.ndim == 0 else a
''',
    "squeeze": """
def squeeze(a, axis):
    return a.squeeze() if axis is None else a.squeeze(axis)
""",
    "unsqueeze": """
def unsqueeze(a, axis):
    added = axis if isinstance(axis, tuple) else (axis,)
    for one in sorted(one % (a.ndim + len(added)) for one in added):
        a = a.unsqueeze(one)
    return a
""",
    "pad": '''
def pad(a, width, value):
    """PyTorch counts the axes from the last."""
    return F.pad(a, [side for pair in reversed(width) for side in pair], value=value)
''',
    "indexed": '''
def indexed(a, key):
    """Brackets, axis by axis; PyTorch's own take no slices that run backwards."""
    axis = 0
    for one in key:
        if isinstance(one, slice):
            a = a.index_select(axis, torch.tensor(range(*one.indices(a.shape[axis])), dtype=torch.int64))
            axis += 1
        else:
            a = a.select(axis, one)
    return a
''',
    "write": '''
def write(function, a, axis, indices, src):
    """PyTorch takes a number in another form, and a `src` that is no longer than the indices."""
    corner = src[tuple(map(slice, indices.shape))] if src.ndim else src.expand(indices.shape)
    return function(a, axis, indices % a.shape[axis], corner)
''',
    "reduced": """
def reduced(losses, reduction):
    return losses if reduction == "none" else getattr(losses, reduction)()
""",
    "kl_div": '''
def kl_div(log_p, target, reduction):
    """PyTorch's own mean warns that it will become another one."""
    if reduction == "mean":
        return F.kl_div(log_p, target, reduction="none").mean()
    return F.kl_div(log_p, target, reduction=reduction)
''',
    "classes_second": '''
def classes_second(a):
    """PyTorch wants the classes on axis 1."""
    return a if a.ndim < 2 else a.movedim(-1, 1)
''',
    "nll": """
def nll(log_p, target, weight, reduction, ignore_index):
    ignored = -100 if ignore_index is None else ignore_index
    return F.nll_loss(classes_second(log_p), target, weight, reduction=reduction, ignore_index=ignored)
""",
    "cross_entropy": """
def cross_entropy(a, target, weight, reduction, ignore_index, label_smoothing):
    if target.is_floating_point():
        target = classes_second(target)
    return F.cross_entropy(
        classes_second(a),
        target,
        weight,
        reduction=reduction,
        ignore_index=-100 if ignore_index is None else ignore_index,
        label_smoothing=label_smoothing,
    )
""",
    "attention": '''
def attention(q, k, v, mask, causal, scale, additive, heads):
    """PyTorch takes either a mask or `is_causal`, which then goes into the mask."""
    if heads > 1:
        q, k, v = (each.unflatten(-1, (heads, -1)).transpose(-3, -2) for each in (q, k, v))
    if mask is not None and not additive:
        mask = mask != 0
    if mask is not None and causal:
        earlier = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).tril()
        mask = mask.masked_fill(~earlier, -torch.inf) if additive else mask & earlier
        causal = False
    if mask is not None:
        mask = mask.broadcast_to((*mask.shape[:-2], q.shape[-2], k.shape[-2]))
    out = F.scaled_dot_product_attention(q, k, v, mask, is_causal=causal, scale=scale)
    return out.transpose(-3, -2).flatten(-2) if heads > 1 else out
''',
    "interpolate": """
def interpolate(x, size, scale_factor, mode, align_corners):
    return F.interpolate(x, size, scale_factor, mode, None if mode == "nearest" else align_corners)
""",
    "rotary": '''
def rotary(x, base, interleaved, offset):
    """Pairs of entries, neighbours or halves apart, are turned by angles that grow with the position."""
    size = x.shape[-1]
    rates = base ** (-torch.arange(0, size, 2, dtype=x.dtype) / size)
    angles = torch.outer(offset + torch.arange(x.shape[-2], dtype=x.dtype), rates)
    first, second = (x[..., ::2], x[..., 1::2]) if interleaved else (x[..., : size // 2], x[..., size // 2 :])
    turned = first * angles.cos() - second * angles.sin(), second * angles.cos() + first * angles.sin()
    return torch.stack(turned, -1).flatten(-2) if interleaved else torch.cat(turned, -1)
''',
    "two_biases": """
def two_biases(weight, biases):
    return [*biases, *[torch.zeros(weight.shape[0], dtype=weight.dtype)] * (2 - len(biases))]
""",
    "lstm_cell": """
def lstm_cell(x, h, c, w_x, w_h, *biases):
    x_rows, h_rows, c_rows = (each.reshape(-1, each.shape[-1]) for each in (x, h, c))
    new = torch.lstm_cell(x_rows, (h_rows, c_rows), w_x, w_h, *two_biases(w_x, biases))
    return torch.stack(new).reshape(2, *h.shape)
""",
    "gru_cell": """
def gru_cell(x, h, w_x, w_h, *biases):
    x_rows, h_rows = (each.reshape(-1, each.shape[-1]) for each in (x, h))
    return torch.gru_cell(x_rows, h_rows, w_x, w_h, *two_biases(w_x, biases)).reshape(h.shape)
""",
    "shared_max_pool": '''
def shared_max_pool(count, x, kernel_size, stride, padding, dilation, ceil_mode):
    """Pooling in which entries that tie share the gradient, as in `amax`."""
    pooled = F.max_pool1d if count == 1 else F.max_pool2d
    wanted = pooled(x, kernel_size, stride, padding, dilation, ceil_mode).shape[-count:]
    settings = (kernel_size, kernel_size if stride is None else stride, padding, dilation)
    spread = [one if isinstance(one, tuple) else (one,) * count for one in settings]
    for axis, outputs, k, step, edge, d in zip(range(-count, 0), wanted, *spread):
        reach = d * (k - 1) + 1
        after = max(edge, (outputs - 1) * step + reach - x.shape[axis] - edge)
        x = F.pad(x.movedim(axis, -1), (edge, after), value=-torch.inf).unfold(-1, reach, step)
        x = x[..., ::d].amax(dim=-1).movedim(-1, axis)
    return x
''',
    "Given": '''
class Given(torch.autograd.Function):
    """A value that is put in the place of a computed one; the gradient goes on to what was computed."""

    @staticmethod
    def forward(ctx, computed, given):
        return given

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None
''',
}
"""Functions that PyTorch does not have in this form, as text to read; they may call each other."""
