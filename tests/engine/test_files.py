"""Leaves from files: tables and arrays that come back exactly, and files that are refused with a reason."""

from __future__ import annotations

import io
import os
import pickle
import socket
import struct
import tempfile
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from backprop_engine import ScenarioError, load_scenario
from backprop_engine.errors import Diagnostic
from backprop_engine.graph import Kind
from backprop_engine.scenario import data_files
from backprop_engine.scenario.data_files import DataFiles
from backprop_engine.scenario.leaves import read_leaf
from backprop_engine.scenario.loader import load_source
from backprop_engine.scenario.nodes import Mapping
from backprop_engine.scenario.reader import read
from backprop_engine.scenario.source import Source
from backprop_engine.text import clean

IRIS = """\
sepal_length,sepal_width,species
5.1,3.5,0
4.9,3.0,0
7.0,3.2,1
6.3,3.3,2
"""
LITTLE = 20 * 2**20
"""More than loading any scenario takes: its text is read into 16 MiB."""
TEXT_CLASSES = "width,species\n0.2,setosa\n0.2,setosa\n1.4,versicolor\n2.5,virginica\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The scenario's own folder, beside which there is more that is none of its business."""
    (tmp_path / "outside.csv").write_text("1,2\n")
    (tmp_path / "home" / "data").mkdir(parents=True)
    (tmp_path / "home" / "iris.csv").write_text(IRIS)
    (tmp_path / "home" / "data" / "wine.csv").write_text("1,2\n3,4\n")
    return tmp_path / "home"


def scenario(leaf: str, dtype: str = "float64") -> str:
    return f"dtype: {dtype}\ninputs:\n  x: {leaf}\nnodes: {{f: sum(x)}}\n"


def numbers(folder: Path, leaf: str, dtype: str = "float64", **options: int) -> np.ndarray:
    """The numbers of the leaf `x` that `leaf` describes, in a scenario in `folder`."""
    path = folder / "scenario.yaml"
    path.write_text(scenario(leaf, dtype), encoding="utf-8")
    return np.asarray(load_scenario(path, **options).bindings.leaves[0])


def refusal(folder: Path, leaf: str, dtype: str = "float64", **options: int) -> Diagnostic:
    """The one mistake of a leaf; nothing of it tells where the scenario lies, or how Python failed."""
    with pytest.raises(ScenarioError) as caught:
        numbers(folder, leaf, dtype, **options)
    (found,) = caught.value.diagnostics
    told = f"{found.message}\n{found.hint}"
    assert str(folder) not in told
    assert str(folder.parent) not in told
    assert "Errno" not in told
    assert found.place is not None
    assert found.place.path == str(folder / "scenario.yaml")
    return found


def refused(folder: Path, leaf: str, dtype: str = "float64", **options: int) -> tuple[str, str, str]:
    found = refusal(folder, leaf, dtype, **options)
    return found.code.name, found.message, found.hint


def table(folder: Path, text: str | bytes, leaf: str = "{file: t.csv}", **options: Any) -> np.ndarray:
    (folder / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return numbers(folder, leaf, **options)


def bad_table(folder: Path, text: str | bytes, leaf: str = "{file: t.csv}", **options: Any) -> Any:
    (folder / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return refused(folder, leaf, **options)


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def header(text: str, version: int = 1) -> bytes:
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text.encode("latin-1")


def described(descr: str, shape: str, fortran: bool = False) -> bytes:
    return header(f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n")


def array(folder: Path, data: bytes, leaf: str = "{file: a.npy}", **options: Any) -> np.ndarray:
    (folder / "a.npy").write_bytes(data)
    return numbers(folder, leaf, **options)


def bad_array(folder: Path, data: bytes, leaf: str = "{file: a.npy}", **options: Any) -> Any:
    (folder / "a.npy").write_bytes(data)
    return refused(folder, leaf, **options)


def npz(folder: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(folder / "a.npz", "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def leaf_of(folder: Path, text: str, files: DataFiles) -> np.ndarray:
    """A leaf that is read with `files`, as the leaves of one scenario are."""
    source = Source.from_bytes(str(folder / "scenario.yaml"), f"x: {text}".encode())
    root = read(source)
    assert isinstance(root, Mapping)
    entry = root.entries["x"]
    return read_leaf("x", Kind.INPUT, *entry, np.dtype("float64"), files.max_memory, files).make()


# Tables


def test_the_leaves_of_the_format(folder: Path) -> None:
    both = numbers(folder, '{file: iris.csv, columns: [0, 1], rows: "0:3"}')
    np.testing.assert_array_equal(both, [[5.1, 3.5], [4.9, 3.0], [7.0, 3.2]])
    assert both.dtype == np.float64
    classes = numbers(folder, '{file: iris.csv, columns: 2, rows: "0:3", dtype: int}')
    np.testing.assert_array_equal(classes, [0, 0, 1])
    below = numbers(folder, "{file: data/wine.csv}", "float32")
    assert (below.tolist(), below.dtype) == ([[1, 2], [3, 4]], np.float32)


def test_a_scenario_trains_on_its_table(folder: Path) -> None:
    path = folder / "scenario.yaml"
    path.write_text(
        "inputs:\n  X: {file: iris.csv, columns: [sepal_length, sepal_width]}\n"
        "params:\n  W: {shape: [2, 3], init: zeros}\n"
        "constants:\n  t: {file: iris.csv, columns: species, dtype: int}\n"
        "nodes: {L: 'softmax_with_loss(X @ W, target=t)'}\n"
    )
    trace = load_scenario(path).record()
    assert trace.value("L") == pytest.approx(np.log(3), rel=1e-15)
    # (p - one hot) / 4, with p = 1/3: the first class has the rows 0 and 1.
    first = ((5.1 + 4.9 + 7.0 + 6.3) / 3 - (5.1 + 4.9)) / 4
    assert trace.gradient("W")[0, 0] == pytest.approx(first, rel=1e-14)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("0", [5.1, 4.9, 7.0, 6.3]),
        ("-1", [0, 0, 1, 2]),
        ("species", [0, 0, 1, 2]),
        ("[species]", [[0], [0], [1], [2]]),
        ("[-1, 0]", [[0, 5.1], [0, 4.9], [1, 7.0], [2, 6.3]]),
        ("[species, 0, species]", [[0, 5.1, 0], [0, 4.9, 0], [1, 7.0, 1], [2, 6.3, 2]]),
    ],
)
def test_columns_of_a_table(folder: Path, columns: str, expected: list[Any]) -> None:
    np.testing.assert_array_equal(numbers(folder, f"{{file: iris.csv, columns: {columns}}}"), expected)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ('"0:2"', [5.1, 4.9]),
        ("0:2", [5.1, 4.9]),
        ('"1:"', [4.9, 7.0, 6.3]),
        ('":-2"', [5.1, 4.9]),
        ('" : "', [5.1, 4.9, 7.0, 6.3]),
        ('"::2"', [5.1, 7.0]),
        ('"::-1"', [6.3, 7.0, 4.9, 5.1]),
        ('"2:0:-1"', [7.0, 4.9]),
        ('"2:1000"', [7.0, 6.3]),
        ("[3, 0, -1, 0]", [6.3, 5.1, 6.3, 5.1]),
        ("[2]", [7.0]),
        ("2", 7.0),
        ("-1", 6.3),
    ],
)
def test_rows_of_a_table(folder: Path, rows: str, expected: Any) -> None:
    found = numbers(folder, f"{{file: iris.csv, columns: 0, rows: {rows}}}")
    np.testing.assert_array_equal(found, expected)
    assert found.shape == np.shape(expected)
    if not isinstance(expected, list):
        both = numbers(folder, f"{{file: iris.csv, columns: [0, 2], rows: {rows}}}")
        assert both.shape == (2,)
        assert both[0] == expected


def test_a_table_of_one_column_is_a_vector_unless_a_list_asks_for_a_matrix(folder: Path) -> None:
    assert table(folder, "1\n2\n3\n").tolist() == [1, 2, 3]
    assert table(folder, "1\n2\n3\n", "{file: t.csv, columns: [0]}").tolist() == [[1], [2], [3]]
    assert table(folder, "a\n1\n2\n", "{file: t.csv, rows: 1}").shape == ()


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,4\n",
        "1,2\n3,4",
        "1,2\r\n3,4\r\n",
        "\ufeff1,2\n3,4\n",
        "\n1,2\n\n  \n\r\n3,4\n\n",
        '"1","2"\n"3",4\n',
        " 1, 2\n 3 ,4 \n",
        ' "1", "2"\n3,4\n',
        "1.0,2e0\n+3,.4e1\n",
        "a,b\n1,2\n3,4\n",
        '\ufeff"a ""quoted"", name","two\nlines"\n1,2\n3,4\n',
    ],
)
def test_ways_to_write_a_table(folder: Path, text: str) -> None:
    assert table(folder, text).tolist() == [[1, 2], [3, 4]]


