"""Results computed from a trace or a graph are cached on it for as long as it lives.

A cache at module level that has a trace among its keys keeps that trace, and all its tensors, alive for as
long as the entry is. So a function of a trace that is worth remembering is declared here::

    @derived(limit=64)
    def numeric_check(trace: Trace, edge: Edge) -> GradientCheck: ...

Results must not refer to their owner: a cycle would keep both until the garbage collector runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import ref

__all__ = ["derived"]

Owner = TypeVar("Owner")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_ATTRIBUTE = "_derived"


def derived(
    limit: int | None = None,
) -> Callable[
    [Callable[Concatenate[Owner, Arguments], Result]], Callable[Concatenate[Owner, Arguments], Result]
]:
    """Remember the results of a function on its first argument, the `limit` most recently used of each owner.

    The owner needs a `__dict__` and weak references; all other arguments must be hashable. Those of the
    owner's own type, such as the trace that it is compared with, are not kept alive either.
    """

    def declare(
        function: Callable[Concatenate[Owner, Arguments], Result],
    ) -> Callable[Concatenate[Owner, Arguments], Result]:
        @wraps(function)
        def remembered(owner: Owner, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            caches: dict[Any, Callable[..., Result]] = vars(owner).setdefault(_ATTRIBUTE, {})
            cache = caches.get(function)
            if cache is None:
                cache = caches.setdefault(function, _cache(function, owner, limit))
            if not args and not kwargs:
                return cache()
            return cache(*(ref(arg) if type(arg) is type(owner) else arg for arg in args), **kwargs)

        return remembered

    return declare


def _cache(function: Callable[..., Result], owner: Any, limit: int | None) -> Callable[..., Result]:
    weakly = ref(owner)  # a strong reference would tie the owner to its own cache

    def compute(*args: Any, **kwargs: Any) -> Result:
        return function(weakly(), *(arg() if isinstance(arg, ref) else arg for arg in args), **kwargs)

    return lru_cache(maxsize=limit)(compute)
