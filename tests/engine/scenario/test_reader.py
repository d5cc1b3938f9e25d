"""Reading files, YAML, and places: down to single characters inside folded and escaped text."""

from __future__ import annotations

import math
import os
import socket
import sys
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_engine.errors import Place, ScenarioError
from backprop_engine.messages import plain_text
from backprop_engine.messages.plain_text import clean
from backprop_engine.scenario.read import reader, yaml_nodes
from backprop_engine.scenario.read.reader import read
from backprop_engine.scenario.read.source import MAX_BYTES, Source, read_source
from backprop_engine.scenario.read.yaml_nodes import YamlMapping, YamlScalar, YamlSequence, is_blank, plain
from backprop_engine.scenario.read.yaml_scalars import origins
from effort import examples


def tree(text: str) -> reader.Node:
    return read(Source.from_bytes("s.yaml", text.encode()))


def values(text: str) -> object:
    return plain(tree(text))


def outcome(data: bytes) -> reader.Node | ScenarioError:
    try:
        return read(Source.from_bytes("s.yaml", data))
    except ScenarioError as error:
        return error


def refusal(text: str | bytes) -> tuple[str, int, int, int, str, str]:
    """Code, line, column, width, message and hint of the one mistake in `text`."""
    with pytest.raises(ScenarioError) as caught:
        read(Source.from_bytes("s.yaml", text if isinstance(text, bytes) else text.encode()))
    (found,) = caught.value.diagnostics
    place = found.place
    assert place is not None
    return found.code.name, place.line, place.column, place.width, found.message, found.hint


# Files


def test_a_file_with_any_byte_order_mark(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le"):
        mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
        file = tmp_path / f"{encoding}.yaml"
        file.write_bytes(mark + "가: σ\n".encode(encoding))
        source = read_source(file)
        assert source.text == "가: σ\n"
        node = read(source)
        assert isinstance(node, YamlMapping)
        assert node.entries["가"].value.place == Place(str(file), 1, 4, 1)


@pytest.mark.parametrize(
    ("data", "code", "line", "column"),
    [
        (b"a: 1\nb: x\xffy\n", "file-encoding", 2, 5),
        (b"\xef\xbb\xbfa: \xff", "file-encoding", 1, 4),
        ("가: ".encode() + b"\xc3", "file-encoding", 1, 4),
        (b"\xff\xfea\x00\x00\xd8", "file-encoding", 1, 2),
        (b"a: 1\nb: \x00", "file-binary", 2, 4),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "file-binary", 3, 1),
        (b"a: \x1b[31m", "file-control-character", 1, 4),
        (b"a: 1\r\nb: \x7f", "file-control-character", 2, 4),
        ("a: \x85".encode(), "file-control-character", 1, 4),
        ("a: \u2028".encode(), "file-control-character", 1, 4),
    ],
)
def test_bytes_that_are_no_text(data: bytes, code: str, line: int, column: int) -> None:
    assert refusal(data)[:3] == (code, line, column)


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for path in (tmp_path, tmp_path / "pipe", tmp_path / "socket", Path("/dev/null")):
            with pytest.raises(ScenarioError, match="file-not-regular"):
                read_source(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "adam.yaml").write_text("a: 1")
    with pytest.raises(
        ScenarioError, match=r"adm\.yaml:1:1: error\[file-not-found\][^@]*did you mean .*adam\.yaml"
    ):
        read_source(tmp_path / "adm.yaml")
    with pytest.raises(ScenarioError, match="file-not-found"):
        read_source(tmp_path / "adam.yaml" / "x")
    with pytest.raises(ScenarioError, match="file-unreadable"):
        read_source("a\0b")
    (tmp_path / "large.yaml").write_bytes(b"")
    os.truncate(tmp_path / "large.yaml", MAX_BYTES + 1)
    with pytest.raises(ScenarioError, match="file-too-large"):
        read_source(tmp_path / "large.yaml")


def test_lines_and_quotes() -> None:
    source = Source("s", "a\r\nb\tc\u202ed\re\n")
    assert [source.line(number) for number in (1, 2, 3, 4)] == ["a", "b\tc\u202ed", "e", ""]
    assert source.quoted(2) == "b c\ufffdd"
    assert source.place(5, 99) == Place("s", 2, 3, 3)
    assert source.place(len(source.text)) == Place("s", 4, 1, 1)


