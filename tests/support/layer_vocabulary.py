"""The words of layers' rule texts that NumPy has not, or takes in another form; see `rule_vocabulary`."""

from __future__ import annotations

from typing import Any

import numpy as np

LAYERS: dict[str, Any] = {
    "split": lambda a, parts, index, axis: np.split(a, parts, axis)[index],
    "concat": lambda *operands, axis: np.concatenate(operands, axis),
}
