"""Fuzz what takes text or bytes from outside: `python tests/fuzz/fuzz.py [TARGET …]`, from a checkout.

Inputs are valid ones with damage that knows the format (see `fuzz_targets.py`), the same for the same seed.
An input that ends in anything but an answer or an error for people, or twice takes more than two seconds of
processor time, is a finding: it is written to a folder, and belongs into `tests/fuzz/corpus/TARGET` once
it is understood. With `--coverage`, atheris (pip install atheris) chooses the inputs that reach new branches.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fuzz_targets import Target

HERE: Final = Path(__file__).parent
SECONDS: Final = 2.0
"""What no input may take more of."""


def main() -> None:
    """Run the targets, one after the other, and print what was counted; exit code 1 if anything was found."""
    sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", help="loader, run, expression, prompt, …; all if left out")
    parser.add_argument("--inputs", type=int, default=2_000, help="how many inputs for each target (2,000)")
    parser.add_argument("--minutes", type=float, default=0, help="at most so long for each target")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other inputs (0)")
    parser.add_argument("--keep", type=Path, help="the folder for what was found (a new one)")
    parser.add_argument("--coverage", action="store_true", help="have atheris choose; for one target")
    options = parser.parse_args()
    os.environ["XDG_CONFIG_HOME"] = mkdtemp(prefix="backprop-fuzz-")  # nobody's settings
    if options.coverage:
        guided(options.targets, options.inputs, options.minutes)
        return
    from fuzz_targets import TARGETS

    keep = options.keep or Path(mkdtemp(prefix="backprop-found-"))
    warnings.simplefilter("error")
    found = 0
    for name in options.targets or TARGETS:
        found += fuzz(name, options.inputs, 60 * options.minutes, options.seed, keep)
    sys.exit(1 if found else 0)


def fuzz(name: str, inputs: int, seconds: float, seed: int, keep: Path) -> int:
    """Give a target so many inputs; how many different findings there were."""
    from fuzz_targets import TARGETS, refused

    target, counts, kinds = TARGETS[name], Counter[str](), Counter[str]()
    began, slowest = time.process_time(), 0.0
    for data in drawn(name, inputs, seed):
        before = time.process_time()
        if seconds and before - began > seconds:
            break
        try:
            counts["refused" if refused(target, data) else "accepted"] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            kind = described(error)
            kinds[kind] += 1
            if kinds[kind] == 1:
                keep_input(keep / name, data, kind)
        taken = time.process_time() - before
        if taken > SECONDS:  # once may be the garbage of what ran before, or another thread
            taken = min(taken, time_of(target, data))
        slowest = max(slowest, taken)
        if taken > SECONDS:
            kinds["slow"] += 1
            keep_input(keep / name, data, f"{taken:.1f} s")
    total = counts.total() + sum(count for kind, count in kinds.items() if kind != "slow")
    print(
        f"{name:12} {total:9,} inputs  {counts['accepted']:9,} accepted  {counts['refused']:9,} refused  "
        f"{sum(kinds.values()):5} findings of {len(kinds)} kinds  slowest {slowest:.2f} s",
        flush=True,
    )
    return len(kinds)


def time_of(target: Target, data: bytes) -> float:
    """How many seconds of processor time an input takes, whatever it ends in."""
    before = time.process_time()
    with suppress(Exception):
        target.take(data)
    return time.process_time() - before


def drawn(name: str, inputs: int, seed: int) -> Iterator[bytes]:
    """The inputs of a target: what once failed, the valid ones, and those with damage."""
    from fuzz_targets import TARGETS, mutated

    seeds, random = TARGETS[name].seeds(), Random(f"{name} {seed}")
    yield from (path.read_bytes() for path in TARGETS[name].corpus(name))
    yield from seeds
    for _ in range(inputs):
        yield mutated(seeds, random)


def described(error: Exception) -> str:
    """The kind of an exception, and the line that raised it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}: {str(error)[:100]!r}"


def keep_input(folder: Path, data: bytes, why: str) -> None:
    """Write an input to a folder, and say where and why."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(data).hexdigest()[:12]
    path.write_bytes(data)
    print(f"  {path}: {why}", flush=True)


def guided(targets: list[str], inputs: int, minutes: float) -> None:
    """Have atheris, libFuzzer for Python, choose inputs by the branches that they reach."""
    import atheris  # not among the dependencies: only this uses it

    (name,) = targets or ["loader"]
    with atheris.instrument_imports(include=["backprop_engine", "backprop_tui"]):
        from fuzz_targets import TARGETS, mutated, refused
    target = TARGETS[name]
    seeds = target.seeds()
    corpus = Path(mkdtemp(prefix=f"backprop-{name}-"))
    for number, data in enumerate(seeds):
        (corpus / f"{number:04}").write_bytes(data)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        return mutated([data, data, data, random.choice(seeds)], random)[:most]

    arguments = [f"-runs={inputs}", f"-timeout={int(10 * SECONDS)}", "-print_final_stats=1", "-max_len=8000"]
    if minutes:
        arguments.append(f"-max_total_time={int(60 * minutes)}")
    atheris.Setup(
        [sys.argv[0], *arguments, str(corpus)],
        lambda data: refused(target, data) and None,
        custom_mutator=mutate,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
