"""The table of operators, which loads their files as far as a look-up needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backprop_engine.ops.definition import Op

__all__ = ["OpTable"]

_BETWEEN_OPERANDS = re.compile(r"a (\S+) b")


class OpTable(Mapping[str, "Op"]):
    """Every operator by name.

    `files` are the modules that define operators, the most used first: a look-up loads them in turn until it
    finds its operator, so that a small scenario does not wait for convolutions. Going through the table loads
    them all, and gives operators by family and name, whatever was loaded before.
    """

    def __init__(self, package: str, files: Sequence[str]) -> None:
        self._package = package
        self._waiting = list(reversed(files))
        self._defined: dict[str, Op] = {}
        self._by_symbol: dict[str, Op] = {}

    def add(self, op: Op) -> None:
        """Put an operator into the table."""
        if op.name in self._defined:
            raise ValueError(f"the operator {op.name} is defined twice")
        self._defined[op.name] = op
        if match := _BETWEEN_OPERANDS.fullmatch(op.written):
            self._by_symbol[match[1]] = op

    def by_symbol(self, symbol: str) -> Op:
        """The operator that `symbol` between two operands stands for: ``+``, ``@``, ``<=``."""
        while symbol not in self._by_symbol and self._waiting:
            self._load_next()
        return self._by_symbol[symbol]

    def __getitem__(self, name: str) -> Op:
        while name not in self._defined and self._waiting:
            self._load_next()
        return self._defined[name]

    def __iter__(self) -> Iterator[str]:
        while self._waiting:
            self._load_next()
        return iter(sorted(self._defined, key=lambda name: (self._defined[name].family, name)))

    def __len__(self) -> int:
        while self._waiting:
            self._load_next()
        return len(self._defined)

    def _load_next(self) -> None:
        import_module(f"{self._package}.{self._waiting.pop()}")
