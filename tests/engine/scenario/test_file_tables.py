"""Leaves from tables: numbers that come back exactly, and tables that are refused with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_engine import load_scenario
from leaf_files import TEXT_CLASSES, bad_table, numbers, refusal, table


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
        "line 1 of `t.csv` has numbers and empty cells",
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
         "line 3, column 1 (`b`) of `t.csv` is the text `x`, not a number",
         "correct the cell, or leave such rows out with `rows`"),
        ("1,2\n\n3,\n", "{file: t.csv}", "data-cell", "line 3, column 1 (counted from 0) of `t.csv` is empty",
         "write `nan` for an unknown number, or leave such rows out with `rows`"),
        ('a\n1\n""\n', "{file: t.csv}", "data-cell", "line 3, column 0 (`a`) of `t.csv` is empty",
         "write `nan` for an unknown number, or leave such rows out with `rows`"),
        (TEXT_CLASSES, "{file: t.csv}", "data-cell",
         "line 2, column 1 (`species`) of `t.csv` is the text `setosa`, not a number",
         "`columns: [0]` selects the columns of numbers"),
        (TEXT_CLASSES, "{file: t.csv, columns: species, rows: '1:2', dtype: int}", "data-cell",
         "line 3, column 1 (`species`) of `t.csv` is the text `setosa`, not a number",
         "classes are numbers: write them in the file, such as 0 for `setosa`, 1 for `versicolor`, "
         "2 for `virginica`"),
        ("c\n" + "".join(f"c{i}\n" for i in range(9)), "{file: t.csv, dtype: int}", "data-cell",
         "line 2, column 0 (`c`) of `t.csv` is the text `c0`, not a number",
         "classes are numbers: write them in the file, such as 0 for `c0`, 1 for `c1`, 2 for `c2`, "
         "3 for `c3`, 4 for `c4`, 5 for `c5`, …"),
        ("a,b\nTrue,1\n", "{file: t.csv}", "data-cell",
         "line 2, column 0 (`a`) of `t.csv` is the text `True`, not a number", "write 1 and 0"),
        ('a,b\n"0,5",1\n', "{file: t.csv}", "data-cell",
         "line 2, column 0 (`a`) of `t.csv` is the text `0,5`, not a number",
         "write decimal numbers with a point, not a comma"),
        ("a;b\n1;2\n", "{file: t.csv}", "data-cell",
         "line 2, column 0 (`a;b`) of `t.csv` is the text `1;2`, not a number",
         "cells are separated by commas, but this file has semicolons"),
        ("a\tb\n1\t2\n", "{file: t.csv, columns: b}", "data-columns", "there is no column `b`",
         "cells are separated by commas, but this file has tabs"),
        ("a;b\n1,5;2\n", "{file: t.csv}", "data-format",
         "line 2 of `t.csv` has 2 cells, but line 1 has 1 cell",
         "cells are separated by commas, but this file has semicolons"),
        ("a,b\n1,2\n3,4,5\n", "{file: t.csv}", "data-format",
         "line 3 of `t.csv` has 3 cells, but line 1 has 2 cells",
         "every row must have as many cells as the first"),
        ("a,b\n1,2\n3\n", "{file: t.csv, columns: a, rows: 0}", "data-format",
         "line 3 of `t.csv` has 1 cell, but line 1 has 2 cells",
         "every row must have as many cells as the first"),
        ("", "{file: t.csv}", "data-format", "`t.csv` is empty", "a table needs at least one row of numbers"),
        ("\n\n", "{file: t.csv}", "data-format", "`t.csv` is empty",
         "a table needs at least one row of numbers"),
        ("a,b\n", "{file: t.csv}", "data-format", "`t.csv` has no row below its header", ""),
        ('a\n1\n"2\n', "{file: t.csv}", "data-format",
         "line 3 of `t.csv` is not a row of a table: unexpected end of data",
         "end lines with a line feed, and double a quotation mark inside quotes"),
        ("1\n2\r3\r4\n", "{file: t.csv}", "data-format", None,
         "end lines with a line feed, and double a quotation mark inside quotes"),
        ("1\n" + "9" * 140_000, "{file: t.csv}", "data-format",
         "line 2 of `t.csv` is not a row of a table: field larger than field limit (131072)",
         "end lines with a line feed, and double a quotation mark inside quotes"),
        ("a\n1e400\n", "{file: t.csv}", "number-range",
         "line 2, column 0 (`a`) of `t.csv` is 1e400, which is too large for double precision",
         "infinity is written `inf`"),
        ("a\n0.5\n", "{file: t.csv, dtype: int}", "data-cell",
         "line 2, column 0 (`a`) of `t.csv` is 0.5, but `dtype: int` needs whole numbers up to 2**53",
         "without `dtype` the numbers are read as they are"),
        ("1,2\n3,nan\n", "{file: t.csv, columns: [1, 0], dtype: int}", "data-cell",
         "line 2, column 1 (counted from 0) of `t.csv` is nan, but `dtype: int` needs whole numbers "
         "up to 2**53", "without `dtype` the numbers are read as they are"),
        ("1\n9007199254740994\n", "{file: t.csv, dtype: int}", "data-cell",
         "line 2, column 0 (counted from 0) of `t.csv` is 9007199254740994, but `dtype: int` needs "
         "whole numbers up to 2**53", "without `dtype` the numbers are read as they are"),
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
    assert message == "line 2, column 1 (`b`) of `t.csv` is the text `␛[31mredxxxxxxxxxxxxxxx…`, not a number"
    assert "␛[2J" in bad_table(folder, "a\x1b[2J\nx\n")[1]


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        ("a\n가\n".encode("euc-kr"), "`t.csv` is not UTF-8 text: byte 0xb0 in line 2", "save it as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "`t.csv` is not UTF-8 text: byte 0xff in line 1", "save it as UTF-8"),
        (b"PK\x03\x04\xff", "`t.csv` is not UTF-8 text: byte 0xff in line 1",
         "this looks like a workbook: save it as CSV, in UTF-8"),
        (b"\x93NUMPY\x01\x00", "`t.csv` is not UTF-8 text: byte 0x93 in line 1",
         "this is a NumPy array: rename it to `.npy`"),
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
        ('"0:3"', "`columns` is not a slice", "write `columns: [0, 1, 2]`"),
        ("[]", "`columns` selects no columns",
         "write `columns: 4`, `columns: [0, 1]`, or names of the header"),
        ("1.5", "expected a column, found the number 1.5", None),
        ("true", "expected a column, found `true`", None),
        ("[[0]]", "expected a column, found a list", None),
        ("{a: 1}", "expected a column, found a map", None),
        ("", "expected a column, found nothing", None),
        ("1" + "0" * 40, "there is no column with so large a number", None),
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
        "they are columns 0 and 2: use the number",
    )


@pytest.mark.parametrize(
    ("rows", "message", "hint"),
    [
        ("4", "there is no row 4", "there are 4 rows, 0 to 3"),
        ("[0, -5]", "there is no row -5", "there are 4 rows, 0 to 3"),
        ('"4:"', "`rows: 4:` selects no rows", "there are 4 rows, 0 to 3"),
        ('"2:2"', "`rows: 2:2` selects no rows", "there are 4 rows, 0 to 3"),
        ('"0:4:0"', "the step of `rows` is 0", 'such as `rows: "0:32:2"`'),
        ("[]", "`rows` selects no rows", 'write `rows: "0:32"`, `rows: [0, 2, 5]` or `rows: 7`'),
        ('"3"', "expected rows, found the text `3`", None),
        ('"0-32"', "expected rows, found the text `0-32`", None),
        ('"0:1:2:3"', "expected rows, found the text `0:1:2:3`", None),
        ('"٠:١"', "expected rows, found the text `٠:١`", None),
        ("1.0", "expected rows, found the number 1.0", None),
        ("[1, true]", "expected rows, found `true`", None),
        ("[[0]]", "expected rows, found a list", None),
        ("{start: 0}", "expected rows, found a map", None),
        ("9" * 300, "there is no row with so large a number", None),
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
