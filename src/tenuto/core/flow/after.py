"""The forms of `after` (SEMANTICS 9): `a`, `a.port`, `a?`, `{any: [...]}`, alone or in a list.

Only the grammar is read here; whether such nodes and ports exist is asked when the whole body is known.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from tenuto.core.flow.findings import Findings, brief, has_expression, listing, mapping, under, what

_ENTRY: Final = re.compile(r"([A-Za-z0-9_-]+)(?:\.(.*[^?]))?(\??)", re.DOTALL)
_FORMS: Final = "write `a`, `a.port`, `a?` or `{any: [a, b.port]}`"


@dataclass(slots=True, frozen=True)
class Named:
    """One node as `after` names it; `port` None means its success ports."""

    node: str
    port: str | None
    path: str


@dataclass(slots=True, frozen=True)
class Wait:
    kind: Literal["single", "any", "settled"]
    named: tuple[Named, ...]


def read_after(value: object, path: str, findings: Findings) -> tuple[Wait, ...]:
    items = listing(value)
    if items is None:
        wait = _wait(value, path, findings)
        return (wait,) if wait else ()
    waits = [_wait(item, under(path, index), findings) for index, item in enumerate(items)]
    return tuple(wait for wait in waits if wait)


def _wait(value: object, path: str, findings: Findings) -> Wait | None:
    if isinstance(value, str):
        return _single(value, path, findings)
    members = mapping(value)
    if members is None or list(members) != ["any"]:
        findings.error(path, "wrong_after", f"`after` holds {what(value)} that is no such entry", _FORMS)
        return None
    return _any(members["any"], under(path, "any"), findings)


def _any(value: object, path: str, findings: Findings) -> Wait | None:
    items = listing(value)
    if not items:
        findings.error(path, "wrong_after", "`any` is not a list of at least one node", "write `{any: [a, b.port]}`")
        return None
    named: list[Named] = []
    for index, item in enumerate(items):
        at = under(path, index)
        wait = _single(item, at, findings) if isinstance(item, str) else None
        if wait is None:
            if not isinstance(item, str):
                findings.error(at, "wrong_after", f"`any` holds {what(item)}, not the name of a node", _FORMS)
        elif wait.kind == "settled":
            hint = "leave the ? out, or name the node beside the `any`"
            findings.error(at, "wrong_after", f"`{brief(item)}` is optional inside an `any`", hint)
        else:
            named += wait.named
    return Wait("any", tuple(named)) if named else None


def _single(text: str, path: str, findings: Findings) -> Wait | None:
    match = _ENTRY.fullmatch(text)
    if match is None:
        hint = "name the node without ${}" if has_expression(text) else _FORMS
        findings.error(path, "wrong_after", f"`{brief(text)}` does not name a node", hint)
        return None
    node, port, optional = match.groups()
    if optional and port:
        findings.error(
            path, "wrong_after", f"`{brief(text)}` has both a port and a ?", f"write `{node}?` or `{node}.{port}`"
        )
        return None
    return Wait("settled" if optional else "single", (Named(node, port, path),))
