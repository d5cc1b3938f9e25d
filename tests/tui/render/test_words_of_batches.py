"""Where a training takes batches, the start, the end of an iteration and the pages say which."""

from __future__ import annotations

from backprop_engine.explain.facts import step_facts
from backprop_tui.cells.lines import line_text
from backprop_tui.panels.run_pages import about
from backprop_tui.render.transcript import state
from backprop_tui.render.words import sentences
from scenes import trace, view

FIRST = "batch 1 of 3 in epoch 1, examples 0, 4 of 6"


def test_the_first_and_the_next_batch_are_told() -> None:
    facts = step_facts(trace("minibatches").frame(0))
    assert line_text(sentences(facts, "en")[-1]) == f"The first is {FIRST}."
    last = trace("minibatches").schedule.last
    facts = step_facts(trace("minibatches").frame(last))
    assert line_text(sentences(facts, "en")[1]) == "Next: batch 2 of 3 in epoch 1, examples 1, 5 of 6."


def test_the_transcript_of_a_position_says_its_iteration_and_its_batch() -> None:
    rows = [line_text(line).strip() for line in state(step_facts(trace("minibatches").frame(0)), "en")]
    assert rows[:3] == ["sgd, iteration 0 of 12", FIRST, "0/147  start"]
    rows = [line_text(line).strip() for line in state(step_facts(trace("add_multiply").frame(2)), "en")]
    assert rows[0] == "2/7  forward"


def test_the_first_page_says_how_many_examples_are_seen_at_a_time() -> None:
    assert "2 of 6 examples at a time" in "\n".join(map(line_text, about(view("minibatches"), 100)))
