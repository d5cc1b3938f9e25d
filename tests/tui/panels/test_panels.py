"""The panels as what they are: functions from a view and a size to a drawing. No app runs here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pytest

from backprop_engine.debugger import Select, Session, Set, update
from backprop_engine.explain.symbols import formula as written_out
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.graph.steps import Accumulate, Backward, Forward
from backprop_engine.ops import OPS
from backprop_engine.trace.record import record
from backprop_engine.trace.run import Run
from backprop_tui.cells.drawing import Drawing
from backprop_tui.cells.lines import Role, line_text, line_width
from backprop_tui.cells.summaries import ABSENT, progress, summary
from backprop_tui.cells.text import cell_width, clip_middle
from backprop_tui.commands.table import COMMANDS
from backprop_tui.panels.bars import command_at, header, key_hints
from backprop_tui.panels.graph import GraphPicture, graph_picture, graph_title, node_at
from backprop_tui.panels.nodes import node_at_row, nodes, row_of_node
from backprop_tui.panels.outline import outline
from backprop_tui.panels.step import chain_rule, step, step_title
from backprop_tui.panels.step_marks import step_marks
from backprop_tui.panels.timeline import position_at, timeline
from backprop_tui.render.differences import change
from backprop_tui.scene.boxes import sign
from backprop_tui.view import View
from covering import SHOWN
from driving import text_of
from effort import tried
from scenes import LANGUAGES, positions, scenario, trace, view

Panel = Callable[[View, int, int], Drawing]
SIZES = ((40, 10), (58, 18), (78, 9), (20, 5))
FITTING: dict[str, Panel] = {
    "header": header,
    "nodes": nodes,
    "timeline": timeline,
    "step": step,
}
"""Panels that are never wider than they may be."""
EVERY: dict[str, Panel] = {
    **FITTING,
    "chain_rule": chain_rule,
    "graph": lambda shown, width, height: graph_picture(shown),
}


DRAWN = [stem for stem in SHOWN if len(trace(stem).graph.nodes) <= 90]
"""Scenarios whose graph is one picture, and not too large a one to look at in every cell."""


def views(stem: str) -> Iterator[View]:
    """The scenario at every position."""
    return (view(stem, at) for at in positions(stem))


def widest(drawing: Drawing) -> int:
    """The cells of the widest row, counted anew."""
    rows = (drawing.row(y, 0, 10_000) for y in range(drawing.height))
    return max(map(line_width, rows), default=0)


def listed(shown: View) -> list[Node]:
    """The nodes that people see."""
    return [node for node in shown.graph.nodes if node.kind is not Kind.LITERAL]


def gets_gradient(shown: View, node: Node) -> bool:
    return shown.graph.active[node.position] and shown.graph.differentiable[node.position]


@pytest.mark.parametrize("stem", SHOWN)
@pytest.mark.parametrize("panel", FITTING)
def test_no_row_is_wider_than_its_panel(panel: str, stem: str) -> None:
    too_wide = [
        (shown.session.position, size)
        for shown in views(stem)
        for size in SIZES
        if widest(FITTING[panel](shown, *size)) > size[0]
    ]
    assert too_wide == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [0, 1, 10, 20, 40, 60, 80, 120, 200])
def test_key_hints_fit(language: str, width: int) -> None:
    hints = key_hints(COMMANDS, language, width)
    assert widest(hints) <= max(1, width)


def test_a_wide_footer_shows_every_command_that_belongs_there() -> None:
    words = text_of(key_hints(COMMANDS, "en", 200))
    wanted = [f"{command.shown} {command.label.in_language('en')}" for command in COMMANDS if command.footer]
    assert words.split("  ") == [f" {wanted[0]}", *wanted[1:]]


@pytest.mark.parametrize(
    ("context", "named", "left_out"),
    [
        ("playing", {"play", "faster", "slower"}, {"step", "back"}),
        ("start", {"step"}, {"back"}),
        ("end", {"start", "back"}, {"step", "over", "continue", "end"}),
        ("branch", {"undo", "beside"}, set()),
        ("inside", {"out"}, set()),
        ("chosen", {"set", "break", "close"}, set()),
        ("outline", {"fold"}, set()),
        ("plots", {"plot"}, set()),
    ],
)
@pytest.mark.parametrize("width", [80, 120])
def test_the_footer_follows_what_one_does(
    context: str, named: set[str], left_out: set[str], width: int
) -> None:
    words = text_of(key_hints(COMMANDS, "en", width, contexts={context}))
    shown = {row.name for row in COMMANDS if f" {row.shown} {row.label}  " in words + "  "}
    assert named <= shown
    assert shown.isdisjoint(left_out)


def test_a_click_in_the_footer_finds_what_stands_there() -> None:
    words = text_of(key_hints(COMMANDS, "en", 120, contexts={"playing"}))
    row = next(row for row in COMMANDS if row.name == "play")
    found = command_at(COMMANDS, "en", 120, words.index(row.shown), contexts={"playing"})
    assert found == row


@pytest.mark.parametrize("ascii", [False, True])
def test_the_header_has_a_sign_while_playing(ascii: bool) -> None:
    shown = view("rnn_cell", 3, ascii=ascii)
    sign = ">> 2/s" if ascii else "▸▸ 2/s"
    assert sign in text_of(header(shown, 80, 1, 2))
    assert sign not in text_of(header(shown, 80, 1))


@pytest.mark.thorough
@pytest.mark.parametrize("size", [(46, 13), (76, 9)])
@pytest.mark.parametrize("stem", SHOWN)
def test_what_the_author_says_is_not_cut_off(stem: str, size: tuple[int, int]) -> None:
    for at, language in product(positions(stem), LANGUAGES):
        shown = view(stem, at, language)
        told = said_by_the_author(step(shown, *size), *size)
        assert " ".join(shown.note.split()) in told, (at, language)


def said_by_the_author(drawing: Drawing, width: int, height: int) -> str:
    """What is in view from the sign of a note on, in the column in which it stands: an equation may be at its
    left; all that is in view where there is no note.
    """
    rows = [line_text(drawing.row(y, 0, width)) for y in range(min(height, drawing.height))]
    top = next((y for y, row in enumerate(rows) if "» " in row), 0)
    left = cell_width(rows[top].partition("» ")[0]) if "» " in rows[top] else 0
    column = (line_text(drawing.row(y, left, width - left)) for y in range(top, len(rows)))
    return " ".join(" ".join(column).split())


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_the_chain_rule_fits_from_forty_cells_on(stem: str) -> None:
    too_wide = [
        (shown.session.position, size)
        for shown in views(stem)
        for size in (*SIZES, (46, 20), (118, 30))
        if size[0] >= 40 and widest(chain_rule(shown, *size)) > size[0]
    ]
    assert too_wide == []


@pytest.mark.parametrize("stem", ["digits_mlp", "add_multiply", "attention_head", "bptt"])
@pytest.mark.parametrize("size", [(46, 18), (78, 9), (78, 29)])
def test_nothing_of_the_chain_rule_touches_its_border(stem: str, size: tuple[int, int]) -> None:
    for shown in views(stem):
        if not isinstance(shown.frame.step, Forward | Backward | Accumulate):
            continue
        rows = text_of(chain_rule(shown, *size)).splitlines()
        assert all(cell_width(row) < size[0] and row[:1] in " " for row in rows), shown.session.position
        assert "──" not in (rows[1:2] or [""])[0], "a fraction's numerator is in the first row"


def test_a_single_free_row_stands_between_the_equation_and_its_check() -> None:
    shown = view("add_multiply", 4)
    full = [row.strip() for row in text_of(chain_rule(shown, 60, 7)).splitlines()]
    assert full[0].startswith("∂L/∂q")
    assert full[-2:] == ["", "numeric -4 ✓"]


@pytest.mark.thorough
@pytest.mark.parametrize("size", [(0, 0), (1, 1), (1, 50), (200, 1), (2, 2), (3, 1), (7, 3), (12, 4)])
@pytest.mark.parametrize("panel", EVERY)
def test_any_size_can_be_drawn(panel: str, size: tuple[int, int]) -> None:
    for stem in ("add_multiply", "broadcast_bias", "softmax_loss_one_hot"):
        for shown in views(stem):
            drawing = EVERY[panel](shown, *size)
            assert drawing.width == widest(drawing)


@pytest.mark.parametrize("panel", EVERY)
def test_a_drawing_gives_any_stretch_of_a_row(panel: str) -> None:
    for at in (0, 4, 9):
        drawing = EVERY[panel](view("softmax_classifier", at, "ko"), 58, 18)
        for y in range(drawing.height):
            whole = "".join(text for text, _ in drawing.row(y, 0, drawing.width))
            for x in (0, 1, 7, 30, drawing.width):
                part = "".join(text for text, _ in drawing.row(y, x, 9))
                assert cell_width(part) <= 9
                assert part.strip("… ") in whole
        assert drawing.row(-1, 0, 9) == drawing.row(drawing.height, 0, 9) == ()


# What is not there yet


GRADIENTS = {Role.GRADIENT, Role.ACTIVE_GRADIENT, Role.CHANGED_GRADIENT}


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_the_table_shows_what_is_known(stem: str) -> None:
    for shown in views(stem):
        drawing = nodes(shown, 300, 50)
        for node in listed(shown):
            row = drawing.row(row_of_node(shown, node.position), 2, 300)
            cells = re.split(r"\s{2,}", line_text(row))
            value, gradient = shown.frame.value(node), shown.frame.gradient(node)
            of_zeros = gradient is not None and not np.any(gradient)
            assert (row[-1].role is Role.DIM) == (gradient is None or of_zeros), "what has no bar stands back"
            assert (cells[5:] == ["0"]) == of_zeros, "whatever its shape"
            assert any(span.role in GRADIENTS for span in row) == (gradient is not None), "zeros have arrived"
            assert cells[0] == clip_middle(node.name, 32)
            assert cells[3] == summary(value, 40, shape=False)
            assert len(cells) == 5 + (gradient is not None), "a bar for each gradient that is there"
            if gets_gradient(shown, node) and node.takes_gradient:
                part = progress(*shown.frame.arrived(node))
                assert cells[4] == summary(gradient, 40 - len(part), shape=False) + part
                assert (cells[4] == ABSENT) == (gradient is None)
            else:
                assert cells[4] == "–"


@pytest.mark.thorough
@pytest.mark.parametrize("width", [60, 70, 118])
@pytest.mark.parametrize(
    "stem", ["bptt", "relu_layer", "stacked_cells", "truncated_bptt", "exploding_over_time"]
)
def test_in_the_table_numbers_are_rounded_and_not_cut_and_no_cell_is_left_empty(
    stem: str, width: int
) -> None:
    for shown in views(stem):
        drawing = nodes(shown, width, 50)
        rows = [drawing.row(y, 0, width)[1:] for y in range(1, drawing.height)]
        numbers = (span.text for row in rows for span in row if span.role in (Role.VALUE, Role.GRADIENT))
        assert not any("…" in number for number in numbers)
        if any("…" in line_text(row) for row in rows):
            assert drawing.width == width


def test_in_the_table_operands_that_are_cut_can_be_told_apart() -> None:
    for language in LANGUAGES:
        shown = view("indexing", 1, language)
        drawing = nodes(shown, 68, 50)
        rows = (
            drawing.row(row_of_node(shown, shown.graph.position(name)), 0, 68) for name in ("first", "last")
        )
        first, last = (re.split(r"\s{2,}", line_text(row).strip("▶ "))[1] for row in rows)
        assert re.fullmatch(r"te?m?…\w+s\[0\]", first)
        assert last == first.replace("0", "3")


@pytest.mark.parametrize(
    ("stem", "names"),
    [("concat_and_split", ("front", "back")), ("lstm", ("s[1].kept", "s[1].new", "s[1].h"))],
)
def test_in_the_table_two_nodes_that_differ_look_different(stem: str, names: tuple[str, ...]) -> None:
    shown = view(stem, trace(stem).schedule.last)
    drawing = nodes(shown, 92, 50)
    rows = [line_text(drawing.row(row_of_node(shown, shown.graph.position(name)), 0, 92)) for name in names]
    assert len({re.split(r"\s{2,}", row.strip("▶ "))[1] for row in rows}) == len(names)


@pytest.mark.parametrize("stem", SHOWN)
def test_in_the_table_an_operator_that_is_cut_keeps_its_name(stem: str) -> None:
    """Unless not even that has room."""
    shown = view(stem)
    for width in tried(range(60, 140, 8), range(60, 140, 32)):
        drawing = nodes(shown, width, 50)
        for node in (node for node in listed(shown) if node.op is not None):
            call = re.match(r"\w+\(", written_out(shown.graph, node))
            row = line_text(drawing.row(row_of_node(shown, node.position), 2, width))
            what = re.split(r"\s{2,}", row)[1]
            cut = call is not None and "…" in what and cell_width(what) >= len(call[0]) + 2
            assert not cut or (call and what.startswith(call[0])), (width, row)


@pytest.mark.thorough
def test_in_the_table_operands_stay_apart_however_they_are_cut() -> None:
    shown = view("smooth_activations", 4)
    for width in range(50, 90):
        row = line_text(
            nodes(shown, width, 50).row(row_of_node(shown, shown.graph.position("out")), 0, width)
        )
        told = re.split(r"\s{2,}", row.strip("▶ "))[1].removeprefix("stack(").removesuffix(")")
        operands = [one for one in told.split(", ") if "…" in one]
        assert len(set(operands)) == len(operands), row


@pytest.mark.thorough
def test_in_the_table_a_name_that_is_cut_keeps_what_tells_it_apart() -> None:
    shown = view("gradient_penalty", 38)
    drawing = nodes(shown, 44, 200)
    names = [drawing.row(y, 2, 44)[0].text.strip() for y in range(1, drawing.height)]
    assert any("…" in name for name in names)
    assert len(set(names)) == len(names)


@pytest.mark.thorough
@pytest.mark.parametrize("stem", DRAWN)
def test_the_graph_shows_what_is_known(stem: str) -> None:
    """Name and value above the wire, gradient below; nothing is drawn over them."""
    for shown in views(stem):
        picture = graph_picture(shown)
        for node in listed(shown):
            box = picture.scene.boxes[picture.scene.box_of[node.position]]
            above, _, *lowest = covered(picture, node)[box.middle - 1 :][:3]
            below = "".join(lowest)
            value, gradient = shown.frame.value(node), shown.frame.gradient(node)
            assert above.endswith(f"{clip_middle(node.name, 22)} {summary(value, 21, 4)}")
            wanted = summary(gradient, 21, 4, shape=False) if gets_gradient(shown, node) else ""
            wanted += progress(*shown.frame.arrived(node))
            assert re.sub("[╰─╌╯┗━┛│┆┃]", "", below).strip() == wanted
            assert (wanted == ABSENT) == (gradient is None and gets_gradient(shown, node))


def cells_of(picture: GraphPicture, node: Node) -> list[tuple[int, int]]:
    """Every cell in which a click means `node`."""
    return clicks(picture.scene, picture)[node.position]


_clicks: dict[int, tuple[object, dict[int, list[tuple[int, int]]]]] = {}


def clicks(scene: object, picture: GraphPicture) -> dict[int, list[tuple[int, int]]]:
    """For each node the cells in which a click means it; the same wherever one stands in the run."""
    if id(scene) not in _clicks:
        found: dict[int, list[tuple[int, int]]] = {}
        for y in range(picture.height):
            for x in range(picture.width):
                if (node := node_at(picture, x, y)) is not None:
                    found.setdefault(node.position, []).append((x, y))
        _clicks.clear()
        _clicks[id(scene)] = (scene, found)
    return _clicks[id(scene)][1]


def covered(picture: GraphPicture, node: Node) -> list[str]:
    """The text in the rows that belong to `node`."""
    cells = cells_of(picture, node)
    left, right = min(x for x, _ in cells), max(x for x, _ in cells)
    rows = sorted({y for _, y in cells})
    return [line_text(picture.row(y, left, right + 1 - left)) for y in rows]


@pytest.mark.parametrize("stem", DRAWN)
def test_every_node_has_a_place_of_its_own(stem: str) -> None:
    """A rectangle of three rows, or more for more operands: where two overlapped, one would have a bite out
    of it.

    At the bottom of the picture nothing stands in place of a gradient that never comes.
    """
    picture = graph_picture(view(stem))
    for node in listed(view(stem)):
        cells = cells_of(picture, node)
        columns, rows = {x for x, _ in cells}, {y for _, y in cells}
        if len(rows) == 2:
            assert max(rows) == picture.height - 1
            assert not gets_gradient(view(stem), node)
        else:
            assert len(rows) == max(3, len(node.operands) | 1 if node.op else 0)
        assert max(columns) - min(columns) + 1 == len(columns)
        assert len(cells) == len(columns) * len(rows)


@pytest.mark.parametrize("stem", DRAWN)
def test_a_node_is_found_at_its_name(stem: str) -> None:
    picture = graph_picture(view(stem))
    lines = [line_text(picture.row(y, 0, picture.width)) for y in range(picture.height)]
    for node in listed(view(stem)):
        pattern = rf"(?<![\w#.\[\]]){re.escape(clip_middle(node.name, 22))}(?![\w#.\[\]])"
        found = {
            hit.position
            for y, line in enumerate(lines)
            for match in re.finditer(pattern, line)
            if (hit := node_at(picture, match.start(), y)) is not None
        }
        assert node.position in found


def columns_of(row: str) -> Iterator[tuple[int, str]]:
    """Every character of a row and the column it begins in."""
    column = 0
    for character in row:
        yield column, character
        column += cell_width(character)


@pytest.mark.thorough
@pytest.mark.parametrize("stem", DRAWN)
def test_only_the_wires_of_the_step_are_heavy_until_much_of_a_gradient_has_come_back(stem: str) -> None:
    for shown in views(stem):
        picture = graph_picture(shown)
        heavy = {
            character
            for y in range(picture.height)
            for x, character in columns_of(line_text(picture.row(y, 0, picture.width)))
            if character in "━┃┏┓┗┛┣┫┳┻╋" and node_at(picture, x, y) is None
        }
        streams = [picture.river.along((wire,)) for wire in range(len(picture.scene.ends))]
        loud = any(stream is not None and stream.lines("─") == "━" for stream in streams)
        step = shown.frame.step
        of_numbers = isinstance(step, Forward) and all(
            shown.graph.nodes[one].kind is Kind.LITERAL for one in shown.graph.nodes[step.node].operands
        )  # no wire leads to it
        along = isinstance(step, Forward | Backward | Accumulate) and not of_numbers
        assert bool(heavy) == (loud or along)


def test_beside_the_picture_there_is_no_node() -> None:
    picture = graph_picture(view("add_multiply"))
    assert node_at(picture, -1, 0) is node_at(picture, 0, -1) is None
    assert node_at(picture, picture.width, 0) is node_at(picture, 0, picture.height) is None


@pytest.mark.parametrize("stem", DRAWN)
def test_the_graph_keeps_its_shape_while_one_steps(stem: str) -> None:
    sizes = {(picture.width, picture.height) for picture in map(graph_picture, views(stem))}
    assert len(sizes) == 1


PLAIN = dict(zip("─│━┃╌┆▶◀▷○◇□⋅◌", "-|=#.:><>o*#,◌", strict=True))
"""What is drawn in ASCII instead; corners and crossings are ``+``."""


@pytest.mark.thorough
@pytest.mark.parametrize("stem", DRAWN)
def test_in_ascii_the_same_lines_are_drawn(stem: str) -> None:
    for at in positions(stem):
        drawn = text_of(graph_picture(view(stem, at)))
        wanted = re.sub("[\u2500-\u25ff⋅]", lambda match: PLAIN.get(match[0], "+"), drawn)
        assert text_of(graph_picture(view(stem, at, ascii=True))) == wanted


@pytest.mark.parametrize("at", [0, 2, 3, 6, 7])
def test_in_ascii_the_bars_do_without_signs(at: int) -> None:
    shown = view("add_multiply", at, ascii=True)
    assert (text_of(timeline(shown, 100, 1)) + text_of(header(shown, 80, 1))).isascii()


def test_the_focus_of_the_graph_is_the_step() -> None:
    picture = graph_picture(view("add_multiply", 6))
    focus = picture.focus
    assert focus is not None
    inside = {
        hit.name
        for y in range(focus.y, focus.y + focus.height)
        for x in range(focus.x, focus.x + focus.width)
        if (hit := node_at(picture, x, y)) is not None
    }
    assert {"q", "x"} <= inside
    assert graph_picture(view("add_multiply")).focus is None


@pytest.mark.thorough
def test_a_graph_too_large_for_one_picture_is_shown_in_parts() -> None:
    assert graph_title(view("rnn_cell")) == "Graph"
    shown = chain(400)
    for at in (0, 1, 200, 400, 402, 600, shown.session.last):
        here = View(shown.scenario, Session(shown.session.run, at))
        picture = graph_picture(here)
        assert " / 400" in graph_title(here)
        if here.frame.node is not None:
            assert cells_of(picture, here.frame.node)


# The timeline


def chain(length: int) -> View:
    """A long run: `length` times negated."""
    builder = GraphBuilder()
    node = builder.leaf("x", Kind.INPUT)
    for number in range(length):
        node = builder.apply(OPS["neg"], [node], f"n{number}")
    graph = builder.build()
    return View(scenario("add_multiply"), Session(Run.of(record(graph, Bindings.of(graph, {"x": 1.0})))))


def here_at(shown: View, width: int) -> int:
    """The column in which the timeline shows the position."""
    row = line_text(timeline(shown, width, 1).row(0, 0, width))
    assert row.count("◉") == 1
    return cell_width(row[: row.index("◉")])


@pytest.mark.thorough
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [40, 78, 118])
@pytest.mark.parametrize("length", [1, 3, 30, 300])
def test_the_timeline_is_clicked_where_it_shows_a_position(length: int, width: int, language: str) -> None:
    run = chain(length)
    columns = []
    for at in range(1, run.session.last + 1):
        shown = View(run.scenario, Session(run.session.run, at), language)
        column = here_at(shown, width)
        clicked = position_at(shown, width, column)
        assert clicked is not None
        assert clicked >= at
        assert here_at(View(run.scenario, Session(run.session.run, clicked), language), width) == column
        columns.append(column)
    assert columns == sorted(columns)
    assert position_at(run, width, 0) == 0


SHORT = [stem for stem in SHOWN if trace(stem).schedule.last <= 60]
"""Runs whose every step has a sign of its own in 118 columns."""


@pytest.mark.parametrize("stem", SHORT)
def test_the_timeline_has_a_sign_for_every_step(stem: str) -> None:
    schedule = view(stem).session.trace.schedule
    for shown in views(stem):
        at = shown.session.position
        row = text_of(timeline(shown, 118, 1))
        assert row.count("●") == max(0, at - 1)
        assert row.count("◉") == (at > 0)
        assert row.count("○") == schedule.last - at


@pytest.mark.parametrize("width", [40, 78, 118])
def test_where_a_cell_stands_for_several_steps_its_sign_is_no_step(width: int) -> None:
    run = chain(300)
    for at in (1, 150, 400):
        row = text_of(timeline(View(run.scenario, Session(run.session.run, at)), width, 1))
        assert row.count("◉") == 1
        assert row.count("●") + row.count("○") <= 1, "the seed alone is one step"
        assert "━" in row or at == 1
        assert "─" in row


# The table and the titles


@pytest.mark.parametrize("stem", SHOWN)
def test_a_row_of_the_table_is_a_node(stem: str) -> None:
    shown = view(stem)
    for node in listed(shown):
        found = node_at_row(shown, row_of_node(shown, node.position))
        assert found is node
    assert node_at_row(shown, 0) is node_at_row(shown, len(listed(shown)) + 1) is None


@pytest.mark.thorough
@pytest.mark.parametrize("stem", ["smooth_activations", "causal_attention", "max_pool", "small_convnet"])
def test_what_a_node_is_is_cut_only_for_want_of_room(stem: str) -> None:
    for shown in views(stem):
        drawing = nodes(shown, 126, 50)
        assert drawing.width <= 126
        for node in listed(shown):
            if node.op is not None:
                row = line_text(drawing.row(row_of_node(shown, node.position), 0, 126))
                assert written_out(shown.graph, node) in row


@pytest.mark.parametrize("stem", SHOWN)
def test_the_node_of_the_step_is_in_view(stem: str) -> None:
    for shown in views(stem):
        focus = nodes(shown, 78, 9).focus
        receiver = step_marks(shown.frame).now.receiver
        assert (focus is None) == (receiver is None)
        if focus is not None and receiver is not None:
            assert row_of_node(shown, receiver) in range(focus.y, focus.y + focus.height)
    chosen = view("add_multiply", 3)
    chosen = View(chosen.scenario, update(chosen.session, Select(1)))
    focus = nodes(chosen, 78, 9).focus
    assert focus is not None
    assert focus.y == row_of_node(chosen, 1)


@pytest.mark.parametrize(("panel", "width"), [(nodes, 68), (nodes, 78), (outline, 78)])
def test_what_a_change_has_made_of_a_number_is_not_cut_off(panel: Panel, width: int) -> None:
    shown = view("rnn_cell", trace("rnn_cell").schedule.last)
    changed = update(shown.session, Set("x", np.asarray(3.0), entry=(0,)))
    drawing = panel(View(shown.scenario, changed), width, 40)
    rows = [line_text(drawing.row(y, 0, width)) for y in range(drawing.height)]
    changes = [word for row in rows for word in row.split() if word.startswith("Δ")]
    assert len(changes) == 30
    assert not [word for word in changes if "…" in word]
    own = next(row for row in rows if row.split()[:1] == ["b"] or " ◇ b " in row)
    assert [word for word in own.split() if word.startswith("Δ")][-1] == "Δ‖0.332‖"


@pytest.mark.parametrize(
    ("stem", "at", "title"),
    [
        ("add_multiply", 0, "Add, then multiply"),
        ("add_multiply", 7, "The end of the run"),
        ("add_multiply", 1, "Forward ─ q = x + y"),
        ("add_multiply", 3, "Seed ─ ∂L/∂f"),
        ("add_multiply", 6, "Chain rule ─ q → x"),
        ("value_used_twice", 6, "Accumulate ─ ∑ a"),
        ("softmax_classifier", 5, "Chain rule ─ L → logits ─ softmax_with_loss"),
    ],
)
def test_the_title_says_what_the_step_is_about(stem: str, at: int, title: str) -> None:
    assert step_title(view(stem, at)) == title


@pytest.mark.parametrize(
    ("at", "right"),
    [
        (0, "START   step 0 of 7"),
        (2, "▶ FORWARD   step 2 of 7"),
        (3, "◀ BACKWARD   step 3 of 7"),
        (7, "✓ DONE   step 7 of 7"),
    ],
)
def test_the_header_says_where_one_is(at: int, right: str) -> None:
    row = text_of(header(view("add_multiply", at), 80, 1))
    assert row.startswith(" ≡ Add, then multiply ")
    assert row.endswith(f" {right}")
    assert cell_width(row) == 79


@pytest.mark.parametrize(
    ("at", "right"),
    [
        (1, "▶ FORWARD   step 1 of 8"),
        (2, "✗ inf since step 2    ▶ FORWARD   step 2 of 8"),
        (7, "✗ inf since step 2    ◀ BACKWARD   step 7 of 8"),
        (8, "✗ NaN since step 8    DONE   step 8 of 8"),
    ],
)
def test_the_header_names_what_is_not_finite(at: int, right: str) -> None:
    shown = header(view("nan_from_log_zero", at), 100, 1)
    assert text_of(shown).endswith(f"  {right}")
    troubled = [span.text.strip() for span in shown.row(0, 0, 100) if span.role is Role.TROUBLE]
    assert troubled == [right.partition("    ")[0]] * (at > 1)


def test_the_timeline_marks_where_it_arose_as_far_as_one_has_come() -> None:
    marked = []
    for at in (1, 2, 7, 8):
        line = timeline(view("nan_from_log_zero", at), 100, 1).row(0, 0, 100)
        marked.append(sum(len(span.text) for span in line if span.role is Role.TROUBLE))
    assert marked == [0, 1, 1, 2]


@pytest.mark.parametrize("width", [26, 30, 40])
def test_a_title_gives_way_to_where_one_is(width: int) -> None:
    row = text_of(header(view("add_multiply", 2), width, 1))
    assert row.endswith("FORWARD step 2/7")


@pytest.mark.parametrize("stem", ["weight_decay_in_adam", "wrong_learning_rate", "momentum"])
def test_before_a_title_is_cut_what_stands_beside_it_moves_together(stem: str) -> None:
    for at in (0, 2, 9):
        shown = view(stem, at)
        row = text_of(header(shown, 80, 1))
        assert row.startswith(f" ≡ {shown.title}  ")
        assert cell_width(row) <= 80
    assert "   step " in text_of(header(shown, 120, 1))


def test_a_difference_beyond_all_numbers_is_told_without_a_warning() -> None:
    assert change(np.array([1e200, 1.0]), np.zeros(2)) == " Δ‖inf‖"


@pytest.mark.parametrize(
    ("stem", "name", "box"),
    [
        ("gradient_descent", "f", "x²"),
        ("dot_product", "score", "·"),
        ("softmax_twice", "L", "sm+CE"),
        ("rates_multiply", "car", "2×"),
    ],
)
def test_a_box_says_what_its_operator_does(stem: str, name: str, box: str) -> None:
    graph = view(stem).graph
    assert sign(graph, graph.nodes[graph.position(name)]) == box
