"""Paths of `http` triggers: `/orders/{id}`, `/orders/{id:int}`, `/files/{rest:path}`.

A segment is literal, or a parameter that takes one segment as text (`{id}`) or as a whole number (`{id:int}`), or, at the
end, all that is left (`{rest:path}`, at least one segment). Where several routes fit a request, the more exact one is
taken, segment by segment from the left: literal, then `int`, then text, then `path`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tenuto.core.flow.findings import brief, mapping, under

Kind = Literal["literal", "int", "text", "path"]
Problem = tuple[str, str, str]  # code, message, hint

MAX_PATH: Final = 512
DEFAULT_METHOD: Final = "POST"
_PARAMETER: Final = re.compile(r"\{([a-z][a-z0-9_]*)(?::(int|path))?\}", re.ASCII)
_LITERAL: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~-]+", re.ASCII)  # a client never sends `.` or `..` as it is
_HINT: Final = "write `/orders/{id}`"


@dataclass(slots=True, frozen=True)
class Segment:
    """`name`: the literal itself, or the name of the parameter."""

    kind: Kind
    name: str


@dataclass(slots=True, frozen=True)
class Path:
    segments: tuple[Segment, ...] = ()
    problems: list[Problem] = field(default_factory=list[Problem])

    @property
    def shape(self) -> tuple[tuple[Kind, str], ...]:
        """Two paths of one shape take the same requests, whatever their parameters are called."""
        return tuple((each.kind, each.name if each.kind == "literal" else "") for each in self.segments)


def read_path(text: str) -> Path:
    """The segments of a path; where it has problems they are not to be relied on."""
    if not text.startswith("/") or len(text) > MAX_PATH:
        return Path(problems=[("wrong_path", f"`{brief(text)}` is no path", _HINT)])
    pieces = text[1:].split("/") if text != "/" else []
    segments = [_segment(piece) for piece in pieces]
    problems: list[Problem] = [
        ("wrong_path", f"`{brief(piece)}` is no part of a path", _HINT)
        for piece, segment in zip(pieces, segments, strict=True)
        if segment is None
    ]
    found = tuple(segment for segment in segments if segment is not None)
    names = [segment.name for segment in found if segment.kind != "literal"]
    if len(set(names)) < len(names):
        problems.append(("duplicate", "a name stands twice in the path", ""))
    if any(segment.kind == "path" for segment in found[:-1]):
        problems.append(("wrong_path", "only the last part of a path can be `:path`", "move it to the end"))
    return Path(found, problems)


def duplicates(triggers: Iterable[Mapping[str, object]]) -> list[tuple[str, str, str]]:
    """Where a flow says the same route again: the path in the document, the method, the route."""
    seen: set[tuple[str, object]] = set()
    found: list[tuple[str, str, str]] = []
    for index, trigger in enumerate(triggers):
        http = mapping(trigger.get("http"))
        text = http.get("path") if http is not None else None
        if http is None or not isinstance(text, str) or (path := read_path(text)).problems:
            continue
        method = str(http.get("method", DEFAULT_METHOD))
        if (method, path.shape) in seen:
            found.append((under("triggers", index) + ".http.path", method, brief(text)))
        seen.add((method, path.shape))
    return found


def _segment(piece: str) -> Segment | None:
    parameter = _PARAMETER.fullmatch(piece)
    if parameter is not None:
        kinds: dict[str, Kind] = {"int": "int", "path": "path"}
        return Segment(kinds.get(parameter[2] or "", "text"), parameter[1])
    return Segment("literal", piece) if _LITERAL.fullmatch(piece) else None
