"""What notebooks show of graphs and runs."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest

from backprop_engine import load_scenario, make_graph, record
from backprop_engine.errors import UsageError
from backprop_engine.notebook import MOST_ROWS, player, table, tensor_text

ARTICLE = make_graph({"q": "x + y", "f": "q * z"}, inputs={"x": -2, "y": 5, "z": -4})


class _Cells(HTMLParser):
    """The texts of a table's cells, row by row; and that every element is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.caption = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] == "caption":
            self.caption += data
        else:
            self.rows[-1][-1] += data


def test_a_graph_is_a_table_of_its_nodes() -> None:
    shown = _Cells(ARTICLE._repr_html_())
    assert shown.caption == "Graph: 3 leaves, 2 computed nodes, output f"
    assert shown.rows == [
        ["node", "kind", "shape", "expression"],
        ["x", "input", "()", ""],
        ["y", "input", "()", ""],
        ["z", "input", "()", ""],
        ["q", "computed", "()", "x + y"],
        ["f", "computed", "()", "q * z"],
    ]


def test_a_step_shows_what_has_arrived() -> None:
    trace = record(ARTICLE)
    shown = _Cells(trace.frame(4)._repr_html_())
    assert shown.caption == "Frame 4 of 7: backward, f → q"
    assert {row[0]: row[2:] for row in shown.rows[1:]} == {
        "x": ["-2", ""],
        "y": ["5", ""],
        "z": ["-4", ""],
        "q": ["3", "-4"],
        "f": ["-12", "1"],
    }
    whole = _Cells(trace._repr_html_())
    assert [row[3] for row in whole.rows[1:]] == ["-4", "-4", "3", "-4", "1"]


def test_a_run_without_training_shows_its_nodes() -> None:
    run = load_scenario("add_multiply").run()
    assert repr(run) == "<Run: output f, 7 steps>"
    assert run._repr_html_() == run.trace()._repr_html_()
    assert [row[0] for row in _Cells(run._repr_html_()).rows[1:]] == ["x", "y", "z", "q", "f"]


def test_a_training_shows_its_losses() -> None:
    run = load_scenario("gradient_descent").run()
    rows = _Cells(run._repr_html_()).rows[1:]
    assert [at for at, _ in rows][:2] == ["0", "1"]
    assert len(rows) == min(run.iterations, MOST_ROWS) + (run.iterations > MOST_ROWS)
    assert float(rows[0][1]) == pytest.approx(float(next(run.losses())), rel=1e-4)


def test_a_long_table_says_what_is_missing_and_escapes_all() -> None:
    asked: list[int] = []
    rows = ((f"<{asked.append(at) or at}>", "&") for at in range(10**6))
    shown = _Cells(table("a < b", ("x", "y"), rows, 10**6))
    assert shown.caption == "a < b"
    assert shown.rows[1] == ["<0>", "&"]
    assert shown.rows[-1] == [f"… {10**6 - MOST_ROWS} more"]
    assert len(asked) == MOST_ROWS


def test_a_large_tensor_is_summed_up() -> None:
    assert tensor_text(np.arange(100.0)) == "0 … 99, ‖·‖ = 573"
    assert tensor_text(np.array([1.5, np.nan])) == "[1.5, nan]"
    assert tensor_text(None) == ""


def test_without_what_draws_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_engine.notebook.entry_points", lambda group: ())
    with pytest.raises(UsageError, match="pip install backprop-tui"):
        player(record(ARTICLE), 0)
    with pytest.raises(IndexError):
        record(ARTICLE).show(99)
