"""What is kept in memory because it may be wanted again: as much as it may weigh together, the last used for longest."""

from collections import OrderedDict
from typing import Final, Generic, TypeVar

MOST: Final = 4 * 2**20  # characters of documents; the flows made of them take 40 times that

T = TypeVar("T")


class Weighed(Generic[T]):
    """By hash. What was kept last stays, whatever it weighs."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._weight = 0
        self._kept: OrderedDict[str, tuple[int, T]] = OrderedDict()

    def get(self, digest: str) -> T | None:
        known = self._kept.get(digest)
        if known is None:
            return None
        self._kept.move_to_end(digest)
        return known[1]

    def keep(self, digest: str, weight: int, thing: T) -> None:
        if digest not in self._kept:
            self._weight += weight
            self._kept[digest] = (weight, thing)
        while self._weight > self._most and len(self._kept) > 1:
            self._weight -= self._kept.popitem(last=False)[1][0]