def test_a_quoted_cell_may_hold_a_comma_and_a_line_break(folder: Path) -> None:
    text = 'name,x\n"Kim, A.",1\n"two\n\nlines",2\n'
    assert table(folder, text, "{file: t.csv, columns: x}").tolist() == [1, 2]
    # The lines of a row that spans several count as lines.
    assert bad_table(folder, text + "c,d\n", "{file: t.csv, columns: x}")[1].startswith("line 6, column 1")


def test_names_of_columns_in_any_script_and_form(folder: Path) -> None:
    decomposed = "가중치, é\n1,2\n".replace("é", "e\u0301")
    assert table(folder, decomposed, "{file: t.csv, columns: [é, 가중치]}").tolist() == [[2, 1]]


def test_what_makes_a_header(folder: Path) -> None:
    # A class in words is no header: it stands above another one.
    bare = "5.1,3.5,setosa\n4.9,3.0,setosa\n"
    assert table(folder, bare, "{file: t.csv, columns: [0, 1]}").tolist() == [[5.1, 3.5], [4.9, 3.0]]
    # Names that are partly numbers are one: text stands above a number.
    assert table(folder, "0,1,label\n7,8,9\n", "{file: t.csv, columns: label}").tolist() == [9]
    assert table(folder, "0,1,label\n7,8,9\n", '{file: t.csv, columns: "1"}').tolist() == [8]
    # A single row is what it looks like.
    assert table(folder, "1,2\n").tolist() == [[1, 2]]
    assert table(folder, "1,a\n", "{file: t.csv, columns: 0}").tolist() == [1]
    # An empty cell above a number can be a missing name or a missing number.
    assert bad_table(folder, ",0,1\n0,5,6\n") == (
        "data-format",
        "line 1 of `t.csv` holds numbers and empty cells",
        "give every column a name in the first row, or every cell a number",
    )
    # Without names and without numbers it is a header all the same.
    assert table(folder, ",\n1,2\n").tolist() == [[1, 2]]


def test_special_numbers(folder: Path) -> None:
    found = table(folder, "nan,NaN,inf\n-inf,+inf,-0.0\n")
    np.testing.assert_array_equal(found, [[np.nan, np.nan, np.inf], [-np.inf, np.inf, -0.0]])
    assert np.signbit(found[1, 2])


def test_other_cells_than_the_chosen_are_not_looked_at(folder: Path) -> None:
    text = "a,b\n1,x\n,y\n3,\n"
    assert table(folder, text, "{file: t.csv, columns: a, rows: [0, 2]}").tolist() == [1, 3]


