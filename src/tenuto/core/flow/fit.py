"""Whether what a node is given fits what its type takes: keys, literals, and references as far as they are known."""

from collections.abc import Mapping

from tenuto.core.expressions import Value
from tenuto.core.flow.draft import Draft
from tenuto.core.flow.findings import brief, listing, mapping
from tenuto.core.flow.library import NodeType
from tenuto.core.flow.parts import is_expression
from tenuto.core.flow.scope import Place, Scope
from tenuto.core.flow.shapes import value_shape
from tenuto.core.flow.types import ANY, Shape, disjoint, mismatch


def check_inputs(draft: Draft, type_: NodeType, scope: Scope) -> None:
    """`with` of a library node against the schema of its type."""
    schema = type_.input_schema
    if schema is None:
        return
    properties = mapping(schema.get("properties")) or {}
    _check_keys(draft, schema, properties, scope)
    for key, value in draft.inputs.items():
        place = Place(scope, f"{draft.path}.with.{key}")
        wanted = Shape(properties.get(key), schema)
        if wrong := mismatch(wanted, value.source):
            scope.world.findings.error(
                f"{place.path}{wrong.where}", "type_mismatch", f"`{key}{wrong.where}` {wrong.message}"
            )
        elif not value.is_literal:
            _compare(value_shape(value, scope), wanted, place, str(value.source))


def _check_keys(draft: Draft, schema: Mapping[str, object], properties: Mapping[str, object], scope: Scope) -> None:
    findings = scope.world.findings
    if schema.get("additionalProperties", False) is False and "patternProperties" not in schema:
        for key in draft.inputs:
            if key not in properties:
                hint = (
                    findings.suggest(key, properties) or f"it takes: {brief(', '.join(properties), 200) or 'nothing'}"
                )
                findings.error(
                    f"{draft.path}.with.{key}", "unknown_key", f"`{draft.use}` takes no `{brief(key)}`", hint
                )
    for key in listing(schema.get("required")) or ():
        if key not in draft.inputs:
            about = (mapping(properties.get(str(key))) or {}).get("description")
            findings.error(draft.path, "missing_key", f"`{draft.use}` needs `{key}` in `with`", brief(about or "", 120))


def check_kind(value: Value, place: Place, kind: str) -> None:
    """The value of a key of the language itself against the one type that it takes.

    What is not one expression has been refused already, by whoever read the key.
    """
    if is_expression(value.source) or listing(value.source) is not None:
        _compare(value_shape(value, place.scope), Shape({"type": kind}), place, str(value.source))


def _compare(given: Shape, wanted: Shape, place: Place, source: str) -> None:
    if given is not ANY and (reason := disjoint(given, wanted)):
        place.scope.world.findings.error(place.path, "type_mismatch", f"`{brief(source)}` {reason}")
