"""Which faults are named at their line: by the doctor of a recording, and by PyTorch's anomaly mode.

``PYTHONPATH=tests/pytorch:tests/support python benchmarks/faults.py`` from a checkout with PyTorch.
"""

from __future__ import annotations

import re
import tempfile
import warnings
from pathlib import Path

import torch
from planted_faults import PLANTED, Planted, at_fault, found

_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


def doctor(planted: Planted) -> str:
    """What the doctor says first, and whether any finding names the line."""
    with tempfile.TemporaryDirectory() as folder:
        findings = found(planted, Path(folder) / "run")
    named = [one for one in findings if at_fault(one.file, one.line)]
    return f"**{named[0].kind}**" if named else (findings[0].kind if findings else "nothing")


def anomaly_mode(planted: Planted) -> str:
    """What anomaly mode says: nothing, or an error, and the line of the forward pass that it gives for it."""
    torch.manual_seed(0)
    model = planted.model()
    with warnings.catch_warnings(record=True) as caught, torch.autograd.detect_anomaly():
        warnings.simplefilter("always")
        try:
            planted.train(None, model)
        except RuntimeError as problem:
            text = "".join(str(one.message) for one in caught)
            frames = [(file, int(line)) for file, line in _FRAME.findall(text)]
            mine = [frame for frame in frames if "site-packages" not in frame[0]]
            said = str(problem).partition("\n")[0].removeprefix("Function ").partition(" in its")[0]
            return f"**{said}**" if mine and at_fault(*mine[-1]) else f"{said}, another line"
    return "silent"


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print("| fault | doctor | anomaly mode |\n|---|---|---|")
    for name, planted in PLANTED.items():
        print(f"| {name} | {doctor(planted)} | {anomaly_mode(planted)} |")


if __name__ == "__main__":
    main()
