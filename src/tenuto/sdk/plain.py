"""Plain annotations (`str`, `list[int]`, `Literal[...]`, `X | None` ...) as JSON Schema and as an exact check, without pydantic.

Importing pydantic costs more than running a small flow, so it is kept for what needs it. A plain shape says the same
as pydantic does: the schema is equal (a test compares them), and a value that passes `fits` would come out unchanged.
A value that does not fit is not yet wrong: pydantic may still convert it.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, Required, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

Check = Callable[[object], bool]
Schema = dict[str, Any]


@dataclass(slots=True, frozen=True)
class Shape:
    """`kinds`: exact types that fit without a further look, None if anything does; `fits`: that look, for the others."""

    schema: Schema
    kinds: frozenset[type] | None = frozenset()
    fits: Check | None = None

    def accepts(self, value: object) -> bool:
        return self.kinds is None or type(value) in self.kinds or (self.fits is not None and self.fits(value))


ANYTHING = Shape({}, None)

_SIMPLE: dict[Any, Shape] = {
    Any: ANYTHING,
    str: Shape({"type": "string"}, frozenset({str})),
    int: Shape({"type": "integer"}, frozenset({int})),
    float: Shape({"type": "number"}, frozenset({float})),
    bool: Shape({"type": "boolean"}, frozenset({bool})),
    None: Shape({"type": "null"}, frozenset({type(None)})),
    type(None): Shape({"type": "null"}, frozenset({type(None)})),
    list: Shape({"type": "array", "items": {}}, frozenset({list})),
    dict: Shape({"type": "object", "additionalProperties": True}, frozenset({dict})),
}


def shape_of(annotation: Any) -> Shape | None:
    """The plain shape of an annotation, or None where only pydantic knows."""
    try:
        simple = _SIMPLE.get(annotation)
    except TypeError:  # an unhashable annotation
        return None
    if simple is not None:
        return simple
    origin = get_origin(annotation)
    build = _BUILDERS.get(origin)
    return build(get_args(annotation)) if build else None


def output_schema_of(annotation: Any) -> Schema | None:
    """As `shape_of`, for what a node returns: a `TypedDict` of plain members is plain too."""
    if is_typeddict(annotation):
        return _typed_dict(annotation)
    shape = shape_of(annotation)
    return shape.schema if shape else None


def _list(args: tuple[Any, ...]) -> Shape | None:
    item = shape_of(args[0])
    if item is None:
        return None
    if item.kinds is None:
        return _SIMPLE[list]
    accepts = item.accepts

    def fits(value: object) -> bool:
        return type(value) is list and all(map(accepts, cast("list[object]", value)))

    return Shape({"type": "array", "items": item.schema}, fits=fits)


def _dict(args: tuple[Any, ...]) -> Shape | None:
    member = shape_of(args[1]) if args[0] is str else None
    if member is None:
        return None
    if member.kinds is None:
        return _SIMPLE[dict]
    accepts = member.accepts
    schema = {"type": "object", "additionalProperties": member.schema}

    def fits(value: object) -> bool:
        return type(value) is dict and all(map(accepts, cast("dict[str, object]", value).values()))

    return Shape(schema, fits=fits)


def _literal(args: tuple[Any, ...]) -> Shape | None:
    kinds: set[type[object]] = {type(choice) for choice in args}
    if len(kinds) != 1 or not kinds <= {str, int}:
        return None
    kind = kinds.pop()
    name = "string" if kind is str else "integer"
    choices = frozenset(args)
    schema: Schema = {"const": args[0], "type": name} if len(args) == 1 else {"enum": list(args), "type": name}
    return Shape(schema, fits=lambda value: type(value) is kind and value in choices)


def _union(args: tuple[Any, ...]) -> Shape | None:
    shapes = [shape_of(arg) for arg in args]
    if None in shapes:
        return None
    members = cast("list[Shape]", shapes)
    schema = {"anyOf": [member.schema for member in members]}
    if any(member.kinds is None for member in members):
        return Shape(schema, None)
    kinds = frozenset(kind for member in members for kind in member.kinds or ())
    looks = [member.fits for member in members if member.fits]
    return Shape(schema, kinds, (lambda value: any(fits(value) for fits in looks)) if looks else None)


_BUILDERS: dict[Any, Callable[[tuple[Any, ...]], Shape | None]] = {
    list: _list,
    dict: _dict,
    Literal: _literal,
    Union: _union,
    types.UnionType: _union,
}


def _typed_dict(annotation: Any) -> Schema | None:
    properties: Schema = {}
    for name, member in get_type_hints(annotation).items():
        schema = output_schema_of(get_args(member)[0] if get_origin(member) in (Required, NotRequired) else member)
        if schema is None:
            return None
        properties[name] = schema
    required = [name for name in properties if name in annotation.__required_keys__]
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}
