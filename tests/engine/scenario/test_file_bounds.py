"""How much may be read from files; what holds for all of them."""

from __future__ import annotations

import io
import os
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from backprop_engine import ScenarioError
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.leaves import data_files
from backprop_engine.scenario.leaves.data_files import DataFiles
from leaf_files import IRIS, LITTLE, array, leaf_of, npy, numbers, refusal, refused, table


def test_a_file_that_is_too_large(folder: Path) -> None:
    with open(folder / "t.csv", "wb") as file:
        file.truncate(65 * 2**20)
    assert refused(folder, "{file: t.csv}")[:2] == (
        "data-size",
        "the file `t.csv` needs 65 MiB; at most 64 MiB are allowed",
    )
    assert refused(folder, "{file: iris.csv}", max_memory=50)[0] == "data-size"


def test_a_file_that_grows_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        status = real(descriptor)
        with open(folder / "iris.csv", "a") as file:
            file.write("1,2,3\n")
        return status

    monkeypatch.setattr(data_files.os, "fstat", fstat)
    assert refused(folder, "{file: iris.csv}")[1] == "`iris.csv` changed while it was being read"


def test_a_choice_that_is_too_large_is_refused_before_it_is_made(folder: Path) -> None:
    rows = f"[{', '.join(['0'] * 2000)}]"
    tracemalloc.start()
    for name, data in (("t.csv", b"1,2\n"), ("t.npy", npy(np.ones((1, 2000))))):
        (folder / name).write_bytes(data)
        columns = f"[{', '.join(['0'] * 2000)}]"
        code, message, _ = refused(
            folder, f"{{file: {name}, rows: {rows}, columns: {columns}}}", max_memory=2**24
        )
        assert (code, message) == ("too-large", "`x` needs 30.5 MiB; at most 16 MiB are allowed")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < LITTLE


def test_a_file_is_read_once(folder: Path) -> None:
    files = DataFiles(2**20)
    first = leaf_of(folder, "{file: iris.csv, columns: 0}", files)
    (folder / "iris.csv").write_text("1,2,3\n")
    second = leaf_of(folder, "{file: data/../iris.csv, columns: 2, dtype: int}", files)
    assert (first.tolist(), second.tolist()) == ([5.1, 4.9, 7.0, 6.3], [0, 0, 1, 2])
    fresh = leaf_of(folder, "{file: iris.csv, columns: 2}", DataFiles(2**20))
    assert fresh.tolist() == [3]


def test_what_is_kept_cannot_be_written_to(folder: Path) -> None:
    (folder / "a.npy").write_bytes(npy(np.arange(3.0)))
    for leaf in ("{file: iris.csv}", "{file: iris.csv, rows: [1, 0]}", "{file: a.npy}"):
        assert not leaf_of(folder, leaf, DataFiles(2**20)).flags.writeable


def test_all_files_together_are_bounded(folder: Path) -> None:
    for number in range(3):
        (folder / f"{number}.npy").write_bytes(npy(np.zeros(100, np.int8)))
    contents = DataFiles(500)  # 228 bytes each
    leaf_of(folder, "{file: 0.npy, rows: 0}", DataFiles(800))
    with pytest.raises(ScenarioError, match="`x` needs 800 bytes; at most 500 bytes are allowed"):
        leaf_of(folder, "{file: 0.npy}", contents)
    with pytest.raises(ScenarioError, match="`x` needs 800 bytes; at most 500 bytes are allowed"):
        leaf_of(folder, "{file: 1.npy, rows: 0}", contents)
    with pytest.raises(
        ScenarioError, match="the content of the data files needs 684 bytes; at most 500 bytes are allowed"
    ):
        leaf_of(folder, "{file: 2.npy}", contents)
    numbers = DataFiles(1500)
    leaf_of(folder, "{file: 0.npy}", numbers)
    with pytest.raises(
        ScenarioError, match=r"what is read from data files needs 1.56 KiB; at most 1.46 KiB are allowed"
    ):
        leaf_of(folder, "{file: 0.npy}", numbers)
    leaf_of(folder, "{file: 0.npy, rows: '0:50'}", numbers)


MATRICES = npst.arrays(
    np.float64, npst.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(width=64)
)


