"""`run`: the whole run as readable text or as data, or a scripted session."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from itertools import chain

from backprop_engine.errors import SEVERITIES, UsageError
from backprop_engine.explain.facts import step_facts
from backprop_engine.messages.message import in_language, msg
from backprop_engine.run_json import run_json, tensor_json
from backprop_engine.scenario.model import Scenario
from backprop_engine.scenario.verify import failures
from backprop_engine.trace.run import Run
from backprop_engine.trace.trace import Trace
from backprop_tui.cells.lines import Line, Role, Span
from backprop_tui.cli.arguments import add_shared, opened, position
from backprop_tui.cli.output import ProgressMeter, print_lines
from backprop_tui.render.spoken import Spoken
from backprop_tui.render.transcript import course, heading, state, transcript

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `run`."""
    add_shared(parser)
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help=msg("the run as one JSON object"))
    forms.add_argument("--md", action="store_true", help=msg("the worked example in Markdown, as a handout"))
    parser.add_argument(
        "--brief",
        action="store_true",
        help=msg("only the steps, without title, description, notes or lessons"),
    )
    parser.add_argument("--at", type=int, metavar="N", help=msg("the state at position N"))
    parser.add_argument(
        "--iteration", type=int, metavar="K", help=msg("with `train`: the iteration to show (0)")
    )
    parser.add_argument(
        "--step-into",
        action="store_true",
        help=msg(
            "show the inner steps of composite operators too, indented under the forward step and the "
            "first backward step; with --json, under the key `inside` of those steps"
        ),
    )
    parser.add_argument(
        "-x",
        action="append",
        default=[],
        metavar="COMMANDS",
        help=msg(
            "a scripted session: commands for the debugger's prompt, separated by `;`, each followed by "
            'its output, such as -x "b op relu; c; p grad(W)"; with --at, it starts at position N'
        ),
    )
    parser.add_argument(
        "--commands",
        metavar="FILE",
        help=msg("the same, from a file, run before the commands of -x; - for standard input"),
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the run."""
    language = arguments.lang or "en"
    scripted = bool(arguments.x) or arguments.commands is not None
    if scripted:
        _refuse_others(arguments)
    if arguments.md and arguments.step_into:
        raise UsageError(msg("--md does not show inner steps: leave out --step-into"))
    scenario = opened(arguments)
    iterations = scenario.run()
    if scripted:
        from backprop_tui.cli.script import given, run_script

        commands = given(arguments.commands, arguments.x)
        first = position(arguments.at, iterations.last) or 0
        return run_script(scenario, commands, first, language)
    meter = ProgressMeter(language)
    here = position(arguments.at, iterations.last)
    wanted = None if arguments.iteration is None else iterations.iteration_labelled(str(arguments.iteration))
    meter.reach(iterations, wanted or (0 if here is None else iterations.locate(here)[0]))
    trace, at = _chosen(iterations, wanted, here)
    if iterations.training is not None and (at is None or arguments.json) and not arguments.md:
        meter.extend(iterations)
    if arguments.md:
        from backprop_tui.export.formats import FORMATS, Exported

        frame = trace.frame(trace.schedule.completed if at is None else at)
        sys.stdout.write(FORMATS["markdown"].write(Exported(scenario, frame, language)))
    elif arguments.json:
        data = run_json(scenario.name, trace, at, step_into=arguments.step_into)
        if iterations.training is not None:
            data["iterations"] = [
                {"iteration": iteration, "loss": tensor_json(loss) if loss.shape == () else None}
                for iteration, loss in enumerate(iterations.losses())
            ]
        json.dump(data, sys.stdout, ensure_ascii=False, allow_nan=False)
        sys.stdout.write("\n")
    else:
        print_lines(_text(scenario, trace, at, language, arguments))
        if at is None and iterations.training is not None:
            print_lines(course(iterations, language))
            print_lines(
                [
                    (
                        Span(
                            msg(
                                "Only the steps of iteration {iteration} are shown; --iteration K shows "
                                "those of another.",
                                iteration=trace.iteration,
                            ).in_language(language),
                            Role.DIM,
                        ),
                    )
                ]
            )
    for warning in trace.warnings:
        kind, message = in_language(SEVERITIES["warning"], language), in_language(warning.message, language)
        print(f"{scenario.path}: {kind}[{warning.code}]: {message}", file=sys.stderr)
    for failure in failures(scenario, iterations) if not arguments.set else ():
        diagnostic = failure.diagnostic._replace(severity="warning")
        print(diagnostic.in_language(language), file=sys.stderr)
    return 0


def _refuse_others(arguments: argparse.Namespace) -> None:
    """Refuse options that a scripted session cannot use."""
    others = {"--json": arguments.json, "--md": arguments.md, "--step-into": arguments.step_into}
    others["--iteration"] = arguments.iteration is not None
    for name, is_given in others.items():
        if is_given:
            raise UsageError(
                msg("{option} applies to the whole run: do not combine it with -x or --commands", option=name)
            )
    if arguments.scenario == "-" == arguments.commands:
        raise UsageError(msg("the scenario and the commands cannot both come from standard input"))


def _chosen(run: Run, iteration: int | None, at: int | None) -> tuple[Trace, int | None]:
    """The trace to show, and the position in it; `at` counts through all iterations."""
    if at is None:
        return run.trace(iteration or 0), None
    found, here = run.locate(at)
    if iteration is not None and iteration != found:
        first = run.start(iteration)
        if at != first:
            last = first + run.trace(iteration).schedule.last
            raise UsageError(
                msg(
                    "position {position} is in iteration {found}; iteration {iteration} covers positions "
                    "{first} to {last}",
                    position=at,
                    found=found,
                    iteration=iteration,
                    first=first,
                    last=last,
                )
            )
        found, here = iteration, 0
    return run.trace(found), here


def _text(
    scenario: Scenario, trace: Trace, at: int | None, language: str, arguments: argparse.Namespace
) -> Iterable[Line]:
    changed = scenario.original is not None
    if at is None:
        if arguments.brief:
            return transcript(trace, language, step_into=arguments.step_into)
        words = Spoken(scenario.notes, changed=changed)
        told = transcript(trace, language, step_into=arguments.step_into, words=words)
        return chain(heading(scenario, language), told)
    return state(step_facts(trace.frame(at), scenario.notes, changed=changed), language)
