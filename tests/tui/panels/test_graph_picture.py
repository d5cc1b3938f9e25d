"""The picture of the graph: differences beside numbers, what is known, what is ahead, and what it costs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from msgspec.structs import replace as replaced

from backprop_engine.debugger import Fold, Go, Session, Set, update
from backprop_engine.explain.numbers import number
from backprop_engine.graph.bindings import Bindings
from backprop_engine.graph.builder import GraphBuilder
from backprop_engine.graph.graph import Kind, Node
from backprop_engine.ops import OPS
from backprop_engine.trace.record import record
from backprop_engine.trace.run import Run
from backprop_tui.cells.drawing import Area
from backprop_tui.cells.lines import Role, line_text, line_width
from backprop_tui.cells.text import clip
from backprop_tui.panels.graph import GraphPicture, graph_picture, graph_title, node_at
from backprop_tui.panels.graph.cell_row import CellRow, as_line, mark_cuts, put_label
from backprop_tui.panels.graph.viewport import area_of_step, viewport_position
from backprop_tui.panels.registry import PANELS
from backprop_tui.scene.boxes import DENSITIES, Density, short_name
from backprop_tui.view import View
from covering import SHOWN
from driving import cells
from scenes import moments, positions, run, sampled, scenario, trace, view


def listed(shown: View) -> list[Node]:
    """The nodes that people see."""
    return [node for node in shown.graph.nodes if node.kind is not Kind.LITERAL]


def widened(picture: GraphPicture) -> GraphPicture:
    """The picture with some columns more."""
    scene = picture.scene
    wider = replaced(scene, layout=replace(scene.layout, width=scene.layout.width + 9))
    return GraphPicture.of(wider, picture.appearance)


def node_called(shown: View, name: str) -> Node:
    return next(node for node in shown.graph.nodes if node.name == name)


def rows_of(picture: GraphPicture, node: Node) -> list[str]:
    """The text in the rows that belong to `node`."""
    area = picture.area(picture.scene.box_of[node.position])
    return [line_text(picture.row(area.y + row, area.x, area.width)) for row in range(area.height)]


# Differences

CHANGED = {
    "add_multiply": ("x", 3.0),
    "softmax_classifier": ("b", 0.5),
    "value_used_twice": ("a", -1.0),
    "bptt": ("h0", 0.25),
    "relu_kink": ("x", 2.0),
    "gradient_descent": ("x", 7.5),
}


def changed(stem: str) -> Session:
    """The scenario with another number in force."""
    name, value = CHANGED[stem]
    return update(Session(run(stem)), Set(name, np.float64(value)))


def every_view(stem: str) -> Iterator[View]:
    session = changed(stem)
    for at in range(session.trace.schedule.last + 1):
        yield View(scenario(stem), update(session, Go(at)))


def difference(now: object, before: object) -> str:
    """By how much a number differs, worked out anew; nothing where it does not."""
    if now is None or before is None:
        return ""
    by = np.asarray(now, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    if not np.any(by):
        return ""
    if by.ndim:
        return f" Δ‖{number(np.float64(np.sqrt((by * by).sum())), 3)}‖"
    return f" Δ{'+' if by > 0 else ''}{number(np.float64(by), 3)}"


def behind(row: str) -> str:
    """What stands in a row from its difference on."""
    return row[row.index(" Δ") :].rstrip(" ╯┛") if " Δ" in row else ""


@pytest.mark.parametrize("stem", CHANGED)
def test_every_number_shows_its_difference(stem: str) -> None:
    shown = 0
    for now in every_view(stem):
        assert now.session.compared is not None
        before = now.session.compared.frame(now.session.here)
        picture = graph_picture(now)
        for node in now.graph.nodes:
            if node.kind is Kind.LITERAL:
                continue
            above, _, *below = rows_of(picture, node)
            assert behind(above) == difference(now.frame.value(node), before.value(node))
            if now.graph.active[node.position] and now.graph.differentiable[node.position]:
                assert behind(below[0]) == difference(now.frame.gradient(node), before.gradient(node))
            shown += bool(behind(above))
    assert shown


@pytest.mark.parametrize("stem", CHANGED)
def test_what_the_change_did_not_touch_stands_back(stem: str) -> None:
    for now in every_view(stem):
        before, picture = now.session.compared, graph_picture(now)
        assert before is not None
        for node in now.graph.nodes:
            if node.kind is Kind.LITERAL or now.frame.node is node:
                continue
            area = picture.area(picture.scene.box_of[node.position])
            roles = {
                span.role
                for row in (0, 2)
                for span in picture.row(area.y + row, area.x, area.width)
                if span.text.strip(" ╭─╮╰╯")
            }
            at, after = node.position, now.session.trace
            if not difference(after.values[at], before.values[at]) + difference(
                after.gradients[at], before.gradients[at]
            ):
                assert roles == {Role.DIM}


@pytest.mark.parametrize("stem", CHANGED)
def test_with_differences_nothing_moves_while_one_steps(stem: str) -> None:
    assert len({id(graph_picture(now).scene) for now in every_view(stem)}) == 1


# Densities


@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("stem", sampled())
def test_every_density_shows_every_node(stem: str, density: Density) -> None:
    for at in moments(stem).values():
        shown = replace(view(stem, at), density=density)
        picture = graph_picture(shown)
        rows = [cells(picture.row(y, 0, picture.width), picture.width) for y in range(picture.height)]
        for node in listed(shown):
            x, y, width, height = picture.area(picture.scene.box_of[node.position])
            for row in range(y, y + height):
                assert {node_at(picture, column, row) for column in range(x, x + width)} == {node}
            box = picture.scene.boxes[picture.scene.box_of[node.position]]
            text = "".join(rows[y + box.middle - (density == "full")][x : x + width])
            if density == "dots":
                assert text in "◉○●◆"
            elif density == "names":
                assert clip(node.name, 22) in text
            else:
                assert f"{clip(node.name, 22)} " in text


@pytest.mark.parametrize("density", ["full", "compact"])
@pytest.mark.parametrize("stem", SHOWN)
def test_no_two_operands_arrive_as_one_and_the_first_is_at_the_top(stem: str, density: Density) -> None:
    scene = graph_picture(replace(view(stem, 0), density=density)).scene
    for wires in scene.wires_into.values():
        ends = [scene.route(wire)[-1] for wire in wires]
        assert len(set(ends)) == len(ends)
        assert ends == sorted(ends)


def test_in_one_line_operands_are_led_to_the_box() -> None:
    picture = graph_picture(replace(view("add_multiply", 2), density="compact"))
    for name, drawn in (("q", ("╮", "┤+├")), ("f", ("┓", "┫×┣"))):
        x, y, _, height = picture.area(picture.scene.box_of[picture.appearance.frame.graph.position(name)])
        assert tuple(line_text(picture.row(row, x, 3)) for row in range(y, y + height)) == drawn


@pytest.mark.thorough
@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("stem", ["rnn_cell", "softmax_classifier", "bptt"])
def test_a_stretch_of_a_row_is_what_stands_there(stem: str, density: Density) -> None:
    """Only where a label is cut, an ellipsis stands at that edge, with spaces for the rest of a number."""
    picture = graph_picture(replace(view(stem, 9, "ko"), density=density))
    for y in range(picture.height):
        whole = cells(picture.row(y, 0, picture.width), picture.width + 50)
        for x in range(0, picture.width, 7):
            for width in (1, 9, 40):
                part = cells(picture.row(y, x, width), width)
                assert len(part) == width
                for i in range(width):
                    if part[i] != whole[x + i]:
                        left, right = "".join(part[: i + 1]), "".join(part[i:])
                        assert left.rstrip() == "…" or (right.strip() in ("…", "") and "…" in "".join(part))


def test_a_vector_that_is_cut_between_two_numbers_shows_that_it_goes_on() -> None:
    picture = graph_picture(view("elementwise_jacobian", 7))
    y = next(y for y in range(picture.height) if "predicted" in line_text(picture.row(y, 0, picture.width)))
    whole = line_text(picture.row(y, 0, picture.width))
    for gap in range(whole.index("[", whole.index("predicted")), len(whole)):
        if whole[gap] == " ":
            assert line_text(picture.row(y, 0, gap + 1)) == whole[:gap] + "…"
            assert line_text(picture.row(y, 0, gap)) == whole[: gap - 1] + "…"


@pytest.mark.parametrize(("stem", "name"), [("elementwise_jacobian", "predicted"), ("bptt", "h0")])
def test_neither_a_name_nor_a_number_stands_alone_where_a_label_is_cut(stem: str, name: str) -> None:
    shown = view(stem, trace(stem).schedule.last)
    picture = graph_picture(shown)
    area = picture.area_of(node_called(shown, name).position)
    assert area is not None
    start = line_text(picture.row(area.y, 0, picture.width)).index(f"{name} ")
    gap, width = start + len(name), len(line_text(picture.row(area.y, 0, picture.width)))
    for end in (gap, gap + 1):
        assert line_text(picture.row(area.y, 0, end))[start:] == f"{name[: end - 1 - start]}…"
    assert line_text(picture.row(area.y, gap, width - gap)).startswith("…")
    assert line_text(picture.row(area.y, gap + 1, width - gap - 1)).startswith("… ")


@pytest.mark.parametrize("number", ["0.25", "-0.052", "‖0.235‖", "12.5", "1001", "-1.5e-09", "[0.5 -0.25]"])
def test_no_number_is_cut_down_to_another(number: str) -> None:
    """Without its beginning nothing is left of it, nor before its first digit that counts."""
    whole: CellRow = {}
    put_label(whole, 0, f"{number} end", Role.VALUE)
    first = len(number.split()[0])
    for cut in range(1, first):
        left, right = dict(whole), dict(whole)
        mark_cuts(left, cut, 99)
        assert line_text(as_line(left, cut, 99)).split(maxsplit=1)[0] == "…"
        mark_cuts(right, 0, cut)
        counts = number[: cut - 1].strip("[‖-0.")
        assert line_text(as_line(right, 0, cut)).rstrip() == (f"{number[: cut - 1]}…" if counts else "…")


@pytest.mark.thorough
@pytest.mark.parametrize("density", ["full", "compact"])
@pytest.mark.parametrize("stem", ["rnn_cell", "softmax_classifier", "cs231n_cross_entropy"])
def test_a_box_that_is_cut_says_so_at_either_edge(stem: str, density: Density) -> None:
    picture = graph_picture(replace(view(stem, 9), density=density))
    for index, box in enumerate(picture.scene.boxes):
        x, y, _, _ = picture.area(index)
        y += box.middle
        whole = line_text(picture.row(y, 0, picture.width))
        for cut in range(x + 1, x + box.operator_width):
            assert line_text(picture.row(y, 0, cut)) == f"{whole[: cut - 1]}…"
            assert line_text(picture.row(y, cut, picture.width)) == f"…{whole[cut + 1 :]}"
        for beside in (x, x + box.operator_width) if box.operator_width else ():
            assert line_text(picture.row(y, 0, beside)) == whole[:beside].rstrip()
            assert line_text(picture.row(y, beside, picture.width)) == whole[beside:]


def test_a_number_in_a_box_does_not_stand_without_its_operator() -> None:
    picture = graph_picture(view("sigmoid_neuron", 9))
    index = next(index for index, box in enumerate(picture.scene.boxes) if box.sign == "×-1")
    x, y, _, _ = picture.area(index)
    for cut, left in ((1, "…×-1 ├"), (2, "…   ├"), (3, "…  ├"), (4, "… ├")):
        assert line_text(picture.row(y + 1, x + cut, 7 - cut)) == left


def test_a_number_stands_apart_from_the_word_of_its_operator_and_not_without_it() -> None:
    picture = graph_picture(view("relu_three_ways", 9))
    index = next(index for index, box in enumerate(picture.scene.boxes) if box.sign == "max 0")
    x, y, _, _ = picture.area(index)
    for cut, left in ((1, "…max 0 ├"), (3, "…x 0 ├"), (4, "…   ├"), (5, "…  ├"), (6, "… ├")):
        assert line_text(picture.row(y + 1, x + cut, 9 - cut)) == left


SIDES = {"full": ("┆│║", "┃", "│║"), "compact": ("┆", "┫", "┤╣"), "dots": ("○□", "◉", "●■◆◈")}
"""What stands at the left of a box that is ahead, active, and known."""
SIDES_ASCII = {"full": (":", "#", "|"), "compact": (":", "#", "[{"), "dots": ("o#", "@", "*@%$")}
for sides in (SIDES, SIDES_ASCII):
    sides["names"] = sides["compact"]


@pytest.mark.thorough
@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("stem", ["rnn_cell", "value_used_twice", "bptt"])
def test_what_is_ahead_active_and_known_differs_in_shape(stem: str, density: Density, ascii: bool) -> None:
    ahead, active, known = (SIDES_ASCII if ascii else SIDES)[density]
    for at in range(trace(stem).schedule.last + 1):
        shown = replace(view(stem, at, ascii=ascii), density=density)
        picture = graph_picture(shown)
        for node in listed(shown):
            if node.op is None:
                continue
            x, y, _, height = picture.area(picture.scene.box_of[node.position])
            side = cells(picture.row(y + height // 2, x, 3), 3)[0]
            if node is shown.frame.node:
                assert side in active
            else:
                assert side in (ahead if shown.frame.value(node) is None else known)


@pytest.mark.parametrize("stem", ["rnn_cell", "bptt"])
def test_a_wire_is_dashed_until_there_is_something_to_carry(stem: str) -> None:
    start, end = (graph_picture(view(stem, at)) for at in (0, trace(stem).schedule.last))
    for picture, dashed in ((start, True), (end, False)):
        for node in listed(view(stem)):
            area = picture.area(picture.scene.box_of[node.position])
            wire = cells(picture.row(area.y + 1, area.x + area.width - 1, 1), 1)[0]
            assert wire in ("╌" if dashed and node.op is not None else "─━")


@pytest.mark.parametrize("stem", ["add_multiply", "rnn_cell", "bptt", "gradient_descent", "causal_attention"])
def test_an_arrow_points_back_once_the_gradient_is_handed_on(stem: str) -> None:
    schedule = trace(stem).schedule
    edges = {(edge.operand, edge.node, edge.argnum): edge.index for edge in schedule.edges}
    for at in moments(stem).values():
        picture = graph_picture(view(stem, at))
        scene = picture.scene
        waiting: dict[tuple[int, int], list[bool]] = {}
        for end, route in zip(scene.ends, map(scene.route, range(len(scene.ends))), strict=True):
            come = end in edges and schedule.starts[edges[end]] <= at < schedule.clear
            waiting.setdefault(route[-1], []).append(not come)
        lit = {scene.route(wire)[-1] for wire in picture.appearance.active_wires(scene)}
        for (x, y), left in waiting.items():
            back = not picture.appearance.forward if (x, y) in lit else not any(left)
            assert (cells(picture.row(y, x, 1), 1)[0] == "◀") == back


@pytest.mark.parametrize("stem", ["quadratic_form", "sigmoid_ratio", "rnn_cell", "bptt", "gated_cell", "xor"])
def test_no_wire_lies_over_one_that_the_step_runs_along(stem: str) -> None:
    """It is heavy from end to end, where others pass under it as well."""
    crossed = 0
    for at in range(1, trace(stem).schedule.last):
        picture = graph_picture(view(stem, at))
        scene = picture.scene
        for route in map(scene.route, picture.appearance.active_wires(scene)):
            for (x, y), (next_x, next_y) in pairwise(route):
                drawn = [
                    line_text(picture.row(row, column, 1))
                    for row in range(min(y, next_y), max(y, next_y) + 1)
                    for column in range(min(x, next_x), max(x, next_x) + 1)
                ]
                assert set(drawn) <= set("━┃┏┓┗┛┣┫┳┻╋◀▶")
                if y == next_y:
                    crossed += any(mark.crossing for at, mark in scene.wires.row(y, x, next_x))
    assert crossed or stem == "xor"


def test_a_folded_group_has_a_border_of_its_own() -> None:
    session = update(Session(run("bptt")), Fold())
    for density, wanted in (("full", "╔═════╗"), ("compact", "╣rnn╠"), ("dots", "■")):
        shown = View(scenario("bptt"), update(session, Go(20)), density=density)  # type: ignore[arg-type]
        picture = graph_picture(shown)
        assert any(wanted in line_text(picture.row(y, 0, 999)) for y in range(picture.height))


@pytest.mark.parametrize(("language", "words"), [("en", "Graph ─ dots"), ("ko", "계산그래프 ─ 점으로")])
def test_the_title_tells_the_density(language: str, words: str) -> None:
    assert graph_title(replace(view("rnn_cell", 0, language), density="dots")) == words


# What is never drawn


@pytest.mark.parametrize("stem", SHOWN)
def test_no_row_at_the_edge_of_a_picture_stays_blank(stem: str) -> None:
    """There is something in its first and in its last row, at one moment or another."""
    for y in (0, -1):
        pictures = [graph_picture(view(stem, at)) for at in moments(stem).values()]
        assert any(line_text(one.row(y % one.height, 0, one.width)).strip() for one in pictures)


@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("stem", ["saturated_sigmoid", "rnn_cell", "bptt"])
def test_nothing_is_ever_written_behind_the_last_column_of_a_picture(stem: str, density: Density) -> None:
    for at in moments(stem).values():
        picture = graph_picture(replace(view(stem, at), density=density))
        wider = widened(picture)
        for y in range(picture.height):
            behind = line_text(wider.row(y, 0, wider.width))[picture.width :]
            assert set(behind) <= set(" ─━╌")


@pytest.mark.parametrize("stem", ["weight_decay", "adversarial_input", "detached_by_mistake"])
def test_the_row_of_a_gradient_that_never_comes_is_no_part_of_a_picture(stem: str) -> None:
    picture = graph_picture(view(stem))
    lowest = max(y for _, y in picture.scene.layout.origins)
    assert picture.height == lowest + 2
    assert picture.scene.layout.height == picture.height == len(picture.scene.rows)


# What was found


@pytest.mark.parametrize("density", DENSITIES)
def test_what_was_found_is_lit_until_it_is_let_go(density: Density) -> None:
    shown = replace(view("rnn_cell", 20), density=density, found=(3, 11))
    for found in ((3, 11), ()):
        picture = graph_picture(replace(shown, found=found))
        lit = {
            node.position
            for node in listed(shown)
            if any(
                span.role is Role.LIT
                for area in [picture.area(picture.scene.box_of[node.position])]
                for row in range(area.y, area.y + area.height)
                for span in picture.row(row, area.x, area.width)
            )
        }
        assert lit == set(found)


@pytest.mark.parametrize("panel", ["nodes", "outline"])
def test_in_the_tables_what_was_found_is_lit_too(panel: str) -> None:
    shown = replace(view("rnn_cell", 20), found=(3, 11))
    for found in ((3, 11), ()):
        drawing = PANELS[panel].draw(replace(shown, found=found), 60, 40)
        node_at_row = PANELS[panel].node_at
        assert node_at_row is not None
        lit = {
            node.position
            for y in range(drawing.height)
            if any(span.role is Role.LIT for span in drawing.row(y, 0, 60))
            and (node := node_at_row(shown, y)) is not None
        }
        assert lit == set(found)


# What is in view


def seen(first: int, size: int, at: int, room: int) -> str:
    """Whether all of a stretch is in view, a part of it or nothing."""
    if at <= first and first + size <= at + room:
        return "whole"
    return "cut" if first < at + room and at < first + size else "out"


WINDOW_SIZES = (76, 7), (70, 17), (118, 28)


@pytest.mark.parametrize(("width", "height"), WINDOW_SIZES)
@pytest.mark.parametrize("stem", SHOWN)
def test_the_step_is_in_view_and_its_operands_where_they_fit(stem: str, width: int, height: int) -> None:
    for at in range(0, trace(stem).schedule.last + 1, 1 + trace(stem).schedule.last // 12):
        picture = graph_picture(view(stem, at))
        home = picture.node_area
        if home is None:
            continue
        last = max(0, picture.width - width), max(0, picture.height - height)
        x, y = viewport_position(picture, home, Area(last[0], last[1], width, height), (0, 0), last)
        assert 0 <= x <= last[0]
        assert 0 <= y <= last[1]
        assert seen(home.y, home.height, y, height) == "whole"
        if home.width <= width:
            assert seen(home.x, home.width, x, width) == "whole"
        box_of = picture.scene.box_of
        near = [
            home,
            *(picture.area(box_of[one]) for one in picture.appearance.nodes[0].operands if one in box_of),
        ]
        moved = not last[0] <= home.x <= home.x + home.width <= last[0] + width
        if moved and max(one.x + one.width for one in near) - min(one.x for one in near) <= width - 10:
            assert all(seen(one.x, one.width - 1, x, width) == "whole" for one in near)
        near = [one for one in near if seen(one.x, one.width, x, width) != "out"]
        if max(one.y + one.height for one in near) - min(one.y for one in near) <= height:
            assert all(seen(one.y, one.height, y, height) == "whole" for one in near)


def labels_of(picture: GraphPicture, node: Node) -> list[tuple[int, int, str]]:
    """Where each text at a node begins, and its row: first its gradient, then its name and value."""
    area = picture.area_of(node.position)
    assert area is not None
    appearance = picture.appearance
    written = {area.height // 2 - 1: f"{short_name(node.name)} {appearance.value(node, active=False)[0]}"}
    if appearance.gets_gradient(node):
        written[area.height // 2 + 1] = appearance.gradient(node, active=False)[0]
    rows = {row: line_text(picture.row(area.y + row, 0, picture.width)) for row in written}
    return [(rows[row].index(written[row], area.x), area.y + row, written[row]) for row in sorted(written)][
        ::-1
    ]


@pytest.mark.thorough
@pytest.mark.parametrize(("width", "height"), [(70, 17), (77, 11)])
@pytest.mark.parametrize("stem", SHOWN)
def test_what_is_written_at_both_ends_of_a_step_is_whole_where_it_fits(
    stem: str, width: int, height: int
) -> None:
    for at in positions(stem):
        picture = graph_picture(view(stem, at))
        focus, nodes = picture.focus, picture.appearance.nodes
        if len(nodes) < 2 or any(one.position not in picture.scene.box_of for one in nodes):
            continue
        wanted = area_of_step(picture, width, height)
        assert focus is not None
        assert wanted is not None
        last = max(0, picture.width - width), max(0, picture.height - height)
        ends = [labels_of(picture, node) for node in nodes]
        gradients = [*ends[0][:1], *ends[1]]
        for begin in ((0, 0), last):
            x, y = viewport_position(picture, wanted, Area(*begin, width, height), begin, last)
            for labels in ([*ends[0], *ends[1]], gradients):
                size = max(at + len(text) for at, _, text in labels) - min(at for at, _, _ in labels)
                if size <= width and focus.height <= height:
                    rows = [line_text(picture.row(row, x, width)) for _, row, _ in labels]
                    assert all(text in row for (_, _, text), row in zip(labels, rows, strict=True))
                    assert all(y <= row < y + height for _, row, _ in labels)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("stem", "at", "width"),
    [("mazur_network", 13, 52), ("hello_rnn", 25, 60), ("twin_units", 17, 70), ("attention_head", 24, 63)],
)
def test_an_end_of_a_picture_is_not_cut_for_a_margin(stem: str, at: int, width: int) -> None:
    """The step is so near to the right end, or the left one, that the margin would leave it out of view."""
    picture = graph_picture(view(stem, at))
    home, most = picture.node_area, picture.width - width
    assert home is not None
    to_the_right = home.x > width
    window = Area(0 if to_the_right else most, 0, width, picture.height)
    x, _ = viewport_position(picture, home, window, (window.x, 0), (most, 0))
    assert x == (most if to_the_right else 0)


@pytest.mark.thorough
@pytest.mark.parametrize(("width", "height"), WINDOW_SIZES)
@pytest.mark.parametrize(
    "stem", ["gated_cell", "bptt", "micrograd_readme", "mazur_network", "multiclass_hinge"]
)
def test_no_scrolling_shows_more_whole_boxes_and_fewer_cut_ones(stem: str, width: int, height: int) -> None:
    for at in range(2, trace(stem).schedule.last, 5):
        picture = graph_picture(view(stem, at))
        home = picture.node_area
        if home is None:
            continue
        last = max(0, picture.width - width), max(0, picture.height - height)
        x, y = viewport_position(picture, home, Area(-width, 0, width, height), (0, 0), last)

        def worth(top: int, x: int = x, picture: GraphPicture = picture) -> int:
            areas = [picture.area(box) for box in range(len(picture.scene.boxes))]
            states = [
                seen(one.y, one.height, top, height)
                for one in areas
                if seen(one.x, one.width, x, width) != "out"
            ]
            return states.count("whole") - states.count("cut")

        shown = [picture.area_of(one) for one in picture.appearance.nodes[0].operands]
        kept = [
            one
            for one in shown
            if one is not None
            and seen(one.x, one.width, x, width) != "out"
            and seen(one.y, one.height, y, height) == "whole"
        ]
        places = [
            top
            for top in range(last[1] + 1)
            if all(seen(one.y, one.height, top, height) == "whole" for one in (home, *kept))
        ]
        assert worth(y) == max(map(worth, places))


# What it costs


def chain(length: int) -> View:
    """`x` times `w`, again and again: a long picture, and a leaf that everything uses."""
    builder = GraphBuilder()
    node, weight = builder.leaf("x", Kind.INPUT), builder.leaf("w", Kind.PARAM)
    for number_of in range(length):
        node = builder.apply(OPS["mul"], [node, weight], f"n{number_of}")
    graph = builder.build()
    bindings = Bindings.of(graph, {"x": 1.0, "w": 1.0})
    return View(scenario("add_multiply"), Session(Run.of(record(graph, bindings))))


def calls(what: Callable[[], object]) -> int:
    """How many functions are called."""
    count = 0

    def count_one(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(count_one)
    try:
        what()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.thorough
@pytest.mark.parametrize("density", DENSITIES)
def test_a_row_costs_the_same_in_a_larger_graph(density: Density) -> None:
    """At the same place of the same step, in windows that were looked at before."""
    costs = []
    for length in (40, 150):
        shown = chain(length)
        shown = replace(shown, session=update(shown.session, Go(20)), density=density)
        home = graph_picture(shown).node_area
        assert home is not None

        def paint(shown: View = shown, home: Area = home) -> None:
            picture = graph_picture(shown)
            for y in range(20):
                picture.row(y, home.x - 30, 80)

        paint()
        costs.append(calls(paint))
    small, large = costs
    assert large < small * 1.1


@pytest.mark.parametrize("name", ["가나다라마바사아자차", "x가y나z다w라v마", "abcdefghijklmno"])
def test_a_name_cut_between_any_two_cells_takes_as_many_as_there_are(name: str) -> None:
    for start in range(10):
        for end in range(start + 1, 14):
            cells: CellRow = {}
            put_label(cells, 0, name, Role.NAME)
            mark_cuts(cells, start, end)
            line = as_line(cells, start, end)
            assert line_width(line) == end - start, (start, end, line_text(line))
            assert line_text(line).rstrip().endswith("…")
