"""What other programs and textbooks call the words of the format, its settings and its operators."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

__all__ = ["meant"]

_CALLED: Final[dict[str, str]] = {
    # Sections
    "inputs": "data features variables leaves placeholders args operands input",
    "params": "parameters weights learnable trainable",
    "constants": "targets labels buffers",
    "nodes": "graph operations ops computations equations layers forward circuit",
    "output": "loss result objective",
    "title": "name heading caption",
    "description": "summary abstract about",
    "source": "reference references url link",
    "expect": "expected expectations test tests assert asserts",
    "train": "training optimization",
    "cells": "functions modules blocks subgraphs",
    # Keys below them
    "shape": "size dims",
    "values": "outputs",
    "grads": "gradients derivatives",
    "digits": "places decimals precision",
    "rtol": "tolerance tol",
    "expr": "expression formula",
    "op": "operator operation type function",
    "note": "comment remark",
    "init": "initializer initialization",
    # Ways to fill a tensor
    "normal": "randn gaussian random",
    "uniform": "rand",
    "xavier_uniform": "xavier glorot glorotuniform",
    "xavier_normal": "glorotnormal",
    "he_uniform": "he kaiming kaiminguniform",
    "he_normal": "kaimingnormal",
    "constant": "full fill",
    "eye": "identity",
    "mean": "mu loc",
    "std": "sigma scale stddev",
    "low": "min lower",
    "high": "max upper",
    # Languages
    "en": "english eng",
    "ko": "korean kor 한국어",
    # Floating types
    "float64": "double float fp64 f64",
    "float32": "single fp32 f32",
    "float16": "half fp16 f16",
    # Settings of operators
    "axis": "dim axes dims",
    "keepdims": "keepdim",
    "reduction": "reduce",
    "eps": "epsilon",
    "label_smoothing": "smoothing",
    "negative_slope": "slope alpha",
    "kernel_size": "kernel poolsize window",
    "p": "rate prob probability",
    "min": "amin low lower",
    "max": "amax high upper",
    "parts": "sections chunks splits",
    "reps": "repeats times",
    "subscripts": "equation",
    "width": "padwidth padding",
    "axes": "perm permutation order",
    "ddof": "correction",
    # Operators
    "sigmoid": "logistic sigma σ",
    "log": "ln",
    "concat": "cat concatenate hstack vstack join",
    "reshape": "view",
    "unsqueeze": "expanddims newaxis",
    "clip": "clamp",
    "abs": "absolute fabs",
    "silu": "swish",
    "mse": "meansquarederror l2",
    "mae": "l1 meanabsoluteerror",
    "huber": "smoothl1",
    "bce": "binarycrossentropy",
    "nll": "negativeloglikelihood",
    "scaled_dot_product_attention": "attention",
    "linear": "dense affine fullyconnected",
    "max_pool2d": "maxpool maxpooling maxpooling2d",
    "avg_pool2d": "avgpool averagepooling averagepooling2d",
    "permute": "rearrange",
    "gather": "takealongaxis takealongdim",
    "split": "chunk",
    "flatten": "ravel",
    "tile": "repeat",
    "reciprocal": "inverse",
    "square": "sqr",
}


def _synonyms() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for word, others in _CALLED.items():
        for other in others.split():
            found[other] = (*found.get(other, ()), word)
    return found


_MEANT: Final = _synonyms()


def meant(name: str, known: Collection[str]) -> str | None:
    """The one of `known` that is called `name` elsewhere.

    Case and underscores do not count, nor does a `Loss` or `Layer` at the end.
    """
    folded = _squeezed(name)
    called = (folded, folded.removesuffix("loss"), folded.removesuffix("layer"))
    for other in called:
        for word in _MEANT.get(other, ()):
            if word in known and word != name:
                return word
    return next((word for word in known if word != name and _squeezed(word) in called), None)


def _squeezed(name: str) -> str:
    return name.casefold().replace("_", "")
