"""Which trigger a request is for: paths as a tree of segments, most exact first. Pure; built again when something is published."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from tenuto.core.flow.paths import Path, Segment

Found = TypeVar("Found")
Parameters = dict[str, str | int]

_WHOLE: Final = re.compile(
    r"-?(0|[1-9][0-9]{0,17})", re.ASCII
)  # so that it fits 64 bits, and is written in one way only


@dataclass(slots=True)
class _Branch(Generic[Found]):
    """`here`: what ends at this place, by method, with the path as it was declared. `rest`: what takes all that follows."""

    here: dict[str, tuple[Path, Found]] = field(default_factory=dict[str, tuple[Path, Found]])
    rest: dict[str, tuple[Path, Found]] = field(default_factory=dict[str, tuple[Path, Found]])
    literal: "dict[str, _Branch[Found]]" = field(default_factory=dict[str, "_Branch[Found]"])
    whole: "_Branch[Found] | None" = None
    text: "_Branch[Found] | None" = None


@dataclass(slots=True, frozen=True)
class Matched(Generic[Found]):
    """`allowed`: the methods that the path takes, where the one that came is none of them."""

    found: Found | None = None
    parameters: Mapping[str, str | int] = field(default_factory=Parameters)
    allowed: Sequence[str] = ()


class Routes(Generic[Found]):
    """All routes of one place."""

    def __init__(self) -> None:
        self._root: _Branch[Found] = _Branch()

    def add(self, method: str, path: Path, what: Found) -> Found | None:
        """Add it, unless something of the same method and shape is there: that is the answer then."""
        branch, ends = self._root, False
        for segment in path.segments:
            ends = segment.kind == "path"
            branch = branch if ends else _below(branch, segment)
        taken = (branch.rest if ends else branch.here).setdefault(method, (path, what))[1]
        return None if taken is what else taken

    def match(self, method: str, segments: Sequence[str]) -> Matched[Found]:
        """What takes the request: of those that fit the path the most exact one that has the method."""
        allowed: set[str] = set()
        for ends in _ending(self._root, segments, 0):
            if method in ends:
                path, what = ends[method]
                return Matched(what, _parameters(path, segments))
            allowed.update(ends)
        return Matched(allowed=sorted(allowed))


def _below(branch: _Branch[Found], segment: Segment) -> _Branch[Found]:
    if segment.kind == "literal":
        return branch.literal.setdefault(segment.name, _Branch())
    if segment.kind == "int":
        branch.whole = branch.whole or _Branch()
        return branch.whole
    branch.text = branch.text or _Branch()
    return branch.text


def _ending(branch: _Branch[Found], segments: Sequence[str], at: int) -> Iterator[dict[str, tuple[Path, Found]]]:
    """Where the path may end, the most exact place first. As deep as a declared path, which is short."""
    if at == len(segments):
        if branch.here:
            yield branch.here
        return
    here = segments[at]
    ways = (
        branch.literal.get(here),
        branch.whole if _WHOLE.fullmatch(here) else None,
        branch.text if here else None,
    )
    for way in ways:
        if way is not None:
            yield from _ending(way, segments, at + 1)
    if branch.rest and any(segments[at:]):
        yield branch.rest


def _parameters(path: Path, segments: Sequence[str]) -> Parameters:
    found: Parameters = {}
    for at, segment in enumerate(path.segments):
        if segment.kind == "path":
            found[segment.name] = "/".join(segments[at:])
        elif segment.kind == "int":
            found[segment.name] = int(segments[at])
        elif segment.kind == "text":
            found[segment.name] = segments[at]
    return found
