"""What is known of the output of a node and of a value before a run. Guesses nothing: where in doubt, anything."""

import re
from collections.abc import Mapping
from typing import Final

from tenuto.core.expressions import Value
from tenuto.core.flow.draft import Draft
from tenuto.core.flow.findings import has_expression, mapping
from tenuto.core.flow.scope import Scope
from tenuto.core.flow.types import ANY, Shape, step

# A text that is one reference and nothing else.
_REFERENCE: Final = re.compile(r"\$\{\s*[a-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\])*\s*\}")
_TEXT: Final = Shape({"type": "string"})
_APPROVAL: Final[Mapping[str, object]] = {
    "type": "object",
    "properties": {"by": {}, "at": {"type": "string"}, "comment": {}, "form": {}},
    "additionalProperties": False,
}
_ERRORS: Final[Mapping[str, object]] = {"type": "array", "items": {"type": "object"}}


def value_shape(value: Value, scope: Scope) -> Shape:
    """What a value with its expressions gives."""
    return _shape(value.source, value, scope)


def output_shape(draft: Draft, scope: Scope) -> Shape:
    """What a node gives on its success ports. `scope` is that of its body, in which shapes are known already."""
    if draft.kind.pool:
        return Shape.of(draft.type.output_schema if draft.type else None)
    if draft.use == "set" and "value" in draft.inputs:
        return value_shape(draft.inputs["value"], scope)
    if draft.use == "if":
        return Shape({"type": "boolean"})
    if draft.use == "approval":
        return Shape(_APPROVAL)
    return ANY


def map_shape(draft: Draft, inner: Scope) -> Shape:
    """The list of the items' outputs."""
    output = draft.body.output if draft.body else None
    item = ANY if output is None else value_shape(output, inner)
    items = Shape({"type": "array", "items": {} if draft.on_error != "fail" else item})
    if draft.on_error != "collect":
        return items
    return Shape({"type": "object", "properties": {"items": items, "errors": _ERRORS}, "additionalProperties": False})


def item_shape(draft: Draft, scope: Scope) -> Shape:
    """One item of what a map goes over."""
    over = draft.outer.get("over")
    found = step(value_shape(over, scope), 0) if over is not None else None
    return ANY if found is None or found.problem else found.shape


def _shape(source: object, value: Value, scope: Scope) -> Shape:
    if isinstance(source, str) and has_expression(source):
        return _expression_shape(source, value, scope)
    members = mapping(source)
    if members is not None:
        # A part of a larger value has no references of its own at hand: what it holds is looked at no further.
        parts = {key: ANY if _has_hole(member) else _literal(member) for key, member in members.items()}
        return Shape({"type": "object", "properties": parts, "additionalProperties": False})
    if isinstance(source, list):
        return Shape({"type": "array"})
    return _literal(source)


def _literal(value: object) -> Shape:
    if isinstance(value, dict | list):
        return Shape({"type": "object" if isinstance(value, dict) else "array"})
    return Shape({"const": value})


def _has_hole(value: object) -> bool:
    return isinstance(value, str) and "${" in value


def _expression_shape(source: str, value: Value, scope: Scope) -> Shape:
    if not source.startswith("${") or not source.endswith("}"):
        return _TEXT
    if not _REFERENCE.fullmatch(source) or len(value.references) != 1:
        return ANY
    reference = value.references[0]
    if reference.optional or reference.error or reference.port:
        return ANY
    shape = _named(reference.name, scope)
    for key in reference.path:
        shape = step(shape, key).shape
    return shape


def _named(name: str, scope: Scope) -> Shape:
    holder = scope.holder(name)
    if holder is None:
        return scope.world.input or ANY if name == "input" else ANY
    draft = holder.nodes.get(name)
    return holder.local[name] if draft is None else scope.world.shapes.get(draft.path, ANY)
