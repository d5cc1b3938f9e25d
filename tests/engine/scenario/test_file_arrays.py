"""Leaves from arrays and archives: what comes back exactly, and what is refused with a reason."""

from __future__ import annotations

import os
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leaf_files import (
    IRIS,
    LITTLE,
    array,
    bad_array,
    described,
    header,
    npy,
    npz,
    numbers,
    refusal,
    refused,
)


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
        "{'descr': 'float64', 'fortran_order': False, 'shape': (2,)}",
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
        ((), "rows: 0", "data-rows", "`rows` selects along the first axis, but the shape here is ()"),
        ((3,), "columns: 0", "data-columns",
         "`columns` selects from an array with two axes, but the shape here is 3"),
        ((2, 3, 2), "columns: [0]", "data-columns",
         "`columns` selects from an array with two axes, but the shape here is 2×3×2"),
        ((2, 3), "columns: 3", "data-columns", "there is no column 3"),
        ((2, 3), "columns: a", "data-columns", "there is no column `a`: the columns have no names"),
        ((2, 3), "rows: [0, 2]", "data-rows", "there is no row 2"),
        ((2, 3), "rows: '5:'", "data-rows", "`rows: 5:` selects no rows"),
        ((0, 3), "rows: '0:1'", "data-rows", "`rows: 0:1` selects no rows"),
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
    assert hint == "save whole numbers, floats of up to eight bytes, or booleans"


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
        assert message == f"`a.npy` is cut off: it has only {kept - 128} of the 24 bytes of its array"
    elif kept >= 8:
        assert message == "`a.npy` is cut off inside its header"


def test_an_array_with_something_behind_it(folder: Path) -> None:
    for more in (b"\0", npy(np.zeros(3))):
        code, message, _ = bad_array(folder, npy(np.zeros(2)) + more)
        assert (code, message) == ("data-format", "`a.npy` has more data after its array of 16 bytes")


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
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,)}",
        "{'descr': ('<f8', (2,)), 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} + print()",
        "x{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
        "[" * 9000,
        "{" * 9000,
        "-" * 9000 + "1",
        "1+" * 4000 + "1",
        "not " * 2000 + "1",
        "\0" * 100,
        "{'descr': '\\d', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2)(3)}",
        "{'descr': (), 'fortran_order': False, 'shape': (2,)}",
        "{'descr': ('<f8', (99999999999999999999,)), 'fortran_order': False, 'shape': (2,)}",
        "{1: 2, 'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
        "{[]: 2}",
        "'''",
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
        (b"", "`a.npy` does not start like an `.npy` file"),
        (IRIS.encode(), "`a.npy` does not start like an `.npy` file"),
        (b"\x93NUMPX\x01\x00", "`a.npy` does not start like an `.npy` file"),
        (b"\x93NUMPY\x04\x00\x00\x00\x00\x00", "`a.npy` has an unknown kind of header"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "`a.npy` has an unknown kind of header"),
    ],
)
def test_what_is_no_array(folder: Path, data: bytes, message: str) -> None:
    assert bad_array(folder, data)[:2] == ("data-format", message)


def test_an_array_of_very_many_axes(folder: Path) -> None:
    data = np.float64(5).tobytes()
    assert array(folder, described("'<f8'", "(" + "1, " * 32 + ")") + data).ndim == 32
    message = bad_array(folder, described("'<f8'", "(" + "1, " * 33 + ")") + data)[1]
    assert message == "`a.npy` has 33 axes; at most 32 are allowed"


def test_an_array_under_the_other_ending(folder: Path) -> None:
    np.savez(folder / "a.npz", np.zeros(2))
    hint = bad_array(folder, (folder / "a.npz").read_bytes())[2]
    assert hint == "this is an archive: name it `.npz`"
    (folder / "a.npz").write_bytes(npy(np.zeros(2)))
    assert refused(folder, "{file: a.npz, key: a}")[2] == "this is a single array: name it `.npy`"


def test_keys(folder: Path) -> None:
    np.savez(folder / "a.npz", weight=np.zeros(2), bias=np.zeros(1))
    found = refusal(folder, "{file: a.npz}")
    assert (found.code.name, found.hint) == ("data-key", "available: `weight`, `bias`")
    assert refused(folder, "{file: a.npz, key: wieght}") == (
        "data-key",
        "there is no array `wieght` in `a.npz`",
        "did you mean `weight`?",
    )
    assert refused(folder, "{file: a.npz, key: scale}")[2] == "available: `weight`, `bias`"
    assert refused(folder, "{file: a.npz, key: }")[0] == "data-key"
    assert refused(folder, "{file: a.npz, key: [weight]}")[0] == "wrong-type"
    assert refused(folder, "{file: a.npz, key: 3}")[0] == "wrong-type"
    np.savez(folder / "a.npz", np.zeros(2))
    assert refused(folder, "{file: a.npz}")[2] == "write `key: arr_0`"
    np.savez(folder / "a.npz")
    assert refused(folder, "{file: a.npz}")[2] == "it contains no arrays"
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
    assert (code, message) == ("data-format", "`a` in `a.npz` has more data after its array of 16 bytes")
    assert peak < LITTLE
    # The honest one is measured against what a run may take.
    with zipfile.ZipFile(folder / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", described("'|i1'", "(67108864,)") + bytes(2**26))
    assert refused(folder, "{file: a.npz, key: a}", max_memory=2**28)[0] == "too-large"


def test_an_archive_that_lies_about_sizes(folder: Path) -> None:
    npz(folder, {"a.npy": described("'<f8'", "(1000,)") + bytes(80)})
    assert refused(folder, "{file: a.npz, key: a}")[1] == (
        "`a` in `a.npz` is cut off: it has only 80 of the 8,000 bytes of its array"
    )
    # The table of contents says 8 MB, the data behind it are 80 bytes.
    data = (folder / "a.npz").read_bytes()
    size = len(described("'<f8'", "(1000,)")) + 80
    lie = struct.pack("<I", size - 80 + 8000)
    at = data.index(b"PK\x01\x02") + 24
    assert data[at : at + 4] == struct.pack("<I", size)
    (folder / "a.npz").write_bytes(data[:at] + lie + data[at + 4 :])
    assert refused(folder, "{file: a.npz, key: a}")[1] == (
        "`a` in `a.npz` is cut off: it has only 80 of the 8,000 bytes of its array"
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
