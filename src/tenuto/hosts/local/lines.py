"""What is due of several tenants, taken in turn, so that the many attempts of one do not stand before the one of another.

While a single tenant has work it is a plain queue, of which much is taken at once. Once another comes there is a line for
each, for a second after the last time that they alternated.
"""

import time
from collections import OrderedDict, deque
from typing import Final, Generic, TypeVar

T = TypeVar("T")

CROWDED: Final = 1.0  # seconds
SLICE: Final = 4  # how many are taken in one turn of the loop while there are lines
MOST: Final = 256  # while there are none: some milliseconds of quick nodes


class Lines(Generic[T]):
    def __init__(self) -> None:
        self._only: deque[T] = deque()
        self._lines: OrderedDict[str, deque[T]] = OrderedDict()  # whose turn it is stands first
        self._last = ""  # who came last
        self._crowded_until = 0.0

    def __bool__(self) -> bool:
        return bool(self._only or self._lines)

    def __len__(self) -> int:
        return len(self._only) + sum(map(len, self._lines.values()))

    def append(self, due: T, tenant: str) -> None:
        if tenant != self._last:
            self._crowded_until = time.monotonic() + CROWDED if self._last else 0.0
            self._last = tenant
        if self._crowded_until:
            self._lines.setdefault(tenant, deque()).append(due)
        else:
            self._only.append(due)

    def share(self) -> int:
        """How many may be taken before others have a turn of the loop."""
        if self._crowded_until and time.monotonic() > self._crowded_until:
            self._crowded_until = 0.0
        return SLICE if self._crowded_until else min(len(self), MOST)

    def pop(self) -> T:
        if self._only:
            return self._only.popleft()
        tenant, line = next(iter(self._lines.items()))
        due = line.popleft()
        if line:
            self._lines.move_to_end(tenant)
        else:
            del self._lines[tenant]
        return due
