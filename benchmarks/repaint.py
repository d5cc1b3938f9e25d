"""Time from a key to the last byte that it brings to the terminal, against an empty Textual app.

The empty app has one `Static`, whose text is another after every key. Both run in pseudo-terminals of
120×40, and keys go to one and the other in turns. POSIX only.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from terminal import COLUMNS, ROWS, NoScreenError, Terminal

from backprop_tui.files.bundled import bundled

EMPTY_APP = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    BINDINGS = [("s", "count")]
    count = 0
    def compose(self):
        yield Static("0" * 4000)
    def action_count(self):
        self.count += 1
        self.query_one(Static).update(f"step {self.count}  " + "0" * 4000)
Empty().run()
"""
QUIET = 0.06
WARM_UP = 3


def large_scenario(folder: Path, nodes: int) -> str:
    """A file of `nodes` computed nodes: a recurrent cell of five nodes, once for each time."""
    steps = nodes // 5
    path = folder / f"large_{nodes}.yaml"
    path.write_text(
        f"""
params: {{w: 0.5, u: 0.25}}
inputs: {{h0: 0.1, x: {[number % 7 / 8 for number in range(steps)]}}}
cells:
  step:
    inputs: [h, v]
    nodes: {{a: w * h, b: u * v, s: a + b, t: tanh(s), out: t * 0.9}}
    outputs: [out]
nodes:
  run: {{scan: step, over: {{v: x}}, carry: {{h: {{init: h0, next: out}}}}}}
  L: run[-1].out ** 2
output: L
""",
        "utf-8",
    )
    return str(path)


def pressed(empty: Terminal, scenario: str, presses: int, before: str) -> tuple[float, float]:
    """The median time of a key in the empty app, and in the debugger on `scenario`, in seconds.

    Half of the keys step forward from where `before` leads, and half of them back.
    """
    debugger = Terminal([sys.executable, "-m", "backprop_tui", scenario])
    one: list[float] = []
    other: list[float] = []
    try:
        debugger.first_screen(quiet=0.5)
        for key in before:
            debugger.press(key.encode(), quiet=0.5)
        for number in range(presses + WARM_UP):
            first, _ = empty.press(b"s", quiet=QUIET)
            second, _ = debugger.press(b"s" if number % 8 < 4 else b"S", quiet=QUIET)
            if number >= WARM_UP:
                one.append(first)
                other.append(second)
    finally:
        debugger.end()
    return median(one), median(other)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--presses", type=int, default=24, help="keys for each scenario (24)")
    parser.add_argument(
        "--large", type=int, default=10_000, help="nodes of the large graph (10,000); 0: none"
    )
    parser.add_argument("scenario", nargs="*", help="bundled stems or files; all that are bundled")
    options = parser.parse_args()
    ratios: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        scenarios = list(options.scenario or bundled())
        if options.large:
            scenarios.append(large_scenario(Path(folder), options.large))
        empty = Terminal([sys.executable, "-c", EMPTY_APP])
        empty.first_screen(quiet=0.3)
        for scenario in scenarios:
            try:
                nothing, debugger = pressed(empty, scenario, options.presses, "m")
            except NoScreenError as error:
                raise SystemExit(f"{scenario}: no screen; the last that was written:\n{error}") from None
            name = Path(scenario).stem
            ratios[name] = debugger / nothing
            print(f"{name:<40}{ratios[name]:6.2f}", flush=True)
        empty.end()
    ordered = sorted(ratios.values())
    print(f"a key to the last byte at {COLUMNS}×{ROWS}, an app with one Static = 1:")
    worst = max(ratios, key=ratios.__getitem__)
    print(f"median {median(ordered):.2f}, most {ratios[worst]:.2f} ({worst}), of {len(ratios)}")


if __name__ == "__main__":
    main()
