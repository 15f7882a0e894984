"""What a flow accepts: the shorthand of `input:` made a JSON Schema, and defaults filled in (SEMANTICS 3).

Pure. Whether a value fits the schema is asked of a validator outside the heart.
"""

from collections.abc import Mapping
from typing import Final

from tenuto.core.flow.findings import Findings, brief, mapping, under, what
from tenuto.core.flow.types import TYPES, Shape, mismatch

CHOICES: Final = ("string", "integer", "number", "boolean", "object", "array", "any")
_MAX_NAME: Final = 128


def read_input(value: object, findings: Findings) -> Mapping[str, object] | None:
    """The JSON Schema of `input:`; None where the flow accepts nothing."""
    fields = mapping(value)
    if fields is None:
        findings.error("input", "wrong_type", f"`input` is {what(value)}", "write `input: {topic: string}`")
        return None
    full = mapping(fields.get("schema")) if len(fields) == 1 else None
    if full is not None:
        return _full(full, findings)
    return _shorthand(fields, findings)


def apply_defaults(schema: Mapping[str, object] | None, value: object) -> object:
    """The input with the defaults of absent fields, at any depth of plain objects. Gives a new value."""
    fields = mapping(value)
    properties = mapping((schema or {}).get("properties"))
    if fields is None or properties is None:
        return value
    filled = dict(fields)
    for name, part in properties.items():
        field = mapping(part)
        if field is None:
            continue
        if name in filled:
            filled[name] = apply_defaults(field, filled[name])
        elif "default" in field:
            filled[name] = field["default"]
    return filled


def _shorthand(fields: Mapping[str, object], findings: Findings) -> Mapping[str, object]:
    properties: dict[str, object] = {}
    required: list[str] = []
    for name, given in fields.items():
        path = under("input", name)
        if not 0 < len(name) <= _MAX_NAME:
            findings.error(path, "wrong_name", f"a field's name has 1 to {_MAX_NAME} characters")
        schema = _field(given, path, findings)
        properties[name] = schema
        if "default" not in schema:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _field(given: object, path: str, findings: Findings) -> Mapping[str, object]:
    if isinstance(given, str):
        return _typed(given, path, findings)
    entry = mapping(given)
    if entry is None:
        findings.error(path, "wrong_type", f"a field is {what(given)}", "write `topic: string` or `{type: string}`")
        return {}
    if isinstance(entry.get("required"), bool):
        hint = "fields are required unless they have a `default`; leave `required` out"
        findings.error(under(path, "required"), "unknown_key", "a field has no `required`", hint)
    named = entry.get("type", "any")
    if not isinstance(named, str):
        findings.error(under(path, "type"), "wrong_type", f"a type is {what(named)}", f"one of: {', '.join(CHOICES)}")
        return entry
    schema = {**_typed(named, under(path, "type"), findings), **{k: v for k, v in entry.items() if k != "type"}}
    check_schema(schema, path, findings)
    if "default" in schema and (wrong := mismatch(Shape.of(schema), schema["default"])):
        findings.error(under(path, "default"), "type_mismatch", f"the default {wrong.message}")
    return schema


def _typed(name: str, path: str, findings: Findings) -> Mapping[str, object]:
    if name == "any":
        return {}
    if name in TYPES and name != "null":
        return {"type": name}
    hint = findings.suggest(name, CHOICES) or f"one of: {', '.join(CHOICES)}"
    findings.error(path, "unknown_type", f"`{brief(name)}` is no type", hint)
    return {}


def _full(schema: Mapping[str, object], findings: Findings) -> Mapping[str, object]:
    if schema.get("type", "object") != "object":
        findings.error("input.schema.type", "wrong_type", "the input of a flow is an object", "write `type: object`")
    check_schema(schema, "input.schema", findings)
    return schema


def check_schema(schema: Mapping[str, object], path: str, findings: Findings) -> None:
    """What can be said of a JSON Schema without a validator: nothing is fetched from elsewhere, and types exist."""
    waiting: list[tuple[str, object]] = [(path, schema)]
    while waiting:
        where, part = waiting.pop()
        members = mapping(part)
        if members is not None:
            _check_part(members, where, findings)
            waiting += [(under(where, k), v) for k, v in members.items() if k not in {"default", "const", "enum"}]
        elif isinstance(part, list):
            waiting += [(f"{where}[{n}]", member) for n, member in enumerate(part)]  # type: ignore[misc]  # JSON


def _check_part(part: Mapping[str, object], path: str, findings: Findings) -> None:
    reference = part.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#"):
        hint = "put the schema under `$defs` and refer to `#/$defs/NAME`"
        findings.error(under(path, "$ref"), "remote_reference", "a schema may not refer to another document", hint)
    named = part.get("type")
    if isinstance(named, str) and named not in TYPES:
        hint = findings.suggest(named, TYPES) or f"one of: {', '.join(CHOICES)}"
        findings.error(under(path, "type"), "unknown_type", f"`{brief(named)}` is no JSON type", hint)