# Values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y", "y"), ("on", "on"), ("no", "no"), ("yes", "yes"), ("1:30", "1:30"), ("2024-01-05",) * 2,
        ("1_000", "1_000"), ("0b1", "0b1"), ("-x", "-x"), ("x[:, 1:]", "x[:, 1:]"), ("nUll", "nUll"),
        ("010", 10), ("+7", 7), ("-0", 0), ("0o17", 15), ("0x1F", 31), ("0" * 5000 + "7", 7),
        ("0x" + "f" * 13 + "8" + "0" * 242, int(sys.float_info.max)),
        ("0o" + "7" * 298, 8**298 - 1),
        ("1e-3", 0.001), ("1.", 1.0), (".5", 0.5), ("-1.5E+2", -150.0), ("-.inf", -math.inf),
        ("+.INF", math.inf), ("!!int 0x10", 16), ("&a 3", 3),
        ("", None), ("~", None), ("null", None), ("NULL", None), ("True", True), ("FALSE", False),
        ("'1'", "1"), ('"\\e[0m"', "\x1b[0m"), ("!!str 1", "1"), ("!!float 1", 1.0),
    ],
)  # fmt: skip
def test_core_schema(text: str, value: object) -> None:
    found = values(f"k: {text}\n")
    assert found == {"k": value}
    assert type(found["k"]) is type(value)


def test_nan_and_keys() -> None:
    found = values("{1: .nan, null: 1, y: 2}")
    assert isinstance(found, dict)
    assert list(found) == ["1", "null", "y"]
    assert math.isnan(found["1"])


def test_aliases_repeat() -> None:
    assert values("a: &x [1, &y [2]]\nb: [*x, *y]") == {"a": [1, [2]], "b": [[1, [2]], [2]]}


# What is refused

