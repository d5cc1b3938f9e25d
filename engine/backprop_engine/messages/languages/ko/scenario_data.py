"""Korean for what is said of data files: tables and arrays."""

from __future__ import annotations

__all__ = ["TEMPLATES"]

TEMPLATES: dict[str, str] = {
    # Paths and files
    "the path of a data file": "데이터 파일의 경로",
    "such as `file: data/iris.csv`": "`file: data/iris.csv`처럼 쓰세요",
    "the path of the data file is empty": "데이터 파일의 경로가 비어 있습니다",
    "a path counts from the scenario's folder": "경로는 시나리오가 있는 폴더에서 시작합니다",
    "a path counts from the scenario's folder, such as `file: data/iris.csv`": (
        "경로는 시나리오가 있는 폴더에서 시작합니다. 예: `file: data/iris.csv`"
    ),
    "`{file}` is an absolute path": "`{file}`{은/는} 절대 경로입니다",
    "`{file}` leads out of the scenario's folder": "`{file}`{은/는} 시나리오의 폴더 밖을 가리킵니다",
    "put the file into that folder, or into one below it": "파일을 그 폴더나 그 아래 폴더에 두세요",
    "a path has no control characters or invisible ones: `{file}`": (
        "경로에는 제어 문자나 보이지 않는 문자를 쓸 수 없습니다: `{file}`"
    ),
    "data are not fetched from an address": "데이터를 주소에서 내려받지는 않습니다",
    "save the file beside the scenario and write its name": "파일을 시나리오 옆에 저장하고 그 이름을 쓰세요",
    "this scenario has no folder that data files could lie in": (
        "이 시나리오에는 데이터 파일을 둘 폴더가 없습니다"
    ),
    "save it as a file beside its data, and open that": "데이터 옆에 파일로 저장하고 그것을 여세요",
    "there is no file `{file}`": "파일 `{file}`{이/가} 없습니다",
    "the file's name looks the same, but its letters are composed otherwise: rename the file": (
        "파일의 이름이 같아 보이지만 글자가 다르게 조합되어 있습니다. 파일의 이름을 바꾸세요"
    ),
    "`{file}` can't be read: {reason}": "`{file}`{을/를} 읽을 수 없습니다: {reason}",
    "the system takes it for no path": "시스템이 경로로 받아들이지 않습니다",
    "`{file}` is {kind}": "`{file}`{은/는} {kind}입니다",
    "a pipe, a socket or a device": "파이프, 소켓, 장치 가운데 하나",
    "data are read from files that end in {names}": "데이터는 {names}{으로/로} 끝나는 파일에서 읽습니다",
    "`{file}` changes while it is read": "`{file}`{이/가} 읽는 동안 바뀌었습니다",
    "load it again": "다시 불러오세요",
    "the file `{file}`": "파일 `{file}`",
    "what is read from data files": "데이터 파일에서 읽은 수",
    "the content of the data files": "데이터 파일의 내용",
    "the ending of `{file}` tells no kind of data file": (
        "`{file}`의 확장자로는 어떤 데이터 파일인지 알 수 없습니다"
    ),
    "a leaf from a `{ending}` file": "`{ending}` 파일에서 읽는 리프 노드",
    "`int` or `float` for `dtype`": "`dtype`에 쓸 `int`와 `float` 가운데 하나",
    "there are int and float": "int와 float이 있습니다",
    "a leaf from a file has no dtype `{name}`": (
        "파일에서 읽는 리프 노드에는 dtype `{name}`{을/를} 쓸 수 없습니다"
    ),
    "without `dtype` the numbers are read as they are": "`dtype`이 없으면 수를 그대로 읽습니다",
    "`dtype: float64` for the whole graph holds more": (
        "계산그래프 전체에 `dtype: float64`를 쓰면 더 큰 수도 나타냅니다"
    ),
    "{where} is {number}, no whole number up to 2**53 under `dtype: int`": (
        "{where}의 {number}{은/는} `dtype: int`에 맞는 2**53 이하의 정수가 아닙니다"
    ),
    "{where} is {number}, {dtype} cannot hold it: its largest number is {largest:.4g}": (
        "{where}의 {number}{을/를} {dtype}{으로/로} 나타낼 수 없습니다. 가장 큰 수는 {largest:.4g}입니다"
    ),
    # Rows and columns
    "`rows` takes from the first axis": "`rows`는 첫째 축에서 고릅니다",
    "`columns` takes from an array of two axes": "`columns`는 축이 둘인 배열에서 고릅니다",
    "{rule}, the shape here is {shape}": "{rule}. 여기의 형상은 {shape}입니다",
    'write `rows: "0:32"`, `rows: [0, 2, 5]` or `rows: 7`': (
        '`rows: "0:32"`, `rows: [0, 2, 5]`, `rows: 7`처럼 쓰세요'
    ),
    "write `columns: 4`, `columns: [0, 1]`, or names of the header": (
        "`columns: 4`, `columns: [0, 1]`, 또는 머리글의 이름을 쓰세요"
    ),
    "expected rows, found {found}": "행을 골라야 하는데 {found}{이/가} 있습니다",
    "expected a column, found {found}": "열을 골라야 하는데 {found}{이/가} 있습니다",
    "`rows` takes no row": "`rows`가 고르는 행이 없습니다",
    "`columns` takes no column": "`columns`가 고르는 열이 없습니다",
    "`{text}` takes no row": "`{text}`{으로/로} 고르는 행이 없습니다",
    "the step of `rows` is 0": "`rows`의 간격이 0입니다",
    'such as `rows: "0:32:2"`': '`rows: "0:32:2"`처럼 쓰세요',
    "`columns` is no slice": "`columns`에는 슬라이스를 쓸 수 없습니다",
    "there is no row {number}": "{number}번 행이 없습니다",
    "there is no row so large": "번호가 그렇게 큰 행은 없습니다",
    "there are no rows": "행이 없습니다",
    "there is one, row 0": "0번 행 하나가 있습니다",
    "there are {count} rows, 0 to {last}": "0번부터 {last}번까지 행이 {count}개 있습니다",
    "there is no column {number}": "{number}번 열이 없습니다",
    "there is no column so large": "번호가 그렇게 큰 열은 없습니다",
    "there are no columns": "열이 없습니다",
    "there is one, column 0": "0번 열 하나가 있습니다",
    "there are {count} columns, 0 to {last}": "0번부터 {last}번까지 열이 {count}개 있습니다",
    "{there}: {names}": "{there}: {names}",
    "there is no column `{name}`": "열 `{name}`{이/가} 없습니다",
    "there is no column `{name}`: the columns have no names": (
        "열 `{name}`{이/가} 없습니다. 열에 이름이 없습니다"
    ),
    "two columns are called `{name}`": "이름이 `{name}`인 열이 둘입니다",
    "they are the columns {first} and {second}: use the number": (
        "{first}번 열과 {second}번 열입니다. 번호를 쓰세요"
    ),
    # Tables
    "line {line} of `{file}`": "`{file}`의 {line}번째 줄",
    "line {line}, column {column} ({name}) of `{file}`": "`{file}`의 {line}번째 줄 {column}번 열({name})",
    "counted from 0": "0부터 셈",
    "{where} is empty": "{where}{이/가} 비어 있습니다",
    "{where} is the text `{text}`, no number": "{where}{은/는} 수가 아니라 텍스트 `{text}`입니다",
    "{where} is {number}, more than double precision holds": (
        "{where}의 {number}{은/는} 배정밀도로 나타낼 수 없게 큽니다"
    ),
    "infinity is written `inf`": "무한대는 `inf`로 씁니다",
    "write `nan` for an unknown number, or leave such rows out with `rows`": (
        "모르는 수는 `nan`으로 쓰거나, `rows`로 그런 행을 빼세요"
    ),
    "write a point in decimal numbers, not a comma": "소수점은 쉼표가 아니라 점으로 쓰세요",
    "write 1 and 0": "1과 0으로 쓰세요",
    "classes are numbers: write them in the file, such as {numbered}{rest}": (
        "클래스는 수입니다. 파일에 수로 쓰세요. 예: {numbered}{rest}"
    ),
    "{number} for {text}": "{text}{은/는} {number}",
    "correct the cell, or leave such rows out with `rows`": "그 칸을 고치거나, `rows`로 그런 행을 빼세요",
    "columns of numbers are taken by `columns: {numbers}`": (
        "수로 된 열은 `columns: {numbers}`{으로/로} 고릅니다"
    ),
    "take the columns of numbers with `columns`": "수로 된 열을 `columns`로 고르세요",
    "{where} has {cells}, line {line} has {first}": (
        "{where}의 칸은 {cells}인데 {line}번째 줄은 {first}입니다"
    ),
    "1 cell": "1개",
    "{count} cells": "{count}개",
    "every row needs as many cells as the first": "모든 행의 칸 수는 첫 행과 같아야 합니다",
    "`{file}` is empty": "`{file}`{이/가} 비어 있습니다",
    "a table has a row of numbers or more": "표에는 수의 행이 하나 이상 있습니다",
    "`{file}` has no row below its header": "`{file}`에는 머리글 아래에 행이 없습니다",
    "line {line} of `{file}` holds numbers and empty cells": (
        "`{file}`의 {line}번째 줄에 수와 빈 칸이 섞여 있습니다"
    ),
    "give every column a name in the first row, or every cell a number": (
        "첫 행의 모든 열에 이름을 쓰거나, 모든 칸에 수를 쓰세요"
    ),
    "line {line} of `{file}` is no row of a table: {problem}": (
        "`{file}`의 {line}번째 줄은 표의 행이 아닙니다: {problem}"
    ),
    "lines end with a line feed; a quotation mark inside quotes is doubled": (
        "줄은 줄바꿈 문자로 끝나고, 따옴표 안의 따옴표는 두 번 씁니다"
    ),
    "`{file}` is no UTF-8 text: byte 0x{byte:02x} in line {line}": (
        "`{file}`{은/는} UTF-8 텍스트가 아닙니다: {line}번째 줄의 바이트 0x{byte:02x}"
    ),
    "save it as UTF-8": "UTF-8로 저장하세요",
    "this looks like a workbook: save it as CSV, in UTF-8": (
        "스프레드시트 파일로 보입니다. UTF-8로 된 CSV로 저장하세요"
    ),
    "this is an array of NumPy's: name it `.npy`": "NumPy의 배열입니다. 확장자를 `.npy`로 바꾸세요",
    "cells are divided by commas; in this file there are {signs}": (
        "칸은 쉼표로 나누는데 이 파일에서는 {signs}{으로/로} 나누어져 있습니다"
    ),
    "semicolons": "세미콜론",
    "tabs": "탭",
    # Arrays
    "save it again with `numpy.save`": "`numpy.save`로 다시 저장하세요",
    "save it again with `numpy.savez`": "`numpy.savez`로 다시 저장하세요",
    "use `numpy.savez`": "`numpy.savez`를 쓰세요",
    "`{file}` does not begin as an `.npy` file does": (
        "`{file}`{은/는} `.npy` 파일의 형식으로 시작하지 않습니다"
    ),
    "`{file}` does not begin as an `.npz` file does": (
        "`{file}`{은/는} `.npz` 파일의 형식으로 시작하지 않습니다"
    ),
    "{what} does not begin as an `.npy` file does": "{what}{은/는} `.npy` 파일의 형식으로 시작하지 않습니다",
    "this is an archive: name it `.npz`": "배열을 묶은 파일입니다. 확장자를 `.npz`로 바꾸세요",
    "this is a single array: name it `.npy`": "배열 하나입니다. 확장자를 `.npy`로 바꾸세요",
    "`{key}` in `{file}`": "`{file}`의 `{key}`",
    "{what} is encrypted or packed in an unusual way": (
        "{what}{이/가} 암호화되었거나 특이한 방식으로 압축되었습니다"
    ),
    "`{file}` is a broken archive": "`{file}`{은/는} 깨진 압축 파일입니다",
    "`{file}` holds more than {most:,} files": "`{file}`에 든 파일이 {most:,}개를 넘습니다",
    "there are no arrays in it": "그 안에는 배열이 없습니다",
    "`{file}` holds arrays by name: one is chosen with `key`": (
        "`{file}`에는 이름이 붙은 배열들이 있습니다. `key`로 하나를 고르세요"
    ),
    "the name of an array for `key`": "`key`에 쓸 배열의 이름",
    "there is no array `{key}` in `{file}`": "`{file}`에는 배열 `{key}`{이/가} 없습니다",
    "{what} is cut off: {rest:,} of {bytes:,} bytes of its array are there": (
        "{what}{이/가} 잘렸습니다. 배열 {bytes:,}바이트 중 {rest:,}바이트만 있습니다"
    ),
    "{what} goes on behind its array of {bytes:,} bytes": (
        "{what}에는 {bytes:,}바이트의 배열 뒤에 다른 것이 더 있습니다"
    ),
    "a file holds one array; an `.npz` file holds several": (
        "파일 하나에는 배열 하나를 둡니다. 여럿은 `.npz` 파일에 둡니다"
    ),
    "{what} has a header of a kind that is not known": "{what}의 헤더는 알 수 없는 종류입니다",
    "{what} is cut off inside its header": "{what}{이/가} 헤더 중간에서 잘렸습니다",
    "the header of {what} makes no sense": "{what}의 헤더를 이해할 수 없습니다",
    "{what} has an axis of a negative size": "{what}에 크기가 음수인 축이 있습니다",
    "{what} has {count} axes, at most {most} are allowed": (
        "{what}의 축이 {count}개입니다. {most}개까지 쓸 수 있습니다"
    ),
    "{what} holds {held}": "{what}에 든 것: {held}",
    "other things than numbers": "수가 아닌 것",
    "Python objects, which are never unpickled": "파이썬 객체. 절대로 불러오지 않습니다",
    "complex numbers": "복소수",
    "texts": "텍스트",
    "dates": "날짜",
    "time spans": "기간",
    "records": "레코드",
    "numbers of more than eight bytes": "8바이트보다 큰 수",
    "save whole numbers, floats up to eight bytes, or booleans": (
        "정수나 8바이트 이하의 실수, 또는 참과 거짓으로 저장하세요"
    ),
}
