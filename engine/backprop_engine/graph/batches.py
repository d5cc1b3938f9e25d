"""Minibatches: which examples each iteration of a training sees, however it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backprop_engine.arrays import Tensor, settle

__all__ = ["Batches"]


class Batches(Struct, frozen=True, eq=False):
    """All `examples` by the leaf that gets `size` of them in each iteration; they lie along the first axis.

    With a `seed` each epoch has an order of its own, else that of the data. An epoch has only whole batches:
    what is left over in one is not used in it.
    """

    size: int
    seed: int | None
    examples: Mapping[int, Tensor]

    @property
    def count(self) -> int:
        """How many examples there are."""
        return len(next(iter(self.examples.values())))

    @property
    def per_epoch(self) -> int:
        """How many batches make an epoch."""
        return self.count // self.size

    def epoch(self, iteration: int) -> tuple[int, int]:
        """The epoch that an iteration belongs to and the number of its batch there, both from 0."""
        return divmod(iteration, self.per_epoch)

    def rows(self, iteration: int) -> NDArray[np.intp]:
        """The numbers of the examples of an iteration, in the order of its batch.

        The order of an epoch sorts random numbers in double precision, drawn from NumPy's default generator
        with the seed and the epoch: the same everywhere.
        """
        epoch, batch = self.epoch(iteration)
        begin = batch * self.size
        if self.seed is None:
            return np.arange(begin, begin + self.size)
        keys = np.random.default_rng([self.seed, epoch]).random(self.count)
        return np.argsort(keys, kind="stable")[begin : begin + self.size]

    def at(self, iteration: int) -> dict[int, Tensor]:
        """The values of the leaves in an iteration."""
        rows = self.rows(iteration)
        return {leaf: settle(given[rows], given.dtype) for leaf, given in self.examples.items()}

    def with_examples(self, leaf: int, examples: Any) -> Batches:
        """The same with other examples for one leaf."""
        given = self.examples[leaf]
        return Batches(self.size, self.seed, {**self.examples, leaf: settle(np.array(examples), given.dtype)})
