"""The panel about the step: what it shows first, what it says, and what it says only once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from backprop_engine.debugger import Session, Set, Undo, update
from backprop_engine.explain import step_check
from backprop_engine.explain.facts import AccumulateFacts, BackwardFacts, ForwardFacts
from backprop_tui.cells.lines import Line, Role, Span, line_text, line_width
from backprop_tui.cells.shades import Shade
from backprop_tui.panels.run_pages import is_at_end
from backprop_tui.panels.step import step
from backprop_tui.render.check_line import awaited_line, numeric_line, room_for_check
from backprop_tui.render.equation.equation import equation
from backprop_tui.render.equation.local_column import said_of_ones
from backprop_tui.render.formulas.page import formula_block
from backprop_tui.view import View
from covering import SHOWN
from scenes import LANGUAGES, positions, view

SIZES = ((76, 8), (70, 15), (76, 28), (196, 50))
"""The panel at 80×24, 120×40 and 200×60, and filling a large screen."""
_NUMBER = "0123456789"


def backward(stem: str, language: str = "en") -> Iterator[tuple[View, BackwardFacts]]:
    """Every backward step."""
    for at in positions(stem):
        shown = view(stem, at, language)
        if isinstance(shown.facts, BackwardFacts):
            yield shown, shown.facts


def lines_of(shown: View, width: int, height: int) -> list[Line]:
    """All rows of the panel."""
    drawing = step(shown, width, height)
    return [drawing.row(y, 0, width) for y in range(drawing.height)]


def equation_of(shown: View, width: int, height: int) -> list[Span]:
    """The spans of the equation alone."""
    lines = equation(shown.facts, shown.language, width, height, tall=True).lines
    return [span for line in lines for span in line if span.text.strip()]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stem", SHOWN)
def test_it_fits_in_its_width_and_the_equation_with_its_check_in_its_height(stem: str, language: str) -> None:
    for at in positions(stem):
        shown = view(stem, at, language)
        for width, height in SIZES:
            lines = lines_of(shown, width, height)
            assert max(map(line_width, lines)) <= width
            if isinstance(shown.facts, BackwardFacts):
                told = line_text(numeric_line(shown.facts, language))
                sign = "✓" if is_at_end(shown) else next((sign for sign in "✓✗" if sign in told), told)
                checks = [y for y, line in enumerate(lines) if sign in line_text(line)]
                assert checks
                assert checks[0] < height, (at, width, height)


@pytest.mark.thorough
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stem", SHOWN)
def test_the_product_comes_first_and_alone_has_its_role(stem: str, language: str) -> None:
    for shown, facts in backward(stem, language):
        for width, height in SIZES:
            spans = equation_of(shown, width, height)
            roles = [span.role for span in spans if span.role in (Role.PRODUCT, Role.GRADIENT, Role.LOCAL)]
            assert roles[0] is Role.PRODUCT, (facts.subject, width)
            assert {Role.PRODUCT, Role.GRADIENT} <= set(roles), "upstream and product differ"
            flat = line_text(equation(facts, language, 10_000, 50).lines[0])
            assert flat.split()[0] == facts.product.name


@pytest.mark.parametrize("stem", SHOWN)
def test_upstream_comes_before_local_unless_the_shapes_need_it_after(stem: str) -> None:
    for shown, facts in backward(stem):
        names = line_text(equation(facts, "en", 10_000, 50).lines[0])
        _, _, right = names.partition("=")
        upstream = right.find(facts.upstream.name)
        local = max(right.find(facts.local.factor.name), right.find("⊙"))  # beside a sum a name is short
        if facts.is_scalar or facts.local.multiplier is not None:
            assert -1 < upstream < local, shown.session.position


@pytest.mark.parametrize("stem", SHOWN)
def test_a_local_gradient_of_ones_is_said_and_not_painted(stem: str) -> None:
    for shown, facts in backward(stem):
        local = facts.local.multiplier
        if local is None or not np.size(local) or not (np.asarray(local) == 1).all():
            continue
        spans = equation_of(shown, 110, 30)
        if "= 1: passed on unchanged" not in " ".join(span.text.strip() for span in spans):
            (check,) = (row for row in texts_of(lines_of(shown, 110, 30)[:30]) if "✓" in row)
            assert check.endswith("✓   local = 1: passed on unchanged"), "its column has no room for that"
        numbers = [span.text.strip() for span in spans if span.role is Role.LOCAL and "∂" not in span.text]
        assert [number for number in numbers if number.strip("─")] == ["1"], shown.session.position


@pytest.mark.thorough
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stem", SHOWN)
def test_no_words_stand_where_numbers_belong(stem: str, language: str) -> None:
    for shown, facts in backward(stem, language):
        for width, height in SIZES:
            lines = equation(facts, language, width, height, tall=True).lines
            numbers = [
                span.text
                for line in lines
                for span in line
                if isinstance(span.role, Role) and span.role in (Role.PRODUCT, Role.GRADIENT, Role.LOCAL)
            ]
            words = facts.local.description
            assert words is None or not any(words.in_language(language) in one for one in numbers)
            assert shown.language == language


@pytest.mark.thorough
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stem", SHOWN)
def test_nothing_is_said_twice(stem: str, language: str) -> None:
    for at in positions(stem):
        shown = view(stem, at, language)
        said = [line_text(line).strip() for line in lines_of(shown, 150, 60)]
        sentences = [line for line in said if len(line.split()) > 4 and line[:1].isalpha()]
        assert len(set(sentences)) == len(sentences), at


@pytest.mark.parametrize("stem", ["rnn_cell", "xor", "add_multiply"])
def test_the_chain_rule_stands_there_once(stem: str) -> None:
    for shown, facts in backward(stem):
        text = "\n".join(map(line_text, lines_of(shown, 196, 60)))
        assert text.count(" ✓") == 1 + is_at_end(shown), "the summary at the end has a check of its own"
        assert "chain rule" not in text
        assert f"{facts.product.name} = " not in text.replace("\n", " "), "as fractions, not on one line"


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_the_authors_note_is_in_regular_weight(stem: str) -> None:
    for at in positions(stem):
        shown = view(stem, at)
        note = shown.note
        if not note:
            continue
        roles = {
            span.role for line in lines_of(shown, 150, 60) for span in line if note[:20] in span.text.strip()
        }
        assert roles == {Role.TEXT}


def test_where_there_is_width_formulas_and_words_stand_side_by_side() -> None:
    shown = view("rnn_cell", 25)
    wide = [line_text(line) for line in lines_of(shown, 150, 40)]
    narrow = [line_text(line) for line in lines_of(shown, 76, 60)]
    assert any("the node" in line and len(line.split()) > 4 for line in wide)
    assert any(line.strip() == "the node" or line.startswith("the node  ") for line in narrow)
    assert len(wide) < len(narrow)


def test_a_forward_step_shows_its_value_as_the_loudest() -> None:
    shown = view("add_multiply", 2)
    assert isinstance(shown.facts, ForwardFacts)
    spans = equation_of(shown, 76, 12)
    assert [span.text.strip() for span in spans if span.role is Role.ACTIVE_VALUE] == ["f", "-12"]


def test_a_note_on_a_leaf_stands_at_the_step_that_completes_its_gradient() -> None:
    for stem, leaf in (("branch_and_merge", "x"), ("quadratic_form", "x"), ("matrix_used_twice", "W")):
        shown = view(stem)
        at = shown.graph.position(leaf)
        note = shown.scenario.notes[at][0].text.in_language("en")
        steps = [at for at in positions(stem) if view(stem, at).note == note]
        assert len(steps) == 1
        before, after = view(stem, steps[0] - 1).frame, view(stem, steps[0]).frame
        node = shown.graph.nodes[at]
        count, of = after.arrived(node)
        assert count == of
        assert before.arrived(node)[0] == of - 1
        assert note[:20] in " ".join(line_text(line) for line in lines_of(view(stem, steps[0]), 150, 60))


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_for_the_authors_note_no_number_becomes_a_picture(stem: str) -> None:
    width, height = SIZES[0]
    for at in positions(stem):
        shown = view(stem, at)
        if not shown.note or not isinstance(shown.facts, BackwardFacts):
            continue
        alone = equation(shown.facts, "en", width, height - 1, tall=True)
        if any(leaf.is_picture for leaf in alone.leaves()):
            continue
        rows = lines_of(shown, width, height)[:height]
        assert not any(isinstance(span.role, Shade) for row in rows for span in row), at


def test_a_low_panel_has_fractions_too() -> None:
    shown = view("add_multiply", 4)
    rows = [line_text(line).split() for line in lines_of(shown, 76, 9)]
    assert rows[:3] == [["∂L", "∂L", "∂f"], ["──", "=", "──", "·", "──"], ["∂q", "∂f", "∂q"]]
    assert rows[5] == ["-4", "=", "1", "·", "(-4)"]


def test_for_a_note_of_two_lines_fractions_stand_close_to_their_numbers() -> None:
    shown = view("add_multiply", 6)
    rows = [line_text(line).split() for line in lines_of(shown, 76, 8)[:8]]
    assert rows[0] == ["∂L", "∂L", "∂q"]
    assert rows[4] == ["-4", "=", "-4", "·", "1"]
    assert rows[7]
    assert rows[7] == shown.note.split()[-len(rows[7]) :], "the end of the note"


@pytest.mark.parametrize("height", [20, 22, 24, 30])
def test_an_equation_that_goes_on_below_its_product_leaves_the_words_in_view(height: int) -> None:
    shown = view("softmax_classifier", 8)
    text = " ".join(map(line_text, lines_of(shown, 68, height)[:height]))
    numbers = ("-0.14705⎦", "-0.114959⎦") if height > 20 else ("-0.1150⎦",)
    for wanted in (*numbers, "✓", shown.note[-20:], "other operand is transposed.", "dX = dXW @ W.T"):
        assert wanted in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stem", ["value_used_twice", "branch_and_merge", "rnn_cell"])
def test_which_contribution_it_is_is_said_once(stem: str, language: str) -> None:
    seen = 0
    for at in positions(stem):
        shown = view(stem, at, language)
        if isinstance(shown.facts, AccumulateFacts) and not is_at_end(shown):
            count, of = shown.facts.turn
            told = "\n".join(
                line_text(line) for line in lines_of(shown, 76, 60) if "#" not in line_text(line)
            )
            numbers = re.findall(rf"{count} of {of}|{count}/{of}|{of}개 중 {count}", told)
            assert len(numbers) == 1, told
            seen += 1
    assert seen


def test_what_the_note_says_the_lesson_of_an_addition_does_not_say_again() -> None:
    lesson = "Addition passes its upstream gradient on unchanged to every operand."
    assert lesson not in "\n".join(texts_of(lines_of(view("add_multiply", 6), 76, 40)))
    assert (
        lesson in "\n".join(texts_of(lines_of(view("add_multiply", 7), 76, 40)))
        or view("add_multiply", 7).note
    )


@pytest.mark.thorough
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stem", SHOWN)
def test_of_ones_it_is_said_in_any_room(stem: str, language: str) -> None:
    """Above the number, in two lines where its column is narrow, or beside the check; above the check where
    that fills its row.
    """
    for shown, facts in backward(stem, language):
        words = said_of_ones(facts.local, language)
        for width, height in SIZES if words and not is_at_end(shown) else ():
            rows = texts_of(lines_of(shown, width, height)[:height])
            said = sum(row.count(words) for row in rows) + sum(
                in_two_lines(words, *pair) for pair in pairwise(rows)
            )
            assert said == 1, (facts.subject, width, height)


def in_two_lines(words: str, above: str, below: str) -> bool:
    """Whether words stand in two rows, with the middle of the second below that of the first, and no other
    words around the second.
    """
    parts = words.split(" ")
    for first, second in ((" ".join(parts[:at]), " ".join(parts[at:])) for at in range(1, len(parts))):
        start = above.find(f"local {first}")
        if start >= 0 and above.endswith(first) and below.strip() == second:
            middles = 2 * start + len(f"local {first}"), 2 * below.find(second) + len(second)
            return abs(middles[0] - middles[1]) <= 1
    return False


def texts_of(lines: list[Line]) -> list[str]:
    """The rows without the spaces at their ends."""
    return [line_text(line).rstrip() for line in lines]


@pytest.mark.thorough
@pytest.mark.parametrize("stem", SHOWN)
def test_no_formula_is_cut_in_two_by_the_end_of_the_panel(stem: str) -> None:
    for at in positions(stem):
        shown = view(stem, at)
        formulas = texts_of(list(formula_block(shown.facts, "en", 70, said=True).lines))
        together = {pair for pair in pairwise(formulas) if all(pair)}
        for height in (10, 15, 19, 23):
            rows = texts_of(lines_of(shown, 70, height))
            assert tuple(rows[height - 1 : height + 1]) not in together, (at, height)


@pytest.mark.thorough
def test_an_exponent_stands_above_the_rest_of_its_denominator() -> None:
    for height in range(12, 30):
        rows = texts_of(lines_of(view("vanishing_sigmoids", 16), 70, height))
        exponent = next((y for y, row in enumerate(rows) if row.endswith("−0.658628")), None)
        if exponent is not None and exponent < height:
            assert exponent + 1 < height
            assert "1 + e" in rows[exponent + 1]


def test_a_note_that_quotes_numbers_says_that_they_are_not_those_of_a_changed_run() -> None:
    remark = "(The numbers are those of the file, before the change.)"
    shown = view("branch_and_merge", 10)
    assert remark not in shown.note
    changed = shown.scenario.with_leaf("x", 3)
    told = View(changed, Session(changed.run(), 10))
    assert told.note.endswith(remark)
    assert remark.split()[-2] in " ".join(line_text(line) for line in lines_of(told, 120, 40))
    branch = replace(shown, session=update(shown.session, Set("x", np.array(3.0))))
    assert branch.note.endswith(remark)
    back = replace(branch, session=update(branch.session, Undo()))
    assert back.note == shown.note


def test_the_working_stands_below_the_equation_and_the_note_in_view() -> None:
    shown = view("softmax_classifier", 5)
    told = [line_text(line) for line in lines_of(shown, 118, 34)]
    check, worked, noted = (
        next(at for at, line in enumerate(told) if words in line)
        for words in ("numeric check", "one_hot(species, 3) ) / 6", "» The loss is a mean")
    )
    assert check < worked < noted < 34
    low = [line_text(line) for line in lines_of(shown, 70, 23)]
    noted, worked = (
        next(at for at, line in enumerate(low) if words in line)
        for words in ("» The loss is a mean", "one_hot(species, 3) )")
    )
    assert noted < 23 < worked


@pytest.mark.parametrize("stem", SHOWN)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("width", "height"), [(36, 16), (58, 20), (76, 10)])
def test_nothing_moves_when_a_check_is_made(
    stem: str, language: str, width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_check, "_EXPENSIVE", -1)
    for shown, facts in backward(stem, language):
        check = numeric_line(facts, language)
        if line_width(check) > line_width(room_for_check(facts, language)):
            continue  # one that does not agree has more to say
        if is_at_end(shown):
            continue
        made = [line_text(line).strip() for line in lines_of(shown, width, height)]
        awaited = [
            line_text(line).strip() for line in lines_of(replace(shown, awaited=shown.frame), width, height)
        ]
        rows = [y for y, (one, other) in enumerate(zip(made, awaited, strict=False)) if one != other]
        waits = line_text(awaited_line(language))
        assert rows, "the check"
        assert waits in awaited[rows[0]]
        words = line_text(check).split()
        assert " ".join(made[y] for y in rows).replace("  ", " ").startswith(" ".join(words))
