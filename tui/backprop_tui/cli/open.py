"""Without a subcommand: the debugger on a scenario, or the gallery."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from contextlib import suppress

from backprop_engine.messages.message import in_language, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.messages.translations import ENGLISH, language_of_locale, languages

TYPE_CHECKING = False
if TYPE_CHECKING:  # help needs nothing of what opens the app
    from backprop_tui.app import DebuggerApp
    from backprop_tui.cli.start import Start
    from backprop_tui.files.folders import ScenarioFolder
    from backprop_tui.settings import UserSettings

__all__ = [
    "add_arguments",
    "chosen_language",
    "found",
    "need_terminal",
    "open_app",
    "preferred_language",
    "run",
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the debugger."""
    from backprop_tui.cli.arguments import add_own_operators, memory, threads, work

    parser.add_argument(
        "scenario",
        nargs="?",
        metavar="SCENARIO",
        help=msg("a file, the name of a bundled scenario, or a folder to choose one from"),
    )
    parser.add_argument("--at", type=int, metavar="N", help=msg("start at position N"))
    parser.add_argument(
        "--pass",
        type=int,
        dest="number",
        metavar="N",
        help=msg("start at pass N of a recording with several backward passes"),
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help=msg("another value for a leaf")
    )
    parser.add_argument(
        "--lang", choices=languages(), default=None, help=msg("the language (otherwise the locale's)")
    )
    parser.add_argument(
        "--theme", default="", metavar="NAME", help=msg("a theme: backprop-dark, backprop-light, …")
    )
    parser.add_argument(
        "--ascii", action="store_true", help=msg("no characters outside ASCII in the drawing")
    )
    parser.add_argument("--no-animation", action="store_true", help=msg("no animation"))
    parser.add_argument(
        "--stage", action="store_true", help=msg("start in stage mode: the graph and one large equation")
    )
    parser.add_argument(
        "--max-memory",
        type=memory,
        default=2**30,
        metavar="SIZE",
        help=msg("the memory limit for all tensors together"),
    )
    add_own_operators(parser)
    parser.add_argument(
        "--max-work",
        type=work,
        default=10**10,
        metavar="COUNT",
        help=msg("the limit on multiplications per iteration"),
    )
    parser.add_argument(
        "--threads",
        type=threads,
        default=1,
        metavar="N",
        help=msg("threads for products of large matrices (1)"),
    )


def run(arguments: argparse.Namespace) -> int:
    """Open the app. Everything that can be wrong is checked before the screen is touched."""
    from backprop_tui.web import DRIVER

    start = found(arguments)
    if os.environ.get("TEXTUAL_DRIVER") != DRIVER:
        need_terminal(arguments.scenario)
    return open_app(start, alone=True)


def found(arguments: argparse.Namespace) -> Start:
    """What the arguments name, if all of them can be used."""
    from dataclasses import replace

    from msgspec import structs

    from backprop_engine.debugger import SwitchPass, start_move, update
    from backprop_tui.cli.arguments import limits, opened, position
    from backprop_tui.cli.start import Start
    from backprop_tui.files.bundled import resolve
    from backprop_tui.files.opening import Opening, is_folder
    from backprop_tui.prompt.debug_file import opened_view
    from backprop_tui.settings import read_settings, settings_path
    from backprop_tui.themes import known_theme

    settings = read_settings(settings_path())
    problems = list(settings.problems)
    language = chosen_language(arguments, settings)
    view = folder = None
    if arguments.scenario is not None and is_folder(resolve(arguments.scenario)):
        folder = _folder(arguments)
    elif arguments.scenario is not None:
        opening = Opening.of(resolve(arguments.scenario), tuple(arguments.set), **limits(arguments))
        scenario = opened(arguments, standard_input=False)
        view = opened_view(opening, language, ascii=arguments.ascii, warn=problems.append, scenario=scenario)
        before = view.session
        if arguments.number is not None:
            before = update(before, SwitchPass(arguments.number))
        at = position(arguments.at, before.last)
        session = start_move(before, replace(before, position=at or 0))
        view = replace(view, session=session)
    theme = known_theme(arguments.theme)
    moves = not arguments.no_animation and settings.animation != "no" and _motion_is_welcome(os.environ)
    settings = structs.replace(settings, problems=tuple(problems))
    return Start(
        view, language, theme, settings, folder, animated=moves, ascii=arguments.ascii, staged=arguments.stage
    )