@pytest.mark.parametrize(
    ("text", "leaf", "code", "message", "hint"),
    [
        ("a,b\n1,2\n3,x\n", "{file: t.csv}", "data-cell",
         "line 3, column 1 (`b`) of `t.csv` is the text `x`, no number",
         "correct the cell, or leave such rows out with `rows`"),
        ("1,2\n\n3,\n", "{file: t.csv}", "data-cell", "line 3, column 1 (counted from 0) of `t.csv` is empty",
         "write `nan` for an unknown number, or leave such rows out with `rows`"),
        ('a\n1\n""\n', "{file: t.csv}", "data-cell", "line 3, column 0 (`a`) of `t.csv` is empty",
         "write `nan` for an unknown number, or leave such rows out with `rows`"),
        (TEXT_CLASSES, "{file: t.csv}", "data-cell",
         "line 2, column 1 (`species`) of `t.csv` is the text `setosa`, no number",
         "columns of numbers are taken by `columns: [0]`"),
        (TEXT_CLASSES, "{file: t.csv, columns: species, rows: '1:2', dtype: int}", "data-cell",
         "line 3, column 1 (`species`) of `t.csv` is the text `setosa`, no number",
         "classes are numbers: write them in the file, such as 0 for `setosa`, 1 for `versicolor`, "
         "2 for `virginica`"),
        ("c\n" + "".join(f"c{i}\n" for i in range(9)), "{file: t.csv, dtype: int}", "data-cell",
         "line 2, column 0 (`c`) of `t.csv` is the text `c0`, no number",
         "classes are numbers: write them in the file, such as 0 for `c0`, 1 for `c1`, 2 for `c2`, "
         "3 for `c3`, 4 for `c4`, 5 for `c5`, …"),
        ("a,b\nTrue,1\n", "{file: t.csv}", "data-cell",
         "line 2, column 0 (`a`) of `t.csv` is the text `True`, no number", "write 1 and 0"),
        ('a,b\n"0,5",1\n', "{file: t.csv}", "data-cell",
         "line 2, column 0 (`a`) of `t.csv` is the text `0,5`, no number",
         "write a point in decimal numbers, not a comma"),
        ("a;b\n1;2\n", "{file: t.csv}", "data-cell",
         "line 2, column 0 (`a;b`) of `t.csv` is the text `1;2`, no number",
         "cells are divided by commas; in this file there are semicolons"),
        ("a\tb\n1\t2\n", "{file: t.csv, columns: b}", "data-columns", "there is no column `b`",
         "cells are divided by commas; in this file there are tabs"),
        ("a;b\n1,5;2\n", "{file: t.csv}", "data-format", "line 2 of `t.csv` has 2 cells, line 1 has 1 cell",
         "cells are divided by commas; in this file there are semicolons"),
        ("a,b\n1,2\n3,4,5\n", "{file: t.csv}", "data-format",
         "line 3 of `t.csv` has 3 cells, line 1 has 2 cells", "every row needs as many cells as the first"),
        ("a,b\n1,2\n3\n", "{file: t.csv, columns: a, rows: 0}", "data-format",
         "line 3 of `t.csv` has 1 cell, line 1 has 2 cells", "every row needs as many cells as the first"),
        ("", "{file: t.csv}", "data-format", "`t.csv` is empty", "a table has a row of numbers or more"),
        ("\n\n", "{file: t.csv}", "data-format", "`t.csv` is empty", "a table has a row of numbers or more"),
        ("a,b\n", "{file: t.csv}", "data-format", "`t.csv` has no row below its header", ""),
        ('a\n1\n"2\n', "{file: t.csv}", "data-format",
         "line 3 of `t.csv` is no row of a table: unexpected end of data",
         "lines end with a line feed; a quotation mark inside quotes is doubled"),
        ("1\n2\r3\r4\n", "{file: t.csv}", "data-format", None,
         "lines end with a line feed; a quotation mark inside quotes is doubled"),
        ("1\n" + "9" * 140_000, "{file: t.csv}", "data-format",
         "line 2 of `t.csv` is no row of a table: field larger than field limit (131072)",
         "lines end with a line feed; a quotation mark inside quotes is doubled"),
        ("a\n1e400\n", "{file: t.csv}", "number-range",
         "line 2, column 0 (`a`) of `t.csv` is 1e400, more than double precision holds",
         "infinity is written `inf`"),
        ("a\n0.5\n", "{file: t.csv, dtype: int}", "data-cell",
         "line 2, column 0 (`a`) of `t.csv` is 0.5, no whole number up to 2**53 under `dtype: int`",
         "without `dtype` the numbers are read as they are"),
        ("1,2\n3,nan\n", "{file: t.csv, columns: [1, 0], dtype: int}", "data-cell",
         "line 2, column 1 (counted from 0) of `t.csv` is nan, no whole number up to 2**53 under "
         "`dtype: int`", "without `dtype` the numbers are read as they are"),
        ("1\n9007199254740994\n", "{file: t.csv, dtype: int}", "data-cell",
         "line 2, column 0 (counted from 0) of `t.csv` is 9007199254740994, no whole number up to 2**53 "
         "under `dtype: int`", "without `dtype` the numbers are read as they are"),
    ],
)  # fmt: skip
def test_tables_that_are_refused(
    folder: Path, text: str, leaf: str, code: str, message: str | None, hint: str
) -> None:
    found = bad_table(folder, text, leaf)
    assert found == (code, found[1] if message is None else message, hint)


@pytest.mark.parametrize(
    "cell", ["1_000", "１２", "0x10", "1e", "--1", "1 2", "nan(1)", "inf1", "\x001", "½"]
)
def test_what_is_no_number_in_a_cell(folder: Path, cell: str) -> None:
    assert bad_table(folder, f"a\n{cell}\n")[0] == "data-cell"


def test_any_of_the_chosen_cells_can_be_the_bad_one(folder: Path) -> None:
    for bad, code in (
        ("x", "data-cell"),
        ("1_0", "data-cell"),
        ("-1e999", "number-range"),
        ("", "data-cell"),
    ):
        for at in range(3):
            cells = ["inf", "2", "nan"]
            cells[at] = bad
            found = bad_table(folder, "a,b,c\n1,2,3\n" + ",".join(cells) + "\n")
            assert found[0] == code
            assert found[1].startswith(f"line 3, column {at} (")


def test_a_cell_that_a_terminal_would_obey_is_shown_harmless(folder: Path) -> None:
    message = bad_table(folder, "a\x1b[2J,b\n1,\x1b[31mred" + "x" * 100 + "\n")[1]
    assert message == "line 2, column 1 (`b`) of `t.csv` is the text `␛[31mredxxxxxxxxxxxxxxx…`, no number"
    assert "␛[2J" in bad_table(folder, "a\x1b[2J\nx\n")[1]


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        ("a\n가\n".encode("euc-kr"), "`t.csv` is no UTF-8 text: byte 0xb0 in line 2", "save it as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "`t.csv` is no UTF-8 text: byte 0xff in line 1", "save it as UTF-8"),
        (b"PK\x03\x04\xff", "`t.csv` is no UTF-8 text: byte 0xff in line 1",
         "this looks like a workbook: save it as CSV, in UTF-8"),
        (b"\x93NUMPY\x01\x00", "`t.csv` is no UTF-8 text: byte 0x93 in line 1",
         "this is an array of NumPy's: name it `.npy`"),
    ],
)  # fmt: skip
def test_tables_in_other_encodings(folder: Path, data: bytes, message: str, hint: str) -> None:
    assert bad_table(folder, data) == ("data-format", message, hint)


