"""How many requests each route had, how they ended, and how long they took: a few additions a request.

What Prometheus wants of it is put together when it asks (`api.metrics`).
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds

# (method, route template, status)
Key = tuple[str, str, int]


@dataclass(slots=True)
class Tally:
    """`buckets`: one for each bound, and one for what took longer."""

    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))


@dataclass(slots=True)
class HttpCounts:
    tallies: dict[Key, Tally] = field(default_factory=dict[Key, Tally])

    def count(self, scope: Mapping[str, Any], status: int, seconds: float) -> None:
        """By the route's template: a path would make a line for each id, and tell of other tenants."""
        template = getattr(scope.get("route"), "path", None) or "unmatched"
        method = scope.get("method", "WS")
        key = (method if method in _METHODS else "OTHER", template, status)
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = Tally()
        tally.seconds += seconds
        tally.buckets[bisect_left(BOUNDS, seconds)] += 1


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WS"})