def _folder(arguments: argparse.Namespace) -> ScenarioFolder:
    """The folder to choose from; options about a single scenario are refused."""
    from backprop_engine.errors import UsageError
    from backprop_tui.cli.arguments import named_path
    from backprop_tui.files.folders import scenario_folder

    for option, given in (
        ("--at", arguments.at is not None),
        ("--pass", arguments.number is not None),
        ("--set", arguments.set),
    ):
        if given:
            raise UsageError(
                msg(
                    "{option} needs a scenario, but {folder} is a folder",
                    option=option,
                    folder=clean(arguments.scenario),
                )
            )
    return scenario_folder(named_path(arguments.scenario))


def _motion_is_welcome(environment: Mapping[str, str]) -> bool:
    """Whether animation is left on by the variable that switches it off in all Textual apps."""
    return environment.get("TEXTUAL_ANIMATIONS", "").lower() != "none"


def chosen_language(arguments: argparse.Namespace, settings: UserSettings) -> str:
    """The language asked for, else that of the settings, else the locale's, if there is a translation.

    The locale's is that of the first of the usual variables that is set.
    """
    return preferred_language(arguments.lang, settings)


def preferred_language(wanted: str | None, settings: UserSettings) -> str:
    """`wanted`, else the language of the settings, else that of the locale."""
    if wanted or settings.language:
        return str(wanted or settings.language)
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return language_of_locale(value)
    return ENGLISH


def need_terminal(scenario: str | None) -> None:
    """Refuse to start where there is no terminal to draw on."""
    from backprop_engine.errors import UsageError

    named = scenario or "SCENARIO"
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        raise UsageError(
            msg("the debugger needs a terminal; without one: backprop-tui run {scenario}", scenario=named)
        )
    if os.environ.get("TERM", "") in ("dumb", ""):
        raise UsageError(
            msg(
                "this terminal cannot place a cursor (TERM=dumb); instead: backprop-tui run {scenario}",
                scenario=named,
            )
        )


def _tell_rescued(app: DebuggerApp) -> None:
    """Save what was set in an app that crashed, and say where."""
    from pathlib import Path

    from backprop_engine.errors import reason
    from backprop_tui.files.user_folder import user_folder
    from backprop_tui.prompt.rescue import rescue

    lost: list[Exception] = []
    files = rescue(app.left.every, Path(user_folder(), "rescued"), lost.append)
    told = [msg("this is an error of backprop-tui itself: please report it, with the lines above")]
    told += [
        msg("what you had set is in {path}", path=clean(str(path)))
        if path.suffix == ".yaml"
        else msg(
            "your breakpoints and watches are in {path}; at the prompt, `load` reads them",
            path=clean(str(path)),
        )
        for path in files
    ]
    told += [
        msg("some of what you had set could not be saved: {problem}", problem=clean(problem))
        for problem in dict.fromkeys(in_language(reason(error), app.language) for error in lost)
    ]
    for message in told:
        print(f"backprop-tui: {message.in_language(app.language)}", file=sys.stderr)


def open_app(start: Start, *, alone: bool = False) -> int:
    """Run the app until it is closed; the exit code.

    Where the process is the app's `alone`, Ctrl+C ends it even while it computes.
    """
    from backprop_tui.surroundings import check_variables, drawn_on_the_terminal, measured_by_the_terminal

    check_variables()
    with measured_by_the_terminal(), drawn_on_the_terminal():
        return _run_app(start, alone)


def _run_app(start: Start, alone: bool) -> int:
    import asyncio
    import signal

    from backprop_tui.app import DebuggerApp
    from backprop_tui.cli.patience import Patience
    from backprop_tui.files.editor import Loan
    from backprop_tui.textual_private import outlive_terminal, restore_terminal, watch_keys, write_briefly

    app = DebuggerApp(
        start.view,
        language=start.language,
        theme=start.theme,
        ascii=start.ascii,
        settings=start.settings,
        folder=start.folder,
        animated=start.animated,
        staged=start.staged,
    )
    ended = 0

    def end(number: int) -> None:
        nonlocal ended
        if number == signal.SIGINT and Loan.is_on():
            return
        ended = 128 + number
        app.call_later(app.exit)

    async def run_app() -> None:
        """A handler of the loop's own wakes it; one of `signal.signal` would wait for the next key."""
        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):
            if hasattr(signal, name):
                with suppress(NotImplementedError):
                    loop.add_signal_handler(getattr(signal, name), end, getattr(signal, name))
        patience.loop = loop
        await app.run_async()

    patience = Patience(lambda: app.ends, lambda: restore_terminal(app))
    watch_keys(
        lost=lambda: os.kill(os.getpid(), signal.SIGHUP),
        interrupted=patience.ask if alone else lambda: None,
    )
    outlive_terminal()
    write_briefly()
    asyncio.run(run_app())
    if app.has_failed:
        _tell_rescued(app)
    return ended or (1 if app.return_code is None else app.return_code)
