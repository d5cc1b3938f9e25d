"""`doctor`: what is wrong with a recorded run."""

from __future__ import annotations

import argparse
import json
import shlex

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import in_language, msg
from backprop_engine.messages.translations import languages
from backprop_engine.recordings.findings import Finding, find
from backprop_engine.recordings.recording import Recording, open_recording
from backprop_engine.recordings.scenarios import position_of, recorded_run

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `doctor`."""
    parser.add_argument("recording", metavar="RUN", help=msg("the folder of a recorded run"))
    parser.add_argument("--json", action="store_true", help=msg("the findings as JSON"))
    parser.add_argument("--lang", choices=languages(), default="en", help=msg("the language of explanations"))


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; 1 if there are any, 0 if there are none."""
    recording = open_recording(arguments.recording)
    findings = find(recording)
    places = _places(recording, findings)
    if arguments.json:
        print(json.dumps(_data(recording, findings, places), ensure_ascii=False, indent=2))
    else:
        _print(recording, findings, places, arguments.lang)
    return 1 if findings else 0


def _places(recording: Recording, findings: list[Finding]) -> list[int | None]:
    """The position at which the debugger shows each finding, where it does."""
    if not findings:
        return []
    try:
        run = recorded_run(recording)
    except UsageError:  # nothing ran backward
        return [None] * len(findings)
    return [position_of(run, finding) for finding in findings]


def _print(recording: Recording, findings: list[Finding], places: list[int | None], language: str) -> None:
    steps = recording.steps
    nodes = len({name for step in steps for run in step.runs for name in run.nodes})
    print(
        msg(
            "{framework} {version}: {steps} steps, {operators} operators, "
            "{nodes} nodes of the backward graph",
            framework=recording.manifest.framework,
            version=recording.manifest.version,
            steps=len(steps),
            operators=sum(len(step.operators) for step in steps),
            nodes=nodes,
        ).in_language(language)
    )
    checks = [check for step in steps for run in step.runs for check in run.checks]
    if checks:
        compared = [check for check in checks if check.error is not None]
        print(
            msg(
                "{agree} of {count} contributions agree with the forward of their operator; {left} were not "
                "compared",
                agree=sum(not check.wrong for check in compared),
                count=len(compared),
                left=len(checks) - len(compared),
            ).in_language(language)
        )
    for finding, position in zip(findings, places, strict=True):
        where = f"{finding.file}:{finding.line}: " if finding.file else ""
        print(f"\n{where}{finding.kind}: {in_language(finding.message, language)}")
        place = [msg("step {step}", step=finding.step).in_language(language)]
        place += [text for text in (finding.op, finding.module, finding.node) if text]
        print(f"  {' · '.join(place)}")
        if position is not None:
            folder = shlex.quote(str(recording.folder))
            print(f"  backprop-tui {folder} --at {position}")
    if not findings:
        print(msg("no problem was found").in_language(language))


def _data(recording: Recording, findings: list[Finding], places: list[int | None]) -> dict[str, object]:
    return {
        "framework": recording.manifest.framework,
        "version": recording.manifest.version,
        "steps": [step.number for step in recording.steps],
        "findings": [
            {
                "kind": finding.kind,
                "step": finding.step,
                "message": str(finding.message),
                "node": finding.node,
                "op": finding.op,
                "module": finding.module,
                "file": finding.file,
                "line": finding.line,
                "position": position,
            }
            for finding, position in zip(findings, places, strict=True)
        ],
    }
