"""The two bars: the header with the position, at the top, and the keys, at the bottom."""

from __future__ import annotations

from collections.abc import Collection

from backprop_engine.debugger import progress
from backprop_engine.debugger.branches import BASELINE
from backprop_engine.debugger.troubles import troubles
from backprop_engine.messages.message import in_language, msg
from backprop_engine.trace.trace import Phase
from backprop_tui.cells.drawing import Drawing, Lines
from backprop_tui.cells.lines import Line, Role, Span, clip_line, line_width
from backprop_tui.cells.text import cell_width, clip
from backprop_tui.commands.row import CommandRow
from backprop_tui.render.run_names import iteration_text, origin_texts, shows_iteration
from backprop_tui.view import View

__all__ = ["command_at", "header", "key_hints", "on_menu", "too_small"]

_PHASE_ROLES = {
    Phase.START: Role.DIM,
    Phase.FORWARD: Role.ACTIVE_VALUE,
    Phase.BACKWARD: Role.ACTIVE_GRADIENT,
    Phase.REDUCE: Role.HEADING,
    Phase.UPDATE: Role.HEADING,
    Phase.END: Role.HEADING,
}
_PHASES = {
    Phase.START: msg("START"),
    Phase.FORWARD: msg("FORWARD"),
    Phase.BACKWARD: msg("BACKWARD"),
    Phase.REDUCE: msg("ALL-REDUCE"),
    Phase.UPDATE: msg("UPDATE"),
    Phase.END: msg("DONE"),
}
_PHASE_SIGNS = {
    Phase.START: "",
    Phase.FORWARD: "▶ ",
    Phase.BACKWARD: "◀ ",
    Phase.REDUCE: "↻ ",
    Phase.UPDATE: "↻ ",
    Phase.END: "✓ ",
}
_BAR, _BAR_ASCII = ("▓", "░"), ("#", "-")
_BAR_CELLS = 16
_FORMS = (("   ", False), ("  ", False), ("  ", True), (" ", True))
"""The space between the parts at the right, and whether they are short; a title is cut last."""
_MENU = 40
"""The fewest columns with a sign to click on for the palette."""
_ASCII_SIGNS = {"▶ ": "> ", "◀ ": "< ", "✓ ": "", "↻ ": "", "": ""}


def header(view: View, width: int, height: int, speed: float = 0) -> Drawing:
    """The title at the left, the phase and the position at the right; `speed` while it plays."""
    menu = (" = " if view.ascii else " ≡ ") if width >= _MENU else " "
    whole = _inside(view)
    right = _progress(view, width)
    for form in () if right else _FORMS:
        right = (*_playing(view, speed), *_position(view, *form))
        if len(menu) + cell_width(whole) + 2 + line_width(right) <= width:
            break
    title = clip(whole, max(0, width - line_width(right) - len(menu) - 2))
    gap = width - len(menu) - cell_width(title) - line_width(right)
    left = (Span(menu, Role.KEY), Span(title, Role.HEADING), Span(" " * max(1, gap)))
    return Lines.of([clip_line((*left, *right), width)])


def _playing(view: View, speed: float) -> Line:
    """A sign that steps are taken automatically, and how many per second."""
    sign = ">>" if view.ascii else "▸▸"
    return (Span(f"{sign} {speed:g}/s  ", Role.KEY),) if speed else ()


def _position(view: View, space: str, short: bool) -> Line:
    """The phase, the iteration and the step, separated by `space`."""
    phase = view.frame.phase
    sign = _PHASE_SIGNS[phase]
    session = view.session
    position, last = session.position, session.last
    if session.levels:
        position, last = session.here, session.trace.schedule.last
    where = msg("step {position} of {last}", position=position, last=last)
    if short:
        where = msg("step {position}/{last}", position=position, last=last)
    trouble = _trouble(view, position - view.frame.position, space, short)
    if trouble and phase is Phase.END:
        sign = ""
    return (
        *trouble,
        Span(
            (_ASCII_SIGNS[sign] if view.ascii else sign) + _PHASES[phase].in_language(view.language),
            _PHASE_ROLES[phase],
        ),
        Span(space),
        *_of_run(view, space, short),
        *_iteration(view, space, short),
        Span(where.in_language(view.language), Role.HEADING),
        Span(" "),
    )


def _trouble(view: View, start: int, space: str, short: bool) -> Line:
    """A warning that a number is not finite by now, with the place where the first NaN, or else infinity,
    arose.
    """
    here = view.frame.position
    found = [trouble for trouble in troubles(view.frame.trace) if trouble.position <= here] if here else []
    if not found:
        return ()
    first = next((trouble for trouble in found if trouble.is_nan), found[0])
    words = "NaN" if first.is_nan else "inf"
    if not short:
        place = msg("{what} since step {position}", what=words, position=start + first.position)
        words = place.in_language(view.language)
    return (Span(f" {'!' if view.ascii else '✗'} {words} ", Role.TROUBLE), Span(space))