REFUSED = [
    ("", "yaml-empty", 1, 1, 1, "nodes:"),
    ("# only a comment\n", "yaml-empty", 1, 1, 1, ""),
    ("a: 1\nb: 2\na: 3", "yaml-duplicate-key", 3, 1, 1, ""),
    ("{ab: 1, 'ab': 3}", "yaml-duplicate-key", 1, 9, 2, ""),
    ("a: !!python/name:os.system x", "yaml-tag", 1, 4, 23, ""),
    ("a: !mine [1]", "yaml-tag", 1, 4, 5, ""),
    ("a: ! 1", "yaml-tag", 1, 4, 1, ""),
    ("a: !!int x", "yaml-tag", 1, 4, 1, ""),
    ("<<: {a: 1}", "yaml-merge-key", 1, 1, 2, ""),
    ("a: 1\n---\nb: 2", "yaml-documents", 2, 1, 1, ""),
    ("a: &x [*x]", "yaml-cycle", 1, 8, 2, ""),
    ("a: *nope", "yaml-alias", 1, 4, 5, "quoted"),
    ("? [a]\n: 1", "yaml-key", 1, 3, 1, ""),
    ("a: &x b\n*x : 1", "yaml-key", 2, 1, 2, ""),
    ("a: 1e999", "yaml-number-range", 1, 4, 5, ".inf"),
    ("a: 0x1" + "0" * 256, "yaml-number-range", 1, 4, 259, ".inf"),
    ("a: 0x" + "f" * 256, "yaml-number-range", 1, 4, 258, ".inf"),
    ("a: " + "9" * 5000, "yaml-number-range", 1, 4, 5000, ""),
    ("a: 0x" + "f" * 5000, "yaml-number-range", 1, 4, 5002, ""),
    ("a:\n\tb: 1", "yaml-tab", 2, 1, 1, "spaces"),
    ('a: "abc', "yaml-unclosed", 1, 4, 1, ""),
    ("a: [1, 2\nb: 3", "yaml-unclosed", 1, 4, 1, "`]`"),
    ("a: {b: 1", "yaml-unclosed", 1, 4, 1, "`}`"),
    ("W:{shape: [2]}", "yaml-no-colon", 1, 2, 1, ""),
    ("a: 1\n@p: 2", "yaml-needs-quotes", 2, 1, 1, ""),
    ("f: {note: a (b, op: x}", "yaml-unclosed", 1, 11, 4, ""),
    ("a: ['x' 'y']", "yaml-syntax", 1, 9, 1, ""),
    ("f: [1, 2]]", "yaml-syntax", 1, 10, 1, ""),
    ('a: "\\q"', "yaml-escape", 1, 5, 2, "single quotes"),
    ("a: 1\nfoo\nb: 2", "yaml-no-colon", 2, 1, 1, "name: value"),
    ("f:\n  q:x\n  r: 1", "yaml-no-colon", 2, 3, 1, "a space is missing after the colon: write `q: x`"),
    ("{x: 1, y:5}", "yaml-no-colon", 1, 8, 3, "`y: 5`"),
    ("nodes:\n  q: x + y\n f: q * z", "yaml-indentation", 3, 2, 1, "the same column"),
    ("f: 1\n  g: 2", "yaml-indentation", 2, 3, 1, ""),
    ("f: @a", "yaml-needs-quotes", 1, 4, 2, '"@a"'),
    ("f: * x  # twice", "yaml-needs-quotes", 1, 4, 3, '"* x"'),
    ("f: - x", "yaml-needs-quotes", 1, 4, 3, '"- x"'),
    ("f: > 0", "yaml-needs-quotes", 1, 4, 3, '"> 0"'),
    ("f: [0] @ x", "yaml-needs-quotes", 1, 4, 7, '"[0] @ x"'),
    ('f: "a" + b', "yaml-needs-quotes", 1, 4, 7, "did you mean `a + b`?"),
    ("f: 'it's'", "yaml-needs-quotes", 1, 4, 6, '"it\'s"'),
    ("note: see: this", "yaml-needs-quotes", 1, 7, 9, '"see: this"'),
    ("f: {expr: where(x > 0, log(x), 0)}", "yaml-needs-quotes", 1, 11, 23, '"where(x > 0, log(x), 0)"'),
    ("f: {expr: f(x[0], y), note: a}", "yaml-needs-quotes", 1, 11, 10, '"f(x[0], y)"'),
    ("f: {expr: x[0] + y}", "yaml-needs-quotes", 1, 11, 8, '"x[0] + y"'),
    ("w: [norm(x, axis=0), q]", "yaml-needs-quotes", 1, 5, 15, '"norm(x, axis=0)"'),
    ("f: {note: One, two, three, op: x}", "yaml-needs-quotes", 1, 11, 15, '"One, two, three"'),
    ("f: {expr: f(a,\n  b)}", "yaml-needs-quotes", 1, 11, 4, '"f(a, b)"'),
    ("f: {note: see: this}", "yaml-needs-quotes", 1, 11, 9, '"see: this"'),
]


@pytest.mark.parametrize(("text", "code", "line", "column", "width", "hint"), REFUSED)
def test_refused(text: str, code: str, line: int, column: int, width: int, hint: str) -> None:
    found = refusal(text)
    assert found[:4] == (code, line, column, width)
    assert hint in found[5]