@pytest.mark.parametrize(
    ("columns", "message", "hint"),
    [
        ("3", "there is no column 3",
         "there are 3 columns, 0 to 2: `sepal_length`, `sepal_width`, `species`"),
        ("[0, -4]", "there is no column -4",
         "there are 3 columns, 0 to 2: `sepal_length`, `sepal_width`, `species`"),
        ("sepal_lenght", "there is no column `sepal_lenght`", "did you mean `sepal_length`?"),
        ("colour", "there is no column `colour`",
         "there are 3 columns, 0 to 2: `sepal_length`, `sepal_width`, `species`"),
        ('"0:3"', "`columns` is no slice", "write `columns: [0, 1, 2]`"),
        ("[]", "`columns` takes no column", "write `columns: 4`, `columns: [0, 1]`, or names of the header"),
        ("1.5", "expected a column, found the number 1.5", None),
        ("true", "expected a column, found `true`", None),
        ("[[0]]", "expected a column, found a list", None),
        ("{a: 1}", "expected a column, found a map", None),
        ("", "expected a column, found nothing", None),
        ("1" + "0" * 40, "there is no column so large", None),
    ],
)  # fmt: skip
def test_columns_that_are_refused(folder: Path, columns: str, message: str, hint: str | None) -> None:
    found = refusal(folder, f"{{file: iris.csv, columns: {columns}}}")
    assert (found.code.name, found.message) == ("data-columns", message)
    if hint is not None:
        assert found.hint == hint
    assert found.place is not None
    assert found.place.column > len("  x: {file: iris.csv, ")


def test_columns_by_name_need_names_that_differ(folder: Path) -> None:
    assert bad_table(folder, "1,2\n", "{file: t.csv, columns: a}") == (
        "data-columns",
        "there is no column `a`: the columns have no names",
        "there are 2 columns, 0 to 1",
    )
    assert bad_table(folder, "a,b,a\n1,2,3\n", "{file: t.csv, columns: a}") == (
        "data-columns",
        "two columns are called `a`",
        "they are the columns 0 and 2: use the number",
    )


@pytest.mark.parametrize(
    ("rows", "message", "hint"),
    [
        ("4", "there is no row 4", "there are 4 rows, 0 to 3"),
        ("[0, -5]", "there is no row -5", "there are 4 rows, 0 to 3"),
        ('"4:"', "`rows: 4:` takes no row", "there are 4 rows, 0 to 3"),
        ('"2:2"', "`rows: 2:2` takes no row", "there are 4 rows, 0 to 3"),
        ('"0:4:0"', "the step of `rows` is 0", 'such as `rows: "0:32:2"`'),
        ("[]", "`rows` takes no row", 'write `rows: "0:32"`, `rows: [0, 2, 5]` or `rows: 7`'),
        ('"3"', "expected rows, found the text `3`", None),
        ('"0-32"', "expected rows, found the text `0-32`", None),
        ('"0:1:2:3"', "expected rows, found the text `0:1:2:3`", None),
        ('"٠:١"', "expected rows, found the text `٠:١`", None),
        ("1.0", "expected rows, found the number 1.0", None),
        ("[1, true]", "expected rows, found `true`", None),
        ("[[0]]", "expected rows, found a list", None),
        ("{start: 0}", "expected rows, found a map", None),
        ("9" * 300, "there is no row so large", None),
        ('"' + "9" * 300 + ':"', None, None),
    ],
)
def test_rows_that_are_refused(folder: Path, rows: str, message: str | None, hint: str | None) -> None:
    found = refusal(folder, f"{{file: iris.csv, rows: {rows}}}")
    assert found.code.name == "data-rows"
    assert found.message == (found.message if message is None else message)
    assert found.hint == (found.hint if hint is None else hint)
    assert found.place is not None
    assert found.place.column > len("  x: {file: iris.csv, ")


# Arrays


@pytest.mark.parametrize(
    "kind", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">f8", ">i2", ">f4", "?"]
)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 2), (0, 3)])
def test_arrays_of_every_kind(folder: Path, kind: str, shape: tuple[int, ...]) -> None:
    given = (np.arange(np.prod(shape, dtype=int)) % 3).reshape(shape).astype(kind)
    for order in "CF":
        found = array(folder, npy(np.array(given, order=order)))
        np.testing.assert_array_equal(found, given.astype(float))
        assert found.shape == shape


def test_headers_as_others_write_them(folder: Path) -> None:
    data = np.array([1.0, 2.0]).tobytes()
    for text in (
        "{'shape': (2,), 'fortran_order': False, 'descr': '<f8'}",
        '{"descr": "<f8", "fortran_order": False, "shape": (2,)}',
        "{'descr':'<f8','fortran_order':False,'shape':(2,),}   \n",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2L,), }",
    ):
        for version in (1, 2, 3):
            assert array(folder, header(text, version) + data).tolist() == [1, 2]
    assert array(folder, described("'|b1'", "(3,)") + b"\x00\x01\x02").tolist() == [0, 1, 1]


def test_archives(folder: Path) -> None:
    for save in (np.savez, np.savez_compressed):
        save(folder / "a.npz", np.arange(3), W=np.eye(2, 3), 한글=np.float32(0.5))
        assert numbers(folder, "{file: a.npz, key: arr_0}").tolist() == [0, 1, 2]
        assert numbers(folder, "{file: a.npz, key: W, columns: 1}").tolist() == [0, 1]
        assert numbers(folder, "{file: a.npz, key: 한글}").tolist() == 0.5


@pytest.mark.parametrize(
    ("choice", "index"),
    [
        ("rows: '1:3'", np.s_[1:3]),
        ("rows: '::-2'", np.s_[::-2]),
        ("rows: [3, 0, 0]", np.s_[[3, 0, 0]]),
        ("rows: -1", np.s_[-1]),
        ("columns: 0", np.s_[:, 0]),
        ("columns: [-1, 1]", np.s_[:, [-1, 1]]),
        ("rows: '1:3', columns: [2]", np.s_[1:3, [2]]),
        ("rows: 2, columns: [2, 0]", np.s_[2, [2, 0]]),
        ("rows: 2, columns: 1", np.s_[2, 1]),
        ("rows: [2, 1], columns: 1", np.s_[[2, 1], 1]),
    ],
)
def test_rows_and_columns_of_an_array(folder: Path, choice: str, index: Any) -> None:
    given = np.arange(12.0).reshape(4, 3)
    for laid_out in (given, np.asfortranarray(given)):
        found = array(folder, npy(laid_out), f"{{file: a.npy, {choice}}}")
        np.testing.assert_array_equal(found, given[index])
        assert found.shape == given[index].shape


def test_rows_are_the_first_axis_of_any_array(folder: Path) -> None:
    given = np.arange(24.0).reshape(4, 3, 2)
    np.testing.assert_array_equal(array(folder, npy(given), "{file: a.npy, rows: '1:3'}"), given[1:3])
    np.testing.assert_array_equal(array(folder, npy(given), "{file: a.npy, rows: 1}"), given[1])
    assert array(folder, npy(np.arange(3)), "{file: a.npy, rows: 1}").tolist() == 1


