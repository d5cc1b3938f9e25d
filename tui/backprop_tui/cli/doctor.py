"""`doctor`: what is wrong with a recorded run."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path

from backprop_engine.errors import UsageError
from backprop_engine.messages.message import Message, in_language, msg
from backprop_engine.messages.plain_text import clean
from backprop_engine.messages.translations import languages
from backprop_engine.recordings.findings import Finding, find_in_ranks
from backprop_engine.recordings.passes import RecordedPasses
from backprop_engine.recordings.ranks import Ranks, open_ranks
from backprop_engine.recordings.recording import Recording
from backprop_engine.recordings.scenarios import FindingPlace, place_of

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `doctor`."""
    parser.add_argument("recording", metavar="RUN", help=msg("the folder of a recorded run"))
    parser.add_argument("--json", action="store_true", help=msg("the findings as JSON"))
    parser.add_argument("--lang", choices=languages(), default="en", help=msg("the language of explanations"))


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; 1 if there are any, 0 if there are none."""
    ranks = open_ranks(arguments.recording)
    findings = find_in_ranks(ranks)
    places = _places(ranks, findings)
    if arguments.json:
        print(json.dumps(_data(ranks, findings, places), ensure_ascii=False, indent=2))
    else:
        _print(ranks, findings, places, arguments.lang)
    return 1 if findings else 0


def _places(ranks: Ranks, findings: list[Finding]) -> list[FindingPlace | None]:
    """Where the debugger shows each finding, on its first rank."""
    passes, places = RecordedPasses(ranks), list[FindingPlace | None]()
    for finding in findings:
        try:
            places.append(place_of(passes, _recording(ranks, finding)[0], finding))
        except UsageError:  # nothing ran backward
            places.append(None)
    return places


def _recording(ranks: Ranks, finding: Finding) -> tuple[int, Recording]:
    """The first rank of a finding that has a recording, and that recording."""
    found = [rank for rank in finding.ranks if rank in ranks.recordings]
    rank = found[0] if found else next(iter(ranks.recordings))
    return rank, ranks.recordings[rank]


def _print(ranks: Ranks, findings: list[Finding], places: list[FindingPlace | None], language: str) -> None:
    steps = [step for recording in ranks.recordings.values() for step in recording.steps]
    manifest = ranks.first.manifest
    nodes = sum(
        len({name for step in one.steps for run in step.runs for name in run.nodes})
        for one in ranks.recordings.values()
    )
    if ranks.world > 1:
        text = msg("{found} of {world} ranks", found=len(ranks.recordings), world=ranks.world)
        print(text.in_language(language))
    count = len(ranks.numbers)
    print(
        msg(
            "{framework} {version}: {steps}, {operators} operators, {nodes} nodes of the backward graph",
            framework=clean(manifest.framework),
            version=clean(manifest.version),
            steps=msg("1 step") if count == 1 else msg("{count} steps", count=count),
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
    for finding, shown in zip(findings, places, strict=True):
        where = f"{_from_here(finding.file)}:{finding.line}: " if finding.file else ""
        print(f"\n{where}{finding.kind}: {in_language(finding.message, language)}")
        place = [msg("step {step}", step=finding.step).in_language(language)]
        if finding.ranks and ranks.world > 1:
            place.append(_ranks(ranks, finding).in_language(language))
        node = finding.node if finding.op else ""  # a leaf's is an address, and the message has its name
        place += [text for text in (finding.op, finding.module, node) if text]
        print(f"  {' · '.join(place)}")
        if shown is not None:
            folder, origin = shlex.quote(clean(f"{shown.run.recording.folder}/")), shown.run.origin
            option = f" --pass {origin.pass_number}" if origin.passes > 1 else ""
            print(f"  backprop-tui {folder}{option} --at {shown.position}")
    if not findings:
        print(msg("no problem was found").in_language(language))


def _from_here(file: str) -> str:
    """A path relative to the current folder, if it lies below that."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def _ranks(ranks: Ranks, finding: Finding) -> Message:
    if len(finding.ranks) == ranks.world:
        return msg("all ranks")
    if len(finding.ranks) == 1:
        return msg("rank {rank}", rank=finding.ranks[0])
    return msg("ranks {ranks}", ranks=", ".join(map(str, finding.ranks)))


def _data(ranks: Ranks, findings: list[Finding], places: list[FindingPlace | None]) -> dict[str, object]:
    manifest = ranks.first.manifest
    return {
        "framework": clean(manifest.framework),
        "version": clean(manifest.version),
        "steps": ranks.numbers,
        **({"world": ranks.world, "ranks": list(ranks.recordings)} if ranks.world > 1 else {}),
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
                "position": None if shown is None else shown.position,
                **({"pass": shown.run.origin.pass_number} if shown and shown.run.origin.passes > 1 else {}),
                **({"ranks": list(finding.ranks)} if ranks.world > 1 else {}),
            }
            for finding, shown in zip(findings, places, strict=True)
        ],
    }