@pytest.mark.parametrize(("text", "code", "line", "column", "width", "hint"), REFUSED)
def test_refused_alike_without_libyaml(
    text: str, code: str, line: int, column: int, width: int, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "Parser", yaml.SafeLoader)
    found = refusal(text)
    assert found[:2] == (code, line)


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? ", "[{a: "])
def test_nesting_is_limited(opening: str) -> None:
    start = time.perf_counter()
    assert refusal(opening * 100_000)[0] in ("yaml-depth", "yaml-key")
    assert time.perf_counter() - start < 2
    assert values("[" * 64 + "]" * 64)
    assert refusal("[" * 65 + "]" * 65)[:3] == ("yaml-depth", 1, 65)


def test_aliases_neither_explode_nor_nest() -> None:
    lines = ["a0: &a0 [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 9)]
    assert refusal("\n".join(lines))[0] == "yaml-expansion"
    deep = "[" * 40 + "]" * 40
    assert refusal(f"a: &a {deep}\nb: &b {'[' * 40}*a{']' * 40}")[0] == "yaml-depth"


# Places inside scalars


@pytest.mark.parametrize("inner", [0, 1, 40])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_an_alias_is_as_deep_as_what_it_repeats(opening: str, closing: str, inner: int) -> None:
    repeated = f"{opening * inner}1{closing * inner}"
    accepted = []
    for around in range(reader.MAX_DEPTH - inner - 3, reader.MAX_DEPTH - inner + 2):
        written, aliased = (
            f"x: &x {repeated}\ny: {opening * around}{inside} {closing * around}\n"
            for inside in (repeated, "*x")
        )
        accepted.append(not isinstance(outcome(written.encode()), ScenarioError))
        assert accepted[-1] is not isinstance(outcome(aliased.encode()), ScenarioError)
    assert accepted == [True, True, True, False, False]


def place_of(text: str, offset: int, width: int = 1, key: str = "k") -> tuple[int, int, int]:
    node = tree(text)
    assert isinstance(node, YamlMapping)
    scalar = node.get(key)
    assert isinstance(scalar, YamlScalar)
    place = scalar.place_at(offset, width)
    return place.line, place.column, place.width


def test_places() -> None:
    node = tree("a: &x !!str  q\nb: [1,\n  {c: two}]\nd: |\n  text\n")
    assert isinstance(node, YamlMapping)
    assert str(node.entries["b"].key.place) == "s.yaml:2:1"
    assert [str(entry.value.place) for entry in node] == ["s.yaml:1:14", "s.yaml:2:4", "s.yaml:4:4"]
    second = node.get("b")
    assert isinstance(second, YamlSequence)
    inner = second.items[1]
    assert isinstance(inner, YamlMapping)
    assert inner.entries["c"].value.place == Place("s.yaml", 3, 7, 3)


def test_places_inside_scalars() -> None:
    assert place_of("k: tanh(x)", 5) == (1, 9, 1)
    assert place_of("k: a +\n   b +\n\n   c", 4) == (2, 4, 1)
    assert place_of("k: 'a''b'", 2) == (1, 8, 1)
    assert place_of("k: 'a''b'", 0, 3) == (1, 5, 4)
    assert place_of('k: "a\\u0041b"', 2) == (1, 12, 1)
    assert place_of('k: "a\\\n    b"', 1) == (2, 5, 1)
    assert place_of("k: |\n  a\n    b\n", 4) == (3, 5, 1)
    assert place_of("k: >-\n  a\n  b\n\n  c", 4) == (5, 3, 1)
    assert place_of("k: tanh(x", 6) == (1, 10, 1)
    assert place_of("k: 'x +'", 3) == (1, 8, 1)


MARKS = [chr(0xAC00 + n) for n in range(40)]
GAPS = st.sampled_from([" ", "  ", "", "\n", "\n\n", "\n \n\n", " \n", "\t", "\n   ", "\r\n"])


@st.composite
def marked(draw: st.DrawFn) -> str:
    """A document `k: …` in some style, with each mark at most once, so that marks tell where they are."""
    style = draw(st.sampled_from(["", "'", '"', "|", ">", "|+", ">-", "|2", ">2+"]))
    count = draw(st.integers(1, 8))
    text = ""
    for mark in MARKS[:count]:
        extra = {"'": ["''"], '"': ["\\n", "\\x41", "\\u00e9", "\\\n  ", "\\\n\n ", " \\\n"]}.get(style, [""])
        text += (
            mark
            + draw(st.sampled_from(["", *extra]))
            + draw(GAPS if mark != MARKS[count - 1] else st.just(""))
        )
    if style[:1] in ("|", ">"):
        lead = draw(st.sampled_from(["", "\n", " \n"]))
        lines = (text + draw(st.sampled_from(["", "\n", "\n\n\n"]))).replace("\r\n", "\n").split("\n")
        return f"k: {style}  # note\n{lead}" + "\n".join(
            "  " + line if line.strip() else line for line in lines
        )
    body = text.replace("\n", "\n  ")
    return f"k: {draw(st.sampled_from(['', '&a ', '!!str ']))}{style}{body}{style}\nz: 1\n"


@given(marked())
@settings(max_examples=examples(500), deadline=None)
def test_every_character_is_found_again(text: str) -> None:
    source = Source.from_bytes("s", text.encode())
    try:
        node = read(source)
    except ScenarioError:
        assert "\t" in text  # a tab may stand where YAML sees indentation
        return
    assert isinstance(node, YamlMapping)
    scalar = node.get("k")
    assert isinstance(scalar, YamlScalar)
    last = (0, 0)
    for offset, character in enumerate(scalar.text):
        place = scalar.place_at(offset)
        assert (place.line, place.column) >= last
        last = (place.line, place.column)
        if character in MARKS:
            assert source.line(place.line)[place.column - 1] == character
    end = scalar.place_at(len(scalar.text))
    assert (end.line, end.column) >= last


# Anything at all

SCRAPS = st.sampled_from(
    [*"ab:-?[]{},&*!|>'\"%@`#~\\ \n\t0", ": ", "- ", "\n  ", "\n", "k: ", "{a: ", "f(x, ",
     "&a ", "*a", "<<: ", "!!int ", "---\n", "...", "\r\n", "가", "\ufeff", "\x07", "1e9", '"\\'],
)  # fmt: skip


@pytest.mark.parametrize("parser", [reader.Parser, yaml.SafeLoader])
@given(st.lists(SCRAPS, max_size=25).map("".join))
@settings(max_examples=examples(700), deadline=None)
def test_any_text_gives_a_tree_or_a_place(parser: object, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "Parser", parser)
        found = outcome(text.encode())
    if isinstance(found, ScenarioError):
        (mistake,) = found.diagnostics
        place = mistake.place
        assert place is not None
        lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert 1 <= place.line <= len(lines)
        assert 1 <= place.column <= len(lines[place.line - 1]) + 1
    else:
        plain(found)


@given(st.binary(max_size=40))
@settings(max_examples=examples(300), deadline=None)
def test_any_bytes_give_a_tree_or_an_error(data: bytes) -> None:
    found = outcome(data)
    if isinstance(found, ScenarioError):
        assert clean(str(found), newlines=True) == str(found)


# Blanks


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("a: ?", True),
        ("a: ?  # of three", True),
        ("a: ?\r\nb: 1", True),
        ("{b: 1, a: ?}", True),
        ("{a: [1, ?], b: [[2], [3]]}", True),
        ("a:\n  - 1\n  - ?\n", True),
        ("a: '?'", False),
        ("a: why?", False),
        ("a: which -?", False),
        ("a: {b: ?}", False),
        ("a: !!str ?", False),
    ],
)
def test_a_question_mark_in_the_place_of_a_value_is_a_blank(text: str, blank: bool) -> None:
    try:
        node = tree(text)
    except ScenarioError:
        assert not blank
        return
    assert isinstance(node, YamlMapping)
    assert is_blank(node.get("a")) is blank


@pytest.mark.parametrize(
    "text", ["a: |\n  Which: ?\n  - ?\n", "a: 'to be: ?\n\n  [?, ?]'\n", "a: b -?\nc: ?\n"]
)
def test_blanks_in_a_text_are_a_part_of_it(text: str) -> None:
    def asked(text: str) -> object:
        values = yaml.safe_load(text)
        return values["a"]

    node = tree(text)
    assert isinstance(node, YamlMapping)
    value = node.entries["a"].value
    assert isinstance(value, YamlScalar)
    assert value.text == asked(text.replace("c: ?\n", ""))
    assert value.place_at(len(value.text) - 1).column > 0


def test_a_blank_stands_where_it_is_written() -> None:
    (found,) = [entry.value for entry in tree("b: \ue000\na:   ?  # x\n") if entry.key.text == "a"]  # type: ignore[union-attr]
    assert is_blank(found)
    assert (found.place.line, found.place.column, found.place.width) == (2, 6, 1)


@pytest.mark.parametrize("folded", ["x +\n    " * 90_000, "y" * 90_000 + " +\n    x"])
def test_of_a_long_text_no_more_is_placed_than_is_marked(
    monkeypatch: pytest.MonkeyPatch, folded: str
) -> None:
    made: list[int] = []

    def counted(*arguments: object) -> list[int]:
        found = origins(*arguments)  # type: ignore[arg-type]
        made.append(len(found))
        return found

    monkeypatch.setattr(yaml_nodes, "origins", counted)
    node = tree(f"a: {folded} z\n").get("a")  # type: ignore[union-attr]
    assert isinstance(node, YamlScalar)
    place = node.place_at(2, len(node.text))
    assert (place.line, place.column) == (1, 6)
    assert made[0] < 2000


def test_each_character_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    monkeypatch.setattr(plain_text, "_harmless", lambda character, _: judged.append(character) or "?")
    assert clean("\u202e\u0301" * 1000) == "?" * 2000
    assert sorted(judged) == ["\u0301", "\u202e"]
