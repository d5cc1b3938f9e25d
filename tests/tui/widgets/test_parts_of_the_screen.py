"""The parts of the debugger's screen, each by itself: with a handle that is no screen, without Textual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from backprop_engine.debugger import Break, Command, Select, StepBy, StepInto, StepOut, update
from backprop_engine.graph.graph import Graph, Node
from backprop_tui.commands.table import COMMANDS, PROMPT_NAMES
from backprop_tui.prompt.values import here
from backprop_tui.queries import ScreenCommand
from backprop_tui.screens.command_runner import CommandRunner
from backprop_tui.screens.debugger import DebuggerScreen
from backprop_tui.screens.graph_navigation import GraphNavigation
from backprop_tui.screens.handle import Handle
from backprop_tui.screens.player import SPEEDS, Player
from backprop_tui.screens.plot_filler import PlotFiller
from backprop_tui.view import Computing, View
from backprop_tui.widgets.panel import Panel
from scenes import view


class FakeHandle:
    """Holds a view, and notes down what is asked of it."""

    def __init__(self, shown: View) -> None:
        self.current = shown
        self.commands = COMMANDS
        self.said: list[tuple[str, bool]] = []
        self.asked: list[object] = []
        self.focused_widget: object = None
        self.application = SimpleNamespace(
            has_class=lambda name: False,
            clear_notifications=self.said.clear,
            size=SimpleNamespace(width=100, height=30),
            exit=lambda: self.asked.append("exit"),
        )
        self.plots = SimpleNamespace(has_class=lambda name: not self.plots_in_front)
        self.plots_in_front = False

    def heard(self, command: str) -> None:
        """No tour waits for a command."""

    @property
    def chosen_node(self) -> Node | None:
        return here(self.current.session)

    @property
    def computed_graph(self) -> Graph:
        return self.current.session.run.graph

    @property
    def is_attached(self) -> bool:
        return True

    def is_lacking(self, view: View) -> bool:
        """Every picture is laid out at once."""
        return False

    def show_computing(self, computing: Computing | None) -> None:
        """Nothing takes long here."""

    def compute(
        self, function: Callable[[], Any], then: Callable[[Any], object], *, long: bool = False
    ) -> None:
        then(function())

    def show_view(self, shown: View) -> None:
        self.current = shown
        self.commands = COMMANDS

    def do(self, command: Command) -> None:
        self.show_view(replace(self.current, session=update(self.current.session, command)))

    def say(self, words: str, *, wrong: bool = False, seconds: float = 2) -> None:
        self.said.append((words, wrong))

    def open_prompt(
        self, typed: str = "", lines: object = (), *, once: bool = False, selected: int = 0
    ) -> None:
        self.asked.append(typed)

    def show_bars(self) -> None:
        """What is playing is not asked here."""

    def show_panel(self, name: str) -> None:
        self.asked.append(name)

    def call_later(self, callback: Any, *arguments: Any) -> bool:
        callback(*arguments)
        return True

    def run_screen_command(self, command: ScreenCommand) -> None:
        self.asked.append(command)

    def panel(self, name: str) -> Any:
        return self.plots

    def set_interval(self, interval: float, callback: Any, *, pause: bool = False) -> Any:
        self.asked.append(interval)
        return SimpleNamespace(stop=lambda: None)


@pytest.fixture
def fake() -> FakeHandle:
    return FakeHandle(view("add_multiply", 3))


def handle(fake: FakeHandle) -> Handle:
    return cast(Handle, fake)


def test_every_row_is_run_by_the_table_or_by_the_screen_itself() -> None:
    own = DebuggerScreen(view("add_multiply")).own_commands
    assert own.keys() <= {row.name for row in COMMANDS}
    assert [row.name for row in COMMANDS if row.runs is None and row.name not in own] == []
    assert [row.name for row in COMMANDS if row.asks and row.name in own] == [], "the prompt would never open"


def test_a_row_is_run_as_the_table_says(fake: FakeHandle) -> None:
    runner = CommandRunner(handle(fake))
    runner.run(PROMPT_NAMES["step"])
    assert fake.current.session.position == 4
    runner.run(PROMPT_NAMES["watch"])
    assert fake.asked == ["watch "]
    runner.run(PROMPT_NAMES["iteration"])
    assert fake.said[-1][1], "there is one iteration"
    runner.run(PROMPT_NAMES["who"])
    assert fake.current.session.position == 4
    assert fake.said


def test_what_goes_wrong_is_said_in_place_of_the_answer_before(fake: FakeHandle) -> None:
    runner = CommandRunner(handle(fake))
    for line in ("no such command", "break nothing"):
        runner.type(line)
        assert [wrong for _, wrong in fake.said] == [True]
    runner.do(StepOut())
    assert [wrong for _, wrong in fake.said] == [True]
    runner.do(StepBy())
    assert fake.said == []


def test_what_only_a_screen_can_do_is_left_to_it(fake: FakeHandle) -> None:
    runner = CommandRunner(handle(fake))
    runner.type("minimap")
    runner.type("plot gra")
    assert fake.asked == [ScreenCommand("minimap"), ScreenCommand("plot", ("gradients",))]


def test_a_line_that_ends_the_app_has_no_answer(fake: FakeHandle) -> None:
    CommandRunner(handle(fake)).type("quit")
    assert (fake.asked, fake.said) == (["exit"], [])


def test_a_long_answer_is_read_in_the_prompt_and_a_short_one_in_a_notice(fake: FakeHandle) -> None:
    runner = CommandRunner(handle(fake))
    runner.type("help")
    assert (fake.asked, fake.said) == ([""], [])
    runner.type("p q")
    assert len(fake.said) == 1
    assert "q = 3" in fake.said[0][0]


def test_trouble_is_where_a_number_first_is_not_finite(fake: FakeHandle) -> None:
    runner = CommandRunner(handle(fake))
    runner.to_trouble()
    assert fake.said[-1][0].startswith("every number in this iteration is finite")
    assert fake.current.session.position == 3
    fake = FakeHandle(view("nan_from_sqrt_zero"))
    runner = CommandRunner(handle(fake))
    runner.to_trouble()
    first = fake.current.session.position
    assert first > 0
    assert fake.current.session.selection is not None
    places = [first]
    while places.count(fake.current.session.position) < 2 and not fake.said:
        runner.to_trouble()
        places.append(fake.current.session.position)
    assert places[-1] == first


def test_a_breakpoint_is_asked_for_where_no_node_is_chosen() -> None:
    fake = FakeHandle(view("add_multiply"))
    CommandRunner(handle(fake)).toggle_breakpoint()
    assert fake.asked == ["break "]
    assert not fake.current.session.breakpoints


def test_a_breakpoint_is_set_and_taken_away(fake: FakeHandle) -> None:
    runner = CommandRunner(handle(fake))
    runner.do(Select(3))
    for texts in (["q"], [], ["q"]):
        runner.toggle_breakpoint()
        assert [known.text for known in fake.current.session.breakpoints] == texts


def test_a_value_is_put_into_the_prompt_to_be_changed(fake: FakeHandle) -> None:
    fake.do(Select(0))
    CommandRunner(handle(fake)).edit_value()
    assert fake.asked == ["set x = -2"]


def test_playing_steps_to_the_end_or_to_a_breakpoint(fake: FakeHandle) -> None:
    player = Player(handle(fake))
    player.toggle()
    assert fake.asked == [1 / SPEEDS[2]]
    player.step()
    assert (fake.current.session.position, player.timer is None) == (4, False)
    fake.do(Break("x"))
    while player.timer is not None:
        player.step()
    assert fake.current.session.position == 6 < fake.current.session.last, "the first step that is about x"
    player.toggle()
    while player.timer is not None:
        player.step()
    assert fake.current.session.position == fake.current.session.last
    player.toggle()
    assert player.timer is None


def test_inside_of_an_operator_playing_ends_with_it() -> None:
    fake = FakeHandle(view("softmax_classifier", 3))
    fake.do(StepInto())
    player = Player(handle(fake))
    player.toggle()
    while player.timer is not None:
        player.step()
    assert fake.current.session.levels
    assert fake.current.session.position == 3


def test_a_speed_is_said_with_the_end_that_it_is_at(fake: FakeHandle) -> None:
    player = Player(handle(fake))
    for by in (*[-1] * len(SPEEDS), *[1] * len(SPEEDS)):
        player.change_speed(by)
    said = [words for words, _ in fake.said]
    assert said[len(SPEEDS) - 1] == f"{SPEEDS[0]:g} steps per second, the slowest"
    assert said[-1] == f"{SPEEDS[-1]:g} steps per second, the fastest"
    player.toggle()
    assert player.playing == SPEEDS[-1]
    player.change_speed(-1)
    assert (player.playing, player.timer is None) == (SPEEDS[-2], False)


def test_the_first_time_the_plots_come_to_the_front_as_they_are() -> None:
    fake = FakeHandle(view("xor", 3))
    plots = PlotFiller(handle(fake))
    shown = [fake.current.plot]
    for seen in (False, True, True):
        fake.plots_in_front = seen
        plots.turn(1)
        shown.append(fake.current.plot)
    assert len(set(shown[1:])) == 3
    assert shown[0] == shown[1]
    assert fake.asked == ["plots"] * 3


def test_hits_are_gone_through_in_both_directions(fake: FakeHandle) -> None:
    navigation = GraphNavigation(handle(fake))
    navigation.choose_hit(1)
    assert fake.asked == ["find "]
    fake.show_view(replace(fake.current, found=(1, 3)))
    chosen = []
    for by in (1, 1, 1, -1):
        navigation.choose_hit(by)
        chosen.append(fake.current.session.selection)
    assert chosen == [1, 3, 1, 3]


def test_nearer_and_farther_end_at_an_end(fake: FakeHandle) -> None:
    navigation = GraphNavigation(handle(fake))
    densities = []
    for by in (1, -1, -1, -1, -1, 1):
        navigation.zoom(by)
        densities.append(fake.current.density)
    assert densities == [None, "compact", "names", "dots", "dots", "names"]


def test_rows_are_chosen_only_where_a_table_has_the_focus(fake: FakeHandle) -> None:
    navigation = GraphNavigation(handle(fake))
    for name in (None, "no panel", "equation"):
        fake.focused_widget = None if name is None else SimpleNamespace(id=name)
        navigation.choose_row(1)
        assert fake.current.session.selection is None
        assert navigation.group_of_row() == ""
    fake.focused_widget = SimpleNamespace(id="nodes")
    chosen = []
    for by in (-9, 1, 1, 9, -9):
        navigation.choose_row(by)
        node = fake.chosen_node
        chosen.append(None if node is None else node.position)
    last = len(fake.current.graph.nodes) - 1
    assert (chosen[0], chosen[-2:]) == (0, [last, 0])
    assert chosen[1] < chosen[2]


def test_a_click_beside_a_table_chooses_nothing(fake: FakeHandle) -> None:
    navigation = GraphNavigation(handle(fake))
    for panel, y in (("equation", 1), ("no panel", 1), ("nodes", 99)):
        clicked = cast(Panel.Clicked, SimpleNamespace(x=1, y=y, times=1))
        assert not navigation.click(panel, clicked)
    assert fake.current.session.selection is None