@pytest.mark.parametrize(
    ("shape", "choice", "code", "message"),
    [
        ((), "rows: 0", "data-rows", "`rows` takes from the first axis, the shape here is ()"),
        ((3,), "columns: 0", "data-columns",
         "`columns` takes from an array of two axes, the shape here is 3"),
        ((2, 3, 2), "columns: [0]", "data-columns",
         "`columns` takes from an array of two axes, the shape here is 2×3×2"),
        ((2, 3), "columns: 3", "data-columns", "there is no column 3"),
        ((2, 3), "columns: a", "data-columns", "there is no column `a`: the columns have no names"),
        ((2, 3), "rows: [0, 2]", "data-rows", "there is no row 2"),
        ((2, 3), "rows: '5:'", "data-rows", "`rows: 5:` takes no row"),
        ((0, 3), "rows: '0:1'", "data-rows", "`rows: 0:1` takes no row"),
    ],
)  # fmt: skip
def test_choices_that_an_array_does_not_have(
    folder: Path, shape: tuple[int, ...], choice: str, code: str, message: str
) -> None:
    assert bad_array(folder, npy(np.zeros(shape)), f"{{file: a.npy, {choice}}}")[:2] == (code, message)


@pytest.mark.parametrize(
    ("given", "held"),
    [
        (np.array([1, "a"], dtype=object), "Python objects, which are never unpickled"),
        (np.zeros(2, complex), "complex numbers"),
        (np.array(["a"]), "texts"),
        (np.array([b"a"]), "texts"),
        (np.zeros(2, "M8[s]"), "dates"),
        (np.zeros(2, "m8[s]"), "time spans"),
        (np.zeros(2, "f8,i4"), "records"),
        (np.zeros(2, "V4"), "records"),
        (np.zeros(2, np.longdouble), "numbers of more than eight bytes"),
    ],
)
def test_arrays_of_other_things_than_numbers(folder: Path, given: np.ndarray, held: str) -> None:
    code, message, hint = bad_array(folder, npy(given))
    assert (code, message) == ("data-format", f"`a.npy` holds {held}")
    assert hint == "save whole numbers, floats up to eight bytes, or booleans"


class _Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("unpickled",)


def test_nothing_is_unpickled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    trap = np.array([_Trap()], dtype=object)
    assert bad_array(folder, npy(trap))[0] == "data-format"
    assert bad_array(folder, pickle.dumps(_Trap()))[0] == "data-format"
    assert bad_array(folder, described("'<f8'", "(1,)") + pickle.dumps(_Trap()))[0] == "data-format"
    npz(folder, {"a.npy": npy(trap), "b.npy": pickle.dumps(_Trap())})
    assert refused(folder, "{file: a.npz, key: a}")[1].endswith("which are never unpickled")
    assert refused(folder, "{file: a.npz, key: b}")[0] == "data-format"
    (folder / "a.npz").write_bytes(pickle.dumps(_Trap()))
    assert refused(folder, "{file: a.npz, key: a}")[0] == "data-format"
    assert not (folder / "unpickled").exists()


@pytest.mark.parametrize("kept", [0, 3, 6, 7, 8, 9, 10, 40, 127, 128, 135, 143, 151])
def test_an_array_that_is_cut_off(folder: Path, kept: int) -> None:
    whole = npy(np.arange(3.0))
    assert len(whole) == 152
    code, message, _ = bad_array(folder, whole[:kept])
    assert code == "data-format"
    if kept >= 128:
        assert message == f"`a.npy` is cut off: {kept - 128} of 24 bytes of its array are there"
    elif kept >= 8:
        assert message == "`a.npy` is cut off inside its header"


def test_an_array_with_something_behind_it(folder: Path) -> None:
    for more in (b"\0", npy(np.zeros(3))):
        code, message, _ = bad_array(folder, npy(np.zeros(2)) + more)
        assert (code, message) == ("data-format", "`a.npy` goes on behind its array of 16 bytes")


@pytest.mark.parametrize(
    "shape",
    ["(9223372036854775808,)", "(4294967296, 4294967296)", "(0, 9223372036854775807)", "(134217729,)",
     "(" + "9" * 100 + ",)", "(1073741825, 0)"],
)  # fmt: skip
def test_a_shape_that_does_not_fit_is_refused_before_it_is_read(folder: Path, shape: str) -> None:
    tracemalloc.start()
    code, message, _ = bad_array(folder, described("'|i1'", shape))
    npz(folder, {"a.npy": described("'<f8'", shape)})
    assert refused(folder, "{file: a.npz, key: a}")[0] == "too-large"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert code == "too-large"
    assert message.endswith("at most 1 GiB are allowed")
    assert peak < LITTLE


@pytest.mark.parametrize(
    "text",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 2}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2.0,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (True,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-9223372036854775808,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2 3,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "9" * 5000 + ",)}",
        "{'descr': '<f8', 'fortran_order': 1, 'shape': (2,)}",
        "{'descr': '<f8', 'fortran_order': 'False', 'shape': (2,)}",
        "{'descr': '<f8', 'shape': (2,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': '1'}",
        "{'descr': (2,), 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f8,<f8', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '(2,)<f8', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<b8', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': 'float64', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,)}",
        "{'descr': ('<f8', (2,)), 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} + print()",
        "x{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
        "[" * 9000,
        "{" * 9000,
        "-" * 9000 + "1",
        "",
    ],
)
def test_headers_that_make_no_sense(folder: Path, text: str) -> None:
    for version in (1, 2, 3):
        code, message, _ = bad_array(folder, header(text, version) + bytes(16))
        assert code == "data-format"
        assert "`a.npy`" in message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "`a.npy` does not begin as an `.npy` file does"),
        (IRIS.encode(), "`a.npy` does not begin as an `.npy` file does"),
        (b"\x93NUMPX\x01\x00", "`a.npy` does not begin as an `.npy` file does"),
        (b"\x93NUMPY\x04\x00\x00\x00\x00\x00", "`a.npy` has a header of a kind that is not known"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "`a.npy` has a header of a kind that is not known"),
    ],
)
def test_what_is_no_array(folder: Path, data: bytes, message: str) -> None:
    assert bad_array(folder, data)[:2] == ("data-format", message)


def test_an_array_of_very_many_axes(folder: Path) -> None:
    data = np.float64(5).tobytes()
    assert array(folder, described("'<f8'", "(" + "1, " * 32 + ")") + data).ndim == 32
    message = bad_array(folder, described("'<f8'", "(" + "1, " * 33 + ")") + data)[1]
    assert message == "`a.npy` has 33 axes, at most 32 are allowed"


