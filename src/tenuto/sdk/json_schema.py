"""JSON Schemas that somebody else wrote: their validator, and how much work they may make.

The validator is imported when first needed; it fetches nothing, and its patterns run in linear time. What it does not bound is
how often a place is looked at: sixteen definitions, each of which names the next one twice, take it ten seconds. So what a
schema can ask for is counted before it is used.
"""

import functools
import itertools
import json
from collections.abc import Iterator
from typing import Any, Final, cast

HEAVIEST: Final = 5_000  # schemas that may be asked about a place and those below it, along the dearest way
_TOLD: Final = 2_000  # places of a value that may each be wrong in a way of its own
_LONG: Final = 300  # characters: as long again as a schema is, as long a finding is that quotes it

_HERE: Final = (
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
)  # ask about the place itself
_BELOW: Final = (
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "unevaluatedProperties",
    "items",
    "prefixItems",
    "additionalItems",
    "unevaluatedItems",
    "contains",
)
_NAMED: Final = frozenset({"dependentSchemas", "properties", "patternProperties"})  # schemas by name
_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")

Schema = dict[str, Any]


@functools.lru_cache(maxsize=256)
def validator_of(schema: str) -> Any:
    """`ValueError` if it is no JSON Schema, or one that takes too long to check."""
    import jsonschema_rs

    read: Any = json.loads(schema)
    try:
        heavy = _Scales(read).weight(read) > HEAVIEST
    except RecursionError:
        raise ValueError("the schema is too deep") from None
    if heavy:
        raise ValueError("the schema takes too long to check: its parts name each other too often")
    return jsonschema_rs.validator_for(read, offline=True, pattern_options=jsonschema_rs.RegexOptions())


def misfits(schema: str, value: object, most: int) -> list[Any]:
    """What is wrong with the value, as the validator says it: all of it where the value is small; of a large one the first.

    Finding out whether it fits is quick. To say what is wrong takes a thousand times as long, and whoever sends half a
    million wrong items would hold up everybody for a minute. `ValueError` as of `validator_of`.
    """
    validator = validator_of(schema)
    if validator.is_valid(value):
        return []
    places = _TOLD // (1 + len(schema) // _LONG)
    if _holds_more(value, places):
        return [_first(validator, value)]
    return list(itertools.islice(validator.iter_errors(value), most))


def _first(validator: Any, value: object) -> Any:
    import jsonschema_rs

    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        return error
    raise ValueError("it fits after all")  # the validator contradicts itself


def _holds_more(value: object, most: int) -> bool:
    """Whether there are more places in it. Looks at no more than that."""
    pending, seen = [value], 0
    while pending and seen <= most:
        here = pending.pop()
        inner: Any = ()
        if isinstance(here, dict):
            inner = cast("Schema", here).values()
        elif isinstance(here, list):
            inner = cast("list[Any]", here)
        seen += len(inner)
        pending.extend(itertools.islice(inner, most + 1))
    return seen > most


class _Scales:
    """Weighs the schemas of one document, each once."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._known: dict[int, int] = {}
        self._named = {name: each for each in _all(root) for name in _names(each)}

    def weight(self, schema: object) -> int:
        """Itself, all that is asked about the same place, and the dearest of what is asked about places below it."""
        if not isinstance(schema, dict):
            return 0  # true, false, or nothing that a validator would take
        here = cast("Schema", schema)
        known = self._known.get(id(here))
        if known is None:
            self._known[id(here)] = 1  # where it comes back to itself, only a deeper value goes on
            same = sum(self.weight(each) for key in _HERE for each in _schemas(here, key))
            named = sum(self.weight(self._meant(here[key])) for key in _REFERENCES if key in here)
            below = max((self.weight(each) for key in _BELOW for each in _schemas(here, key)), default=0)
            known = self._known[id(here)] = 1 + same + named + below
        return known

    def _meant(self, reference: object) -> object:
        if not isinstance(reference, str):
            return None
        found = self._named.get(reference)
        return found if found is not None else _at(self._root, reference.partition("#")[2])


def _schemas(schema: Schema, key: str) -> list[Any]:
    given = schema.get(key)
    if isinstance(given, list):
        return cast("list[Any]", given)
    return [*cast("Schema", given).values()] if key in _NAMED and isinstance(given, dict) else [given]


def _all(value: Any) -> Iterator[Schema]:
    pending = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            yield cast("Schema", here)
            pending.extend(cast("Schema", here).values())
        elif isinstance(here, list):
            pending.extend(cast("list[Any]", here))


def _names(schema: Schema) -> Iterator[str]:
    """How it may be referred to, besides its place."""
    for key, sign in (("$id", ""), ("$anchor", "#"), ("$dynamicAnchor", "#")):
        name = schema.get(key)
        if isinstance(name, str):
            yield sign + name


def _at(root: Any, pointer: str) -> object:
    here = root
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(here, dict):
            here = cast("Schema", here).get(key)
        elif isinstance(here, list) and key.isdecimal() and int(key) < len(cast("list[Any]", here)):
            here = cast("list[Any]", here)[int(key)]
        else:
            return None
    return here
