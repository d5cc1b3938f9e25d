"""What operators say in Korean: of themselves, and of operands, settings and constants that do not fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_letters

import numpy as np
import pytest

from backprop_engine.arrays import MAX_AXES
from backprop_engine.catalogue.conventions import every_convention
from backprop_engine.errors import ShapeError
from backprop_engine.messages.message import in_language
from backprop_engine.messages.translations import translations
from backprop_engine.messages.words import Words
from backprop_engine.ops import OPS, Op, OpAttribute
from backprop_engine.ops.backward_words import WORDS
from backprop_engine.optim import OPTIMIZERS
from backprop_tui.cells.lines import plain
from backprop_tui.render.operator_pages import page
from ill_shaped import errors
from rooms import room

HANGUL = re.compile("[가-힣]")
ENGLISH = re.compile(r"(?<![-\w])[A-Za-z]{2,} [A-Za-z]{2,}(?![-\w])")
NAMES = re.compile("Hadamard product")

each_op = pytest.mark.parametrize("op", list(OPS.values()), ids=lambda op: op.name)


@pytest.fixture(scope="module")
def heard() -> Iterator[set[str]]:
    """The templates that are said in Korean."""
    found: set[str] = set()

    class Heard(dict[str, str]):
        def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
            found.add(key)
            return super().get(key, default)

    known = Heard(translations("ko"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backprop_engine.messages.message.translations", lambda language: known)
        yield found


UNREAD = r"`[^`]*`|외적\(outer product\)"
"""What is no sentence of the text: code, and a term beside the Korean one at its first use."""


def is_korean(text: str) -> bool:
    plain_text = NAMES.sub("", re.sub(UNREAD, "", text))
    return bool(HANGUL.search(text)) and not ENGLISH.search(plain_text)


@each_op
def test_an_operator_tells_of_itself_in_korean(op: Op) -> None:
    told = [op.lesson, *([op.conventions] if op.conventions else []), *(one.meaning for one in op.attributes)]
    assert all(isinstance(one, Words) for one in told)
    assert [one for one in told if not is_korean(one.in_language("ko")) or HANGUL.search(one)] == []
    limits = [one.limits for one in op.attributes if one.limits]
    assert [one for one in limits if not is_korean(in_language(one, "ko"))] == []


@each_op
def test_the_page_of_an_operator_is_in_korean(op: Op) -> None:
    first, *lines = plain(page(op, "ko", numbers=False)).splitlines()
    assert HANGUL.search(first), "its family, behind its sign and its name"
    text = NAMES.sub("", re.sub(UNREAD, "", "\n".join(lines)))
    assert ENGLISH.findall(text) == []


def test_kinks_are_told_in_korean() -> None:
    notes = [each.kink.note.in_language("ko") for each in every_convention()]
    assert [note for note in notes if not is_korean(note)] == []


@each_op
def test_operands_that_do_not_fit_are_refused_in_korean(op: Op, heard: set[str]) -> None:
    told = [in_language(error.text, "ko") for *_, error in errors(op)]
    assert [one for one in told if not is_korean(one)] == []


def constants() -> Iterator[tuple[Op, str]]:
    """What operators say of constants that they cannot use."""
    for op in OPS.values():
        if op.refuse is None:
            continue
        for sample in op.samples:
            attributes = {one.name: one.default for one in op.attributes} | dict(sample.attributes)
            drawn = dict(zip(op.names(len(sample.operands)), sample.draw(), strict=True))
            for wrong in (0.5, -7.0, 99.0, np.nan):
                given = [
                    np.full(np.shape(one), wrong) if name in op.constants else np.shape(one)
                    for name, one in drawn.items()
                ]
                reason = op.refuse(*given, **attributes)
                if reason:
                    yield op, reason


def resized() -> Iterator[str]:
    """What the operators that give other sizes say of their settings."""
    interpolate, transposed = OPS["interpolate"], OPS["conv_transpose1d"]
    assert interpolate.conflict is not None
    assert transposed.conflict is not None
    nearest = {"size": (3, 4), "scale_factor": None, "mode": "nearest", "align_corners": False}
    yield interpolate.conflict(**nearest | {"size": None})
    yield interpolate.conflict(**nearest | {"align_corners": True})
    yield from refused(interpolate, ((2, 3, 4),), **nearest)
    plain = {"stride": 1, "padding": 7, "output_padding": 0, "groups": 1, "dilation": 1}
    yield transposed.conflict(**plain | {"output_padding": 1})
    yield from refused(transposed, ((1, 3), (1, 1, 2)), **plain)


def backward_words() -> Iterator[str]:
    """What the words of backward passes say of gradients that do not fit."""
    windows = {"shape": (1, 5, 5), "stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    yield from refused(WORDS["conv2d_input"], ((2, 3, 3, 3), (2, 3, 3)), **windows)
    yield from refused(WORDS["conv2d_input"], ((2, 1, 3, 3), (2, 4, 4)), **windows)
    put = WORDS["put"]
    assert put.conflict is not None
    yield put.conflict(shape=(2, 3), key="1 +")
    yield from refused(put, ((3,),), shape=(2, 3), key=":, 0")
    yield from refused(WORDS["carried_back"], ((3,), (4,)), axis=0)
    cell = ((2, 2), (1, 2), (1, 4), (1, 4), (16, 2), (16, 4), (16,), (16,))
    yield from refused(WORDS["lstm_cell_gates"], cell)


def settings() -> Iterator[str]:
    """What operators say of settings that do not go together, or that no shape fits."""
    clip, einsum, pool = OPS["clip"], OPS["einsum"], OPS["max_pool2d"]
    assert clip.conflict is not None
    yield clip.conflict(min=2.0, max=1.0)
    for subscripts in (
        "ij",
        "i1,j->i",
        "ii,j->i",
        "ij,j->k",
        "ij,jk->ik",
        "ijk,j->i",
        ",j->j",
        "ij,j->jj",
        "...j,j->j",
    ):
        yield from refused(einsum, ((2, 3), (2,)), subscripts=subscripts)
    yield from refused(einsum, ((1,) * 53,), subscripts=f"...{ascii_letters}->...")
    yield from refused(pool, ((1, 4, 4),), kernel_size=2, stride=None, padding=2)
    yield from refused(OPS["conv2d"], ((1, 4, 4), (1, 1, 0, 2)), stride=1, padding=0, dilation=1, groups=1)
    yield from refused(OPS["conv2d"], ((4, 5, 5), (3, 2, 2, 2)), stride=1, padding=0, dilation=1, groups=2)
    yield from refused(OPS["sum"], ((2, 3),), axis=(0, 0), keepdims=False)
    yield from refused(OPS["split"], ((6,),), parts=2, index=5, axis=0)
    yield from refused(OPS["reshape"], ((6,),), shape=(-1, -1))
    yield from refused(OPS["pad"], ((6,),), width=((1, 1), (1, 1)), value=0.0)
    yield from refused(OPS["embedding"], ((2, 3, 4), (2,)))
    smooth = {"reduction": "mean", "ignore_index": 1, "label_smoothing": 0.0}
    yield from refused(OPS["softmax_with_loss"], ((2, 3), (2, 3)), **smooth)
    yield from refused(
        OPS["scaled_dot_product_attention"],
        ((2, 0), (3, 0), (3, 4)),
        causal=False,
        scale=None,
        additive=False,
        heads=1,
    )
    yield from refused(
        OPS["scaled_dot_product_attention"],
        ((2, 4), (3, 4), (3, 4)),
        causal=False,
        scale=None,
        additive=False,
        heads=3,
    )
    yield from resized()
    yield from backward_words()
    roll, scatter = OPS["roll"], OPS["scatter"]
    assert roll.conflict is not None
    assert scatter.refuse is not None
    yield from refused(OPS["index"], ((2, 3),), key=((0, 1), (0, 1, 2)))
    yield from refused(OPS["index"], ((2, 3, 4),), key=(0, slice(None), (0, 2)))
    yield roll.conflict(shift=(1, 2), axis=0)
    yield scatter.refuse((3,), np.array([1, 1]), (2,), axis=0) or ""
    yield OpAttribute("most", float, 0.0, Words("the most", "최대"), most=3.0).limits


def refused(op: Op, shapes: tuple[tuple[int, ...], ...], **attributes: object) -> Iterator[str]:
    try:
        op.shape(*shapes, **attributes)
    except ShapeError as error:
        yield error.text


@pytest.mark.thorough
def test_every_sentence_of_operators_is_heard(heard: set[str]) -> None:
    told = [reason.in_language("ko") for _, reason in constants()]
    told += [in_language(one, "ko") for one in settings()]
    for op in OPS.values():
        told += [in_language(error.text, "ko") for *_, error in errors(op)]
        told += [in_language(one.limits, "ko") for one in op.attributes if one.limits]
    with pytest.raises(ShapeError) as caught:
        OPS["unsqueeze"].shape_for(((1,) * MAX_AXES,), {"axis": 0})
    told.append(in_language(caught.value.text, "ko"))
    with pytest.raises(ShapeError) as caught:
        OPS.by_symbol("·").shape_for(((2, 2), (2,)), {})
    told += [in_language(one, "ko") for one in (caught.value.text, caught.value.hint)]
    assert [one for one in told if not is_korean(one)] == []
    assert room("ops").keys() - heard == set()


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_settings_of_an_optimiser_are_refused_in_korean(name: str) -> None:
    optimizer = OPTIMIZERS[name]
    wrong: tuple[object, ...] = (None, "x", -1.0, 1e300 * 10, [1], [1, 2, 3, 4, 5], {}, True, 10**40)
    given = [{one.name: value} for one in optimizer.settings for value in wrong]
    given += [{"learning_rat": 1}, {"fused": True}, {"epsilon": 1}, {"nesterov": True}]
    told = [in_language(error.text, "ko") for one in given for error in optimizer.mistakes(one)]
    assert told
    assert [one for one in told if not is_korean(one)] == []