def test_an_array_under_the_other_ending(folder: Path) -> None:
    np.savez(folder / "a.npz", np.zeros(2))
    hint = bad_array(folder, (folder / "a.npz").read_bytes())[2]
    assert hint == "this is an archive: name it `.npz`"
    (folder / "a.npz").write_bytes(npy(np.zeros(2)))
    assert refused(folder, "{file: a.npz, key: a}")[2] == "this is a single array: name it `.npy`"


# Archives


def test_keys(folder: Path) -> None:
    np.savez(folder / "a.npz", weight=np.zeros(2), bias=np.zeros(1))
    found = refusal(folder, "{file: a.npz}")
    assert (found.code.name, found.hint) == ("data-key", "there are `weight`, `bias`")
    assert refused(folder, "{file: a.npz, key: wieght}") == (
        "data-key",
        "there is no array `wieght` in `a.npz`",
        "did you mean `weight`?",
    )
    assert refused(folder, "{file: a.npz, key: scale}")[2] == "there are `weight`, `bias`"
    assert refused(folder, "{file: a.npz, key: }")[0] == "data-key"
    assert refused(folder, "{file: a.npz, key: [weight]}")[0] == "wrong-type"
    assert refused(folder, "{file: a.npz, key: 3}")[0] == "wrong-type"
    np.savez(folder / "a.npz", np.zeros(2))
    assert refused(folder, "{file: a.npz}")[2] == "write `key: arr_0`"
    np.savez(folder / "a.npz")
    assert refused(folder, "{file: a.npz}")[2] == "there are no arrays in it"
    assert refused(folder, "{file: iris.csv, key: a}")[0] == "unknown-key"
    assert bad_array(folder, npy(np.zeros(2)), "{file: a.npy, key: a}")[0] == "unknown-key"


