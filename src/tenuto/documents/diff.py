"""Where two documents differ, for people: the changed paths, in the order of the first document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tenuto.core.flow.findings import listing, mapping, under


@dataclass(slots=True, frozen=True)
class Change:
    """One difference; `before` is None for what was added, `after` for what was removed."""

    path: str
    kind: Literal["added", "removed", "changed", "reordered"]
    before: object = None
    after: object = None

    def __str__(self) -> str:
        sign = {"added": "+", "removed": "-", "changed": "~", "reordered": "~"}[self.kind]
        return f"{sign} {self.path or '.'}"


def diff(before: object, after: object) -> list[Change]:
    """The changes that lead from the one to the other; none if they mean the same."""
    return list(_changes(before, after, ""))


def _changes(before: object, after: object, path: str) -> Iterator[Change]:
    old, new = mapping(before), mapping(after)
    if old is not None and new is not None:
        yield from _members(old, new, path)
        return
    one, other = listing(before), listing(after)
    if one is not None and other is not None:
        yield from _items(one, other, path)
    elif type(before) is not type(after) or before != after:
        yield Change(path, "changed", before, after)


def _members(old: Mapping[str, object], new: Mapping[str, object], path: str) -> Iterator[Change]:
    for key, value in old.items():
        at = under(path, key)
        if key in new:
            yield from _changes(value, new[key], at)
        else:
            yield Change(at, "removed", value)
    for key, value in new.items():
        if key not in old:
            yield Change(under(path, key), "added", None, value)
    if path.endswith(".with.cases") and old.keys() == new.keys() and list(old) != list(new):
        yield Change(path, "reordered", list(old), list(new))


def _items(old: list[object], new: list[object], path: str) -> Iterator[Change]:
    for index, (one, other) in enumerate(zip(old, new, strict=False)):
        yield from _changes(one, other, under(path, index))
    for index in range(len(new), len(old)):
        yield Change(under(path, index), "removed", old[index])
    for index in range(len(old), len(new)):
        yield Change(under(path, index), "added", None, new[index])