def _progress(view: View, width: int) -> Line:
    """A progress bar for work that takes long; empty without any."""
    state, computing = progress(view.session), view.computing
    if state is not None:
        part, label = state.part, iteration_text(view.session.run, state.iteration)
    elif computing is not None:
        part, label = computing.part, msg("computing {name} …", name=computing.name or view.scenario.name)
    else:
        return ()
    size = max(_BAR_CELLS // 4, min(_BAR_CELLS, width // 5))
    return (
        *progress_bar(part, size, ascii=view.ascii),
        Span(f" {label.in_language(view.language)}   ", Role.HEADING),
        Span("Esc", Role.KEY),
        Span(f" {msg('stop').in_language(view.language)} ", Role.DIM),
    )


def progress_bar(part: float, size: int, *, ascii: bool) -> Line:
    """A bar of `size` cells, of which a part is done, 0…1."""
    done, ahead = _BAR_ASCII if ascii else _BAR
    cells = round(part * size)
    return (Span(done * cells, Role.ACTIVE_VALUE), Span(ahead * (size - cells), Role.DIM))


def too_small(size: tuple[int, int], least: tuple[int, int], language: str, *, ascii: bool) -> Drawing:
    """A notice that a screen of this many columns and rows is too small."""
    times = "x" if ascii else "×"
    shown, wanted = (f"{columns}{times}{rows}" for columns, rows in (size, least))
    message = msg("{size} is small: {least} is comfortable", size=shown, least=wanted).in_language(language)
    return Lines.of([(Span(f" {message}", Role.WARNING),)])


def on_menu(x: int) -> bool:
    """Whether column `x` of the header belongs to the sign for the palette."""
    return x < len(" ≡ ")


def _inside(view: View) -> str:
    """The title, followed by the current branch and the composites that the user has stepped into."""
    session = view.session
    parts = [view.title]
    if session.branches.current != BASELINE:
        parts[0] += (
            f" [{session.branches.current}: {in_language(session.branches.here.description, view.language)}]"
        )
    return (" > " if view.ascii else " › ").join([*parts, *session.stack])


def _of_run(view: View, space: str, short: bool) -> Line:
    """The rank, and the backward pass, where there are several."""
    parts = origin_texts(view.session.run, short=short)
    return tuple(Span(f"{part.in_language(view.language)}{space}", Role.KEY) for part in parts)


def _iteration(view: View, space: str, short: bool) -> Line:
    """The current iteration; empty if the run has only one."""
    session = view.session
    if not shows_iteration(session.run):
        return ()
    which = iteration_text(session.run, session.iteration, short=short)
    return (Span(f"{which.in_language(view.language)}{space}", Role.HEADING),)


def key_hints(
    commands: tuple[CommandRow, ...],
    language: str,
    width: int,
    extra: tuple[tuple[str, str], ...] = (),
    contexts: Collection[str] = (),
) -> Drawing:
    """As many keys as fit, those most needed in these contexts first, in the table's order."""
    line: list[Span] = [Span(" ")]
    for key, label in [
        *extra,
        *(
            (command.shown, command.label.in_language(language))
            for command in _chosen(commands, language, width, extra, contexts)
        ),
    ]:
        line += [Span(key, Role.KEY), Span(f" {label}  ", Role.DIM)]
    return Lines.of([tuple(line)])


def command_at(
    commands: tuple[CommandRow, ...],
    language: str,
    width: int,
    x: int,
    extra: tuple[tuple[str, str], ...] = (),
    contexts: Collection[str] = (),
) -> CommandRow | None:
    """The command whose key is in column `x` of what `key_hints` draws."""
    at = 1 + sum(_size(key, label) for key, label in extra)
    for command in _chosen(commands, language, width, extra, contexts):
        size = _size(command.shown, command.label.in_language(language))
        if at <= x < at + size - 2:
            return command
        at += size
    return None


def _chosen(
    commands: tuple[CommandRow, ...],
    language: str,
    width: int,
    extra: tuple[tuple[str, str], ...],
    contexts: Collection[str],
) -> list[CommandRow]:
    """The commands that fit, the most needed first, in the table's order."""
    chosen: list[CommandRow] = []
    used = 1 + sum(_size(key, label) for key, label in extra)
    in_footer = [command for command in commands if command.rank(contexts)]
    for command in sorted(in_footer, key=lambda command: command.rank(contexts)):
        used += _size(command.shown, command.label.in_language(language))
        if used > width:
            break
        chosen.append(command)
    return [command for command in commands if command in chosen]


def _size(key: str, label: str) -> int:
    """The cells of a key and its label, with the gap after them."""
    return cell_width(key) + 1 + cell_width(label) + 2
