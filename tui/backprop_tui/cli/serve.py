"""``serve``: the app in a browser, on loopback; each open page has a process of the app for itself."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import socket
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from backprop_engine.errors import UsageError, reason
from backprop_engine.messages.message import msg
from backprop_engine.messages.plain_text import clean
from backprop_tui.cli import open as opening
from backprop_tui.cli.parser import ArgumentMistake

if TYPE_CHECKING:
    from backprop_engine.scenario.sections.texts import LocalText
    from backprop_tui.web.page import Page

__all__ = ["add_arguments", "app_command", "run"]

_HOST = "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of the app, the port, and how many pages may be open at once."""
    opening.add_arguments(parser)
    parser.add_argument(
        "--port", type=_port, default=8000, metavar="N", help=msg("the port (8000); 0 picks a free one")
    )
    parser.add_argument(
        "--sessions",
        type=_sessions,
        default=8,
        metavar="N",
        help=msg("how many pages may be open at a time (8)"),
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal. Mistakes in the arguments are reported before anything is served."""
    if find_spec("textual_serve") is None:
        raise UsageError(msg("serving the app needs extra packages: pip install 'backprop-tui[web]'"))
    start = opening.found(arguments)
    title = start.view.scenario.title if start.view is not None else None
    del start  # every page computes for itself
    listener = _listen(arguments.port)
    with listener:
        return _serve(arguments, title, listener)


def _serve(arguments: argparse.Namespace, title: LocalText | None, listener: socket.socket) -> int:
    from backprop_tui.web.server import Server, serve

    def ready() -> None:
        print(f"http://{_HOST}:{listener.getsockname()[1]}/?token={server.token}", flush=True)
        print(msg("serving; Ctrl+C stops").in_language(arguments.lang or "en"), file=sys.stderr, flush=True)

    server = Server(app_command(arguments), lambda: _page(arguments, title), most=arguments.sessions)
    return 128 + asyncio.run(serve(server, listener, ready))


def app_command(arguments: argparse.Namespace) -> list[str]:
    """The command that opens what `arguments` name; it imports no modules from the folder it runs in."""
    command = [sys.executable, "-P", "-m", "backprop_tui"]
    command += [f"--set={setting}" for setting in arguments.set]
    command += [f"--ops={path}" for path in arguments.ops]
    for name in ("at", "lang", "theme", "max_memory", "max_work", "threads"):
        value = getattr(arguments, name)
        if value not in (None, ""):
            command.append(f"--{name.replace('_', '-')}={value}")
    if arguments.ascii:
        command.append("--ascii")
    if arguments.no_animation:
        command.append("--no-animation")
    if arguments.stage:
        command.append("--stage")
    return [*command, *(("--", arguments.scenario) if arguments.scenario is not None else ())]


def _page(arguments: argparse.Namespace, title: LocalText | None) -> Page:
    """The page as the settings want it now: what a session changes, the next one begins with."""
    from backprop_tui.settings import read_settings, settings_path
    from backprop_tui.themes import DARK, known_theme
    from backprop_tui.web.page import Page

    settings = read_settings(settings_path())
    language = opening.chosen_language(arguments, settings)
    try:
        theme = known_theme(arguments.theme or settings.theme)
    except UsageError:
        theme = ""
    named = clean(title.in_language(language) if title else arguments.scenario or "")
    return Page(
        title=f"{named} · backprop-tui" if named else "backprop-tui",
        language=language,
        theme=theme or DARK.name,
        most=arguments.sessions,
    )


def _listen(port: int) -> socket.socket:
    """A socket on loopback that waits for browsers."""
    try:
        return socket.create_server((_HOST, port))
    except OSError as error:
        raise UsageError(
            msg("port {port} cannot be used: {problem}", port=port, problem=_reason(error)),
            msg("--port 0 picks a free one"),
        ) from None


def _reason(error: OSError) -> str:
    """What the system says, without the address that Python adds."""
    return reason(OSError(error.errno, os.strerror(error.errno)) if error.errno else error)


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65535:
        raise ArgumentMistake(msg("{text} is not a port: write 0 to 65535", text=repr(text)))
    return int(text)


def _sessions(text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text) or int(text) == 0:
        raise ArgumentMistake(msg("{text} is not a number of sessions: write 1 to 999", text=repr(text)))
    return int(text)
