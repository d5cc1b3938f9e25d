"""The name that was probably meant, and what other programs and textbooks call it."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from itertools import islice
from typing import Final

from backprop_engine.messages.message import Hint, msg
from backprop_engine.messages.plain_text import clean

__all__ = ["did_you_mean", "meant", "near_one_of", "nearest"]

_MAX_LENGTH = 64
_SHORT = 6
_MOST = 10_000
"""How many names are compared, so that a typo in a file of a hundred thousand names does not take seconds."""

_LOOK_ALIKES = str.maketrans(
    "аеорсухѵіјѕԁһԛԝАВЕКМНОРСТУХІЈЅοντυςΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aeopcyxvijsdhqwABEKMHOPCTYXIJSovtucABEZHIKMNOPTYX"
)
"""Cyrillic and Greek letters that look like Latin ones."""


def nearest(name: str, known: Iterable[str], in_short: int = 2) -> str | None:
    """The one of `known` that `name` is a slip of the pen away from; of equals, the first.

    What other programs call it comes first, then another case and letters that look the same; else about
    one letter in three may be missing, added, changed, or swapped with its neighbour; of a short name no more
    than `in_short`.
    """
    if len(name) > _MAX_LENGTH:
        return None
    known = tuple(islice(known, _MOST))
    if synonym := meant(name, known):
        return synonym
    best: str | None = None
    folded = _folded(name)
    least = (len(name) + 2) // 3 + 1
    if len(name) < _SHORT:
        least = min(least, in_short + 1)
    for candidate in known:
        if abs(len(candidate) - len(name)) >= least:
            continue
        other = _folded(candidate)
        distance = 0 if other == folded else _distance(folded, other, least)
        if distance < min(least, max(len(name), len(candidate))):
            best, least = candidate, distance
            if not distance:
                break
    return best


def did_you_mean(name: str, known: Iterable[str], in_short: int = 2) -> Hint:
    """A hint that asks for the nearest of `known`, or nothing."""
    found = nearest(name, known, in_short)
    if found is None:
        return ""
    return _look_alike(name, found) or msg("did you mean `{text}`?", text=found)


def near_one_of(names: Iterable[str], known: Iterable[str]) -> Hint:
    """A hint for the first of `names` that is nearly one of `known`, or nothing."""
    known = tuple(known)
    for name in names:
        if hint := did_you_mean(name, known):
            return hint
    return ""


def _look_alike(name: str, other: str) -> Hint:
    """The hint that names which letter is from another alphabet, where two names look the same."""
    if len(name) != len(other) or _plain(name) != _plain(other):
        return ""
    for given, wanted in zip(name, other, strict=True):
        if given != wanted:
            return msg(
                "did you mean `{text}`? It has `{wanted}` ({wanted_code}) where this has `{given}` "
                "({given_code}).",
                text=other,
                given=clean(given),
                given_code=_code_point(given),
                wanted=clean(wanted),
                wanted_code=_code_point(wanted),
            )
    return ""


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip()


def _plain(name: str) -> str:
    """`name` in letters that other letters are mistaken for."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name).translate(_LOOK_ALIKES)


def _folded(name: str) -> str:
    return _plain(name).casefold()


def _distance(name: str, other: str, limit: int) -> int:
    """How many letters must be added, taken away, changed or swapped with a neighbour; at most `limit`."""
    if len(set(name) - set(other)) >= limit:  # each of these letters costs name change or more
        return limit
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(name, 1):
        earlier, before, row = before, row, [i]
        for j, counterpart in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != counterpart))
            if i > 1 and j > 1 and letter == other[j - 2] and name[i - 2] == counterpart:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) >= limit:
            return limit
    return row[-1]


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
    "causal": "iscausal",
    "mask": "attnmask",
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
    "ord": "p order",
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
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
    "mod": "modulo",
    "round": "rint around",
    "interpolate": "upsample",
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
