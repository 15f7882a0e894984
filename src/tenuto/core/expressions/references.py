"""What an expression refers to, so that a document can be checked and a node knows what it waits for."""

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(slots=True, frozen=True)
class Reference:
    """A name from outside, with the constant part of the path that is read below it.

    `optional`: inside `??` or `has()`, so nothing is wrong if it has no value. `error`: it is `NAME.error` or something
    below that, should `NAME` be a node. `port`: read by `port(NAME)` only. `offset`: where it stands in the text that
    was compiled. Variables of comprehensions are no references.
    """

    name: str
    path: tuple[str | int, ...] = ()
    optional: bool = False
    error: bool = False
    offset: int = 0
    port: bool = False


def merged(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """Each name and path once, where it first stood; required if it is required anywhere."""
    found: dict[tuple[object, ...], Reference] = {}
    for reference in references:
        key = (reference.name, reference.path, reference.error, reference.port)
        known = found.get(key)
        if known is None:
            found[key] = reference
        elif known.optional and not reference.optional:
            found[key] = replace(known, optional=False)
    return tuple(found.values())


def moved(references: Iterable[Reference], by: int) -> list[Reference]:
    """The references of an expression that stands later in a text."""
    return [replace(reference, offset=reference.offset + by) for reference in references]