def test_a_bomb_is_not_unpacked(folder: Path) -> None:
    large = 100 * 2**20
    with (
        zipfile.ZipFile(folder / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w", force_zip64=True) as member,
    ):
        member.write(described("'<f8'", "(2,)"))
        for _ in range(large // 2**20):
            member.write(bytes(2**20))
    assert (folder / "a.npz").stat().st_size < 2**20
    tracemalloc.start()
    code, message, _ = refused(folder, "{file: a.npz, key: a}")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (code, message) == ("data-format", "`a` in `a.npz` goes on behind its array of 16 bytes")
    assert peak < LITTLE
    # The honest one is measured against what a run may take.
    with zipfile.ZipFile(folder / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", described("'|i1'", "(67108864,)") + bytes(2**26))
    assert refused(folder, "{file: a.npz, key: a}", max_memory=2**28)[0] == "too-large"


def test_an_archive_that_lies_about_sizes(folder: Path) -> None:
    npz(folder, {"a.npy": described("'<f8'", "(1000,)") + bytes(80)})
    assert refused(folder, "{file: a.npz, key: a}")[1] == (
        "`a` in `a.npz` is cut off: 80 of 8,000 bytes of its array are there"
    )
    # The table of contents says 8 MB, the data behind it are 80 bytes.
    data = (folder / "a.npz").read_bytes()
    size = len(described("'<f8'", "(1000,)")) + 80
    lie = struct.pack("<I", size - 80 + 8000)
    at = data.index(b"PK\x01\x02") + 24
    assert data[at : at + 4] == struct.pack("<I", size)
    (folder / "a.npz").write_bytes(data[:at] + lie + data[at + 4 :])
    assert refused(folder, "{file: a.npz, key: a}")[1] == (
        "`a` in `a.npz` is cut off: 80 of 8,000 bytes of its array are there"
    )


def test_a_damaged_archive(folder: Path) -> None:
    np.savez_compressed(folder / "a.npz", a=np.linspace(0, 1, 50))
    whole = (folder / "a.npz").read_bytes()
    middle = whole.index(b"a.npy") + 60
    (folder / "a.npz").write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    assert refused(folder, "{file: a.npz, key: a}")[0] == "data-format"
    (folder / "a.npz").write_bytes(whole[:-30])
    assert refused(folder, "{file: a.npz, key: a}")[:2] == ("data-format", "`a.npz` is a broken archive")
    # One number is another one: only the checksum tells.
    np.savez(folder / "a.npz", a=np.full(3, 7.0))
    whole = (folder / "a.npz").read_bytes()
    (folder / "a.npz").write_bytes(whole.replace(np.float64(7.0).tobytes(), np.float64(8.0).tobytes(), 1))
    assert refused(folder, "{file: a.npz, key: a}")[:2] == ("data-format", "`a.npz` is a broken archive")


def test_an_archive_of_very_many_files(folder: Path) -> None:
    (folder / "a.npz").write_bytes(b"PK\x03\x04" + b"PK\x01\x02" * 10_001)
    assert refused(folder, "{file: a.npz, key: a}")[1] == "`a.npz` holds more than 10,000 files"


def test_an_archive_packed_in_another_way(folder: Path) -> None:
    npz(folder, {"a.npy": npy(np.zeros(2))}, zipfile.ZIP_LZMA)
    assert refused(folder, "{file: a.npz, key: a}")[0] == "data-format"
    npz(folder, {"a.npy": npy(np.zeros(2))})
    data = bytearray((folder / "a.npz").read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (folder / "a.npz").write_bytes(data)
    assert "encrypted" in refused(folder, "{file: a.npz, key: a}")[1]


# Settings


def test_dtype(folder: Path) -> None:
    assert array(folder, npy(np.array([1.0, -2.0])), "{file: a.npy, dtype: int}").tolist() == [1, -2]
    assert array(folder, npy(np.array([0.5])), "{file: a.npy, dtype: float}").tolist() == [0.5]
    for cell in (0.5, np.nan, np.inf, 1e300):
        code, message, _ = bad_array(folder, npy(np.array([[0, cell]])), "{file: a.npy, dtype: int}")
        assert code == "data-cell"
        assert message.startswith("`x[0, 1]` is ")
    assert bad_array(folder, npy(np.float64(0.5)), "{file: a.npy, dtype: int}")[1].startswith("`x` is 0.5,")
    found = refusal(folder, "{file: iris.csv, dtype: int64}")
    assert (found.code.name, found.hint) == ("data-dtype", "did you mean `int`?")
    assert refused(folder, "{file: iris.csv, dtype: complex}")[2] == "there are int and float"
    assert refused(folder, "{file: iris.csv, dtype: 8}")[0] == "wrong-type"
    assert refused(folder, "{file: iris.csv, dtype: }")[0] == "wrong-type"
    assert refused(folder, "{shape: [2], init: zeros, dtype: int}")[0] == "unknown-key"


def test_numbers_that_the_graph_cannot_hold(folder: Path) -> None:
    assert bad_table(folder, "a,b\n1,2\n3,70000\n", dtype="float16") == (
        "number-range",
        "line 3, column 1 (`b`) of `t.csv` is 70000, float16 cannot hold it: its largest number is 6.55e+04",
        "`dtype: float64` for the whole graph holds more",
    )
    text = "a,b\n70000,2\n3,4\n"
    assert table(folder, text, "{file: t.csv, columns: b}", dtype="float16").tolist() == [2, 4]
    assert table(folder, text, "{file: t.csv, rows: [1]}", dtype="float16").tolist() == [[3, 4]]
    assert table(folder, "inf,-inf\n", dtype="float16").tolist() == [[np.inf, -np.inf]]
    code, message, _ = bad_array(folder, npy(np.array([[1], [-1e39]])), dtype="float32")
    assert (code, message.partition(",")[0]) == ("number-range", "`x[1")
    assert array(folder, npy(np.array([1e39])), dtype="float64").tolist() == [1e39]


def test_keys_that_a_leaf_from_a_file_does_not_have(folder: Path) -> None:
    code, message, hint = refused(folder, "{file: iris.csv, colums: 0}")
    assert (code, message) == ("unknown-key", "a leaf from a `.csv` file has no key `colums`")
    assert hint == "did you mean `columns`?"
    assert refused(folder, "{file: iris.csv, shape: [2]}")[0] == "unknown-key"
    assert refused(folder, "{shape: [2], fill: zeros}")[2] != "did you mean `file`?"
    assert refused(folder, "{flie: iris.csv}") == (
        "leaf-form",
        "`x` is a map without `shape`",
        "did you mean `file`?",
    )


# Paths


@pytest.mark.parametrize("outside", ["outside.csv", "outside.npy", "missing.csv"])
@pytest.mark.parametrize(
    "path",
    [
        "../{}",
        "data/../../{}",
        "./../{}",
        "../home/../{}",
        "data/../../home/iris.csv",
        "..\\\\{}",
        "../home/{}",
    ],
)
def test_a_path_does_not_leave_the_folder(folder: Path, path: str, outside: str) -> None:
    # It is the same whether there is something: nothing is learnt of other folders.
    code, _, hint = refused(folder, f'{{file: "{path.format(outside)}"}}')
    assert (code, hint) == ("data-path", "put the file into that folder, or into one below it")


@pytest.mark.parametrize(
    "path", ["/etc/hosts.csv", "//server/share/x.csv", "C:\\\\data\\\\x.csv", "c:x.csv", "\\\\x.csv"]
)
def test_a_path_is_not_absolute(folder: Path, path: str) -> None:
    code, message, _ = refused(folder, f'{{file: "{path}"}}')
    assert code == "data-path"
    assert message.endswith("is an absolute path")
    inside = str(folder / "iris.csv")
    with pytest.raises(ScenarioError, match=r"error\[data-path\]"):
        numbers(folder, f'{{file: "{inside}"}}')


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ('"a\\0.csv"', "a path has no control characters or invisible ones: `a␀.csv`"),
        ('"a\\n.csv"', "a path has no control characters or invisible ones: `a .csv`"),
        ('"a\\e[31m.csv"', "a path has no control characters or invisible ones: `a␛[31m.csv`"),
        ('"a\\u202e.csv"', "a path has no control characters or invisible ones: `a\\u202e.csv`"),
        ('"https://example.org/iris.csv"', "data are not fetched from an address"),
    ],
)
def test_what_is_no_path(folder: Path, path: str, message: str) -> None:
    (folder / "a\n.csv").write_text("1\n")
    assert refused(folder, f"{{file: {path}}}")[:2] == ("data-path", message)


@pytest.mark.parametrize(
    ("path", "code"),
    [('""', "data-format"), ("' .csv'", "data-not-found"), ("x" * 300 + ".csv", "data-unreadable"),
     ("a/" * 3000 + "b.csv", "data-unreadable"), ("3", "wrong-type"), ("[a.csv]", "wrong-type"),
     ("", "wrong-type"), ("~/iris.csv", "data-not-found")],
)  # fmt: skip
def test_odd_paths(folder: Path, path: str, code: str) -> None:
    assert refused(folder, f"{{file: {path}}}")[0] == code


def test_paths_that_stay_inside(folder: Path) -> None:
    for path in ("./iris.csv", "data/../iris.csv", "data//../iris.csv", "data/./../iris.csv"):
        assert numbers(folder, f"{{file: {path}, columns: 0}}").tolist() == [5.1, 4.9, 7.0, 6.3]
    (folder / "IRIS.CSV").write_text("1\n")
    assert numbers(folder, "{file: IRIS.CSV}").tolist() == [1]


def test_links(folder: Path) -> None:
    (folder / "link.csv").symlink_to("data/wine.csv")
    (folder / "down").symlink_to("data")
    assert numbers(folder, "{file: link.csv}").tolist() == [[1, 2], [3, 4]]
    assert numbers(folder, "{file: down/wine.csv}").tolist() == [[1, 2], [3, 4]]
    (folder / "out.csv").symlink_to("../outside.csv")
    (folder / "nowhere.csv").symlink_to("../missing.csv")
    (folder / "up").symlink_to("..")
    (folder / "data" / "top").symlink_to("/")
    for path in ("out.csv", "nowhere.csv", "up/outside.csv", "up/missing.csv", "data/top/etc/hosts.csv"):
        code, message, hint = refused(folder, f"{{file: {path}}}")
        assert (code, message) == ("data-path", f"`{path}` leads out of the scenario's folder")
        assert "outside" not in hint
    (folder / "round.csv").symlink_to("round.csv")
    assert refused(folder, "{file: round.csv}")[0] == "data-unreadable"


def test_a_scenario_behind_a_link(folder: Path) -> None:
    """The folder is that of the path which was given; it may be reached by a link."""
    linked = folder.parent / "linked"
    linked.symlink_to(folder)
    assert numbers(linked, "{file: iris.csv, columns: 0, rows: 0}").tolist() == 5.1
    assert refused(linked, "{file: ../outside.csv}")[0] == "data-path"


def test_only_regular_files_are_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe.csv")
    (folder / "folder.csv").mkdir()
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.csv")
        for name, kind in (
            ("pipe", "a pipe, a socket or a device"),
            ("socket", "a pipe, a socket or a device"),
            ("folder", "a directory"),
        ):
            code, message, _ = refused(folder, f"{{file: {name}.csv}}")
            assert (code, message) == ("data-unreadable", f"`{name}.csv` is {kind}")


def test_a_file_that_turns_into_a_pipe_is_not_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(folder / "pipe.csv")
    regular = os.stat(folder / "iris.csv")
    real = os.stat

    def stat(path: Any, **options: Any) -> os.stat_result:
        return regular if str(path).endswith("pipe.csv") and not options else real(path, **options)

    monkeypatch.setattr(data_files.os, "stat", stat)
    assert refused(folder, "{file: pipe.csv}")[0] == "data-unreadable"


def test_a_file_that_the_system_refuses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: Any, *flags: Any) -> int:
        if str(path).endswith(".csv"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *flags)

    monkeypatch.setattr(data_files.os, "open", refuse)
    assert refused(folder, "{file: iris.csv}")[:2] == (
        "data-unreadable",
        "`iris.csv` can't be read: Permission denied",
    )


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("irsi.csv", "did you mean `iris.csv`?"),
        ("iris.npy", "did you mean `iris.csv`?"),
        ("data/wein.csv", "did you mean `data/wine.csv`?"),
        ("dta/wine.csv", "did you mean `data/wine.csv`?"),
        ("data/more/wine.csv", "a path counts from the scenario's folder"),
        ("iris.csv/x.csv", "a path counts from the scenario's folder"),
        ("elsewhere.csv", "a path counts from the scenario's folder"),
        ("scenario.csv", "a path counts from the scenario's folder"),
        ("outsid.csv", "a path counts from the scenario's folder"),
        ("wyaout/iris.csv", "a path counts from the scenario's folder"),
    ],
)
def test_a_file_that_is_not_there(folder: Path, path: str, hint: str) -> None:
    (folder / "wayout").symlink_to("..")
    assert refused(folder, f"{{file: {path}}}") == ("data-not-found", f"there is no file `{path}`", hint)