@given(MATRICES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_a_table_comes_back_bit_for_bit(matrix: np.ndarray, end: str, named: bool, quoted: bool) -> None:
    rows = [[repr(float(cell)) for cell in row] for row in matrix]
    if quoted:
        rows = [[f'"{cell}"' for cell in row] for row in rows]
    if named:
        rows.insert(0, [f"c{column}" for column in range(matrix.shape[1])])
    text = "".join(",".join(row) + end for row in rows)
    with tempfile.TemporaryDirectory() as name:
        found = table(Path(name), text, f"{{file: t.csv, columns: {[*range(matrix.shape[1])]}}}")
    np.testing.assert_array_equal(np.isnan(found), np.isnan(matrix))
    np.testing.assert_array_equal(bits(found), bits(matrix))


def bits(matrix: np.ndarray) -> np.ndarray:
    """The bits of every number; those of a NaN do not stand in a text."""
    return np.where(np.isnan(matrix), 0, matrix).view(np.int64)


@given(
    npst.arrays(np.float64, npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)),
    st.sampled_from(["<f8", ">f8"]),
    st.sampled_from("CF"),
)
def test_an_array_comes_back_bit_for_bit(given_array: np.ndarray, kind: str, order: Any) -> None:
    stored = np.array(given_array, dtype=kind, order=order)
    with tempfile.TemporaryDirectory() as name:
        found = array(Path(name), npy(stored))
        np.savez_compressed(Path(name) / "a.npz", k=stored)
        packed = numbers(Path(name), "{file: a.npz, key: k}")
    for one in (found, packed):
        assert one.shape == given_array.shape
        np.testing.assert_array_equal(
            np.atleast_1d(one).view(np.int64), np.atleast_1d(given_array).view(np.int64)
        )


ROWS = st.one_of(
    st.integers(-9, 9).map(str),
    st.lists(st.integers(-9, 9), max_size=5).map(str),
    st.builds(
        lambda *bounds: "'" + ":".join("" if one is None else str(one) for one in bounds) + "'",
        *[st.none() | st.integers(-9, 9)] * 3,
    ),
)


@given(ROWS, st.integers(1, 6))
def test_rows_are_chosen_as_python_does(rows: str, count: int) -> None:
    values = np.arange(count * 2.0).reshape(count, 2)
    text = "".join(f"{one:g},{other:g}\n" for one, other in values)
    if rows.startswith("'"):
        index: Any = slice(*(int(part) if part else None for part in rows.strip("'").split(":")))
    else:
        index = [int(part) for part in rows.strip("[]").split(",") if part.strip()]
        index = index if rows.startswith("[") else index[0]
    try:
        expected = values[index]
        refused_is = not expected.size
    except (IndexError, ValueError):
        refused_is = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.npy").write_bytes(npy(values))
        (folder / "t.csv").write_text(text)
        for file in ("a.npy", "t.csv"):
            leaf = f"{{file: {file}, rows: {rows}}}"
            if refused_is:
                assert refusal(folder, leaf).code.name == "data-rows"
            else:
                np.testing.assert_array_equal(numbers(folder, leaf), expected, strict=True)


def _seeds() -> list[tuple[str, bytes]]:
    packed = io.BytesIO()
    np.savez_compressed(packed, k=np.arange(6.0).reshape(2, 3), b=np.ones(2, bool))
    stored = io.BytesIO()
    np.savez(stored, k=np.arange(3, dtype=np.int16))
    return [
        ("{file: f.npy}", npy(np.arange(6.0).reshape(2, 3))),
        ("{file: f.npz, key: k}", packed.getvalue()),
        ("{file: f.npz, key: k}", stored.getvalue()),
        ("{file: f.csv}", IRIS.encode()),
        (
            "{file: f.csv, columns: [species], rows: [3, 0], dtype: int}",
            b'"a",species\n1,2\n' + IRIS.encode(),
        ),
    ]


@pytest.mark.parametrize(("leaf", "data"), _seeds())
@given(
    mutations=st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=3), st.integers(0, 3)), max_size=6)
)
def test_a_damaged_file_is_read_or_refused(
    leaf: str, data: bytes, mutations: list[tuple[int, bytes, int]]
) -> None:
    for position, new, gone in mutations:
        at = position % (len(data) + 1)
        data = data[:at] + new + data[at + gone :]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / leaf[7:12]).write_bytes(data)
        try:
            loaded = numbers(folder, leaf, max_memory=2**20)
        except ScenarioError:
            found = refusal(folder, leaf, max_memory=2**20)
            assert (clean(found.message), clean(found.hint)) == (found.message, found.hint)
        else:
            assert loaded.dtype == np.float64