def test_a_name_that_only_looks_the_same(folder: Path) -> None:
    (folder / "가.csv").write_text("1\n")
    code, _, hint = refused(folder, '{file: "\u1100\u1161.csv"}')
    assert (code, "composed" in hint) == ("data-not-found", True)


@pytest.mark.parametrize(
    ("path", "hint"),
    [("iris.cvs", "did you mean `.csv`?"), ("iris.xlsx", "there are .csv, .npy, .npz"),
     ("iris", "there are .csv, .npy, .npz"), ("../x.pkl", "there are .csv, .npy, .npz")],
)  # fmt: skip
def test_the_ending_tells_what_a_file_is(folder: Path, path: str, hint: str) -> None:
    assert refused(folder, f"{{file: {path}}}") == (
        "data-format",
        f"the ending of `{path}` tells no kind of data file",
        hint,
    )


@pytest.mark.parametrize("path", ["<stdin>", ""])
def test_a_scenario_that_lies_nowhere_has_no_files(
    folder: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(ScenarioError) as caught:
        load_source(Source.from_bytes(path, scenario("{file: iris.csv}").encode()))
    (found,) = caught.value.diagnostics
    assert (found.code.name, found.hint) == (
        "data-path",
        "save it as a file beside its data, and open that",
    )


def test_a_scenario_in_the_present_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    text = scenario("{file: iris.csv, columns: 0, rows: 0}").encode()
    assert load_source(Source.from_bytes("s.yaml", text)).bindings.leaves[0] == 5.1


def test_places(folder: Path) -> None:
    """What is wrong with the file points at its path, what is wrong with the choice at the choice."""
    for leaf, word in (
        ("{file: miss.csv}", "miss.csv"),
        ("{columns: 1, file: ../x.csv}", "../x.csv"),
        ("{file: iris.csv, columns: nope}", "nope"),
        ("{file: iris.csv, columns: [0, 9]}", "9"),
        ("{file: iris.csv, rows: [0, 77]}", "77"),
        ("{file: iris.csv, rows: '9:'}", "'9:'"),
        ("{file: iris.csv, dtype: flot}", "flot"),
        ("{file: iris.csv, columns: 0, dtype: int}", "iris.csv"),
    ):
        place = refusal(folder, leaf).place
        assert place is not None
        line = f"  x: {leaf}"
        assert (place.line, line[place.column - 1 :][: place.width]) == (3, word)


def test_every_broken_leaf_is_reported(folder: Path) -> None:
    path = folder / "scenario.yaml"
    path.write_text(
        "inputs:\n  a: {file: iris.csv, columns: nope}\n"
        "  b: {file: none.csv}\n  c: {file: iris.csv, rows: 9}\n"
        "nodes: {f: sum(a) + sum(b) + sum(c)}\n"
    )
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    codes = [one.code.name for one in caught.value.diagnostics]
    assert codes == ["data-columns", "data-not-found", "data-rows"]


# Bounds


def test_a_file_that_is_too_large(folder: Path) -> None:
    with open(folder / "t.csv", "wb") as file:
        file.truncate(65 * 2**20)
    assert refused(folder, "{file: t.csv}")[:2] == (
        "data-size",
        "the file `t.csv` needs 65 MiB, at most 64 MiB are allowed",
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
    assert refused(folder, "{file: iris.csv}")[1] == "`iris.csv` changes while it is read"


def test_a_choice_that_is_too_large_is_refused_before_it_is_made(folder: Path) -> None:
    rows = f"[{', '.join(['0'] * 2000)}]"
    tracemalloc.start()
    for name, data in (("t.csv", b"1,2\n"), ("t.npy", npy(np.ones((1, 2000))))):
        (folder / name).write_bytes(data)
        columns = f"[{', '.join(['0'] * 2000)}]"
        code, message, _ = refused(
            folder, f"{{file: {name}, rows: {rows}, columns: {columns}}}", max_memory=2**24
        )
        assert (code, message) == ("too-large", "`x` needs 30.5 MiB, at most 16 MiB are allowed")
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
    with pytest.raises(ScenarioError, match="`x` needs 800 bytes, at most 500 bytes are allowed"):
        leaf_of(folder, "{file: 0.npy}", contents)
    with pytest.raises(ScenarioError, match="`x` needs 800 bytes, at most 500 bytes are allowed"):
        leaf_of(folder, "{file: 1.npy, rows: 0}", contents)
    with pytest.raises(ScenarioError, match="the content of the data files needs 684 bytes, at most 500"):
        leaf_of(folder, "{file: 2.npy}", contents)
    numbers = DataFiles(1500)
    leaf_of(folder, "{file: 0.npy}", numbers)
    with pytest.raises(ScenarioError, match=r"what is read from data files needs 1.56 KiB, at most 1.46 KiB"):
        leaf_of(folder, "{file: 0.npy}", numbers)
    leaf_of(folder, "{file: 0.npy, rows: '0:50'}", numbers)


# Properties

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
