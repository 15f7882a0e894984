"""The JSON Schema of a flow document, for editors: completion, hovers, and most mistakes while typing.

Built from the same table as the reader. It is coarser: what a schema cannot say (names, ports, cycles) only `read` says.
"""

from typing import Any, Final

from tenuto.core.flow.inputs import CHOICES
from tenuto.core.flow.kinds import COMMON, FLOW_KEYS, KINDS, LIBRARY, Kind
from tenuto.core.flow.names import FLOW_NAME, MAX_NAME, NODE_ID
from tenuto.core.flow.nodes import MAX_ITEMS, MAX_TURNS
from tenuto.core.flow.parts import MAX_ATTEMPTS
from tenuto.core.flow.policies import FULL
from tenuto.core.flow.triggers import MAX_SECRETS, METHODS, MISSED, SIGNATURES

Schema = dict[str, Any]

EXPRESSION: Final[Schema] = {"type": "string", "pattern": r"\$\{"}
_TEXT: Final[Schema] = {"type": "string"}
_ANY: Final[Schema] = {"description": "Any value, with ${…} in its texts."}


def document_schema() -> Schema:
    """The whole schema, as a new value."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tenuto flow",
        "type": "object",
        "required": ["flow", "nodes"],
        "additionalProperties": False,
        "properties": {key: _FLOW[key] for key in FLOW_KEYS},
        "$defs": {
            "nodes": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": f"^{NODE_ID.pattern}$"},
                "additionalProperties": _ref("node"),
            },
            "node": _node(),
            "duration": _DURATION,
            "retry": _RETRY,
            "after": _AFTER,
            "trigger": _TRIGGER,
            "field": _FIELD,
            **{f"use_{name}": _kind(name, kind) for name, kind in KINDS.items()},
            "use_library": _kind("", LIBRARY),
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(properties: Schema, *required: str, **more: Any) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False, **more}
    return {**schema, "required": list(required)} if required else schema


def _or_expression(schema: Schema) -> Schema:
    return {"anyOf": [schema, EXPRESSION]}


def _whole(low: int, high: int) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _node() -> Schema:
    """Which keys a node has hangs on its `use`."""
    chosen = [
        {
            "if": {"required": ["use"], "properties": {"use": {"const": name}}},
            "then": _ref(f"use_{name}"),
        }
        for name in KINDS
    ]
    library: Schema = {"if": {"properties": {"use": {"not": {"enum": list(KINDS)}}}}, "then": _ref("use_library")}
    use = {"type": "string", "minLength": 1, "description": f"A node type: {', '.join(KINDS)}, or one of the library."}
    return {"type": "object", "required": ["use"], "properties": {"use": use}, "allOf": [*chosen, library]}


def _kind(name: str, kind: Kind) -> Schema:
    left_out = {key for key in ("timeout", "retry", "pool") if not getattr(kind, key)}
    if not kind.inputs and not kind.pool:
        left_out.add("with")
    properties = {key: _NODE[key] for key in (*COMMON, *kind.keys) if key not in left_out}
    if kind.inputs:
        properties["with"] = _with(name, kind)
    if name == "map":
        properties["on_error"] = {"enum": ["fail", "continue", "collect"]}
    required = ["use", *kind.required, *(["with"] if kind.required_inputs else [])]
    return _object(properties, *required, description=kind.about or "A node of the library.")


def _with(name: str, kind: Kind) -> Schema:
    properties = {key: _INPUTS.get((name, key), _ANY) for key in kind.inputs}
    schema = _object(properties, *kind.required_inputs)
    if name == "wait":
        schema |= {"minProperties": 1, "maxProperties": 1}
    return schema


_DURATION: Final[Schema] = {
    "description": "250ms, 10s, 5m, 1h, 2d, or a number of seconds.",
    "anyOf": [
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$"},
        {"type": "number", "minimum": 0},
    ],
}
_DECISION: Final[Schema] = {"anyOf": [{"type": "boolean"}, EXPRESSION]}
_RETRY: Final = _object(
    {
        "attempts": {**_whole(1, MAX_ATTEMPTS), "description": "The total, the first one included."},
        "delay": _ref("duration"),
        "backoff": {"type": "number", "minimum": 1, "maximum": 100},
        "max_delay": _ref("duration"),
        "on": {"type": "array", "items": _TEXT, "description": "Only errors of these types."},
    },
    "attempts",
)
_ENTRY: Final[Schema] = {
    "anyOf": [_TEXT, _object({"any": {"type": "array", "items": _TEXT, "minItems": 1}}, "any")],
    "description": "`a`, `a.port`, `a?`, or {any: [a, b.port]}.",
}
_AFTER: Final[Schema] = {"anyOf": [_ENTRY, {"type": "array", "items": _ENTRY}]}
_FIELD: Final[Schema] = {
    "anyOf": [
        {"enum": list(CHOICES)},
        {"type": "object", "properties": {"type": {"enum": list(CHOICES)}, "default": {}, "description": _TEXT}},
    ]
}
_AUTH: Final[Schema] = {
    "anyOf": [
        {"enum": ["key", "none"]},
        _object(
            {
                "signature": {"enum": list(SIGNATURES)},
                "secret": {
                    "anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MAX_SECRETS}],
                    "description": "The name of a secret, or of several: any of them will do.",
                },
                "header": {**_TEXT, "description": "Of `hmac`: where the signature stands, X-Signature if not said."},
            },
            "signature",
            "secret",
        ),
    ]
}
_HTTP: Final = _object(
    {
        "method": {"enum": list(METHODS)},
        "path": {"type": "string", "pattern": "^/"},
        "auth": _AUTH,
        "respond": {"enum": ["result", "accepted"]},
        "key": {**_ANY, "description": "Requests with the same key start one run."},
    },
    "path",
)
_TRIGGER: Final = _object(
    {
        "http": _HTTP,
        "cron": {"type": "string", "description": "Five fields, such as 0 9 * * 1-5; a sixth in front is for seconds."},
        "timezone": _TEXT,
        "missed": {
            "enum": list(MISSED),
            "description": "What becomes of ticks that nobody was there for: one run, or none.",
        },
        "event": _object({"type": _TEXT, "when": _DECISION}, "type"),
        "input": _or_expression({"type": "object"}),
    },
    minProperties=1,
)
_FLOW: Final[Schema] = {
    "flow": {"type": "string", "pattern": f"^{FLOW_NAME.pattern}$", "maxLength": MAX_NAME, "description": "Its name."},
    "description": _TEXT,
    "input": {
        "type": "object",
        "description": "The fields it takes, or a full JSON Schema alone under `schema`.",
        "anyOf": [
            _object({"schema": {"type": "object"}}, "schema"),
            {"additionalProperties": _ref("field")},
        ],
    },
    "nodes": _ref("nodes"),
    "output": _ANY,
    "finally": _object({"nodes": _ref("nodes"), "timeout": _ref("duration")}, "nodes"),
    "triggers": {"anyOf": [{"type": "array", "items": _ref("trigger")}, _ref("trigger")]},
    "timeout": _or_expression(_ref("duration")),
    "concurrency": _object(
        {"key": _ANY, "limit": {"type": "integer", "minimum": 1}, "when_full": {"enum": list(FULL)}}, "limit"
    ),
    "budget": _object(
        {"usd": {"type": "number", "minimum": 0}, "tokens": {"type": "integer", "minimum": 0}}, minProperties=1
    ),
}
_NODE: Final[Schema] = {
    "use": {"type": "string"},
    "description": _TEXT,
    "with": {"type": "object", "description": "Its input: texts may hold ${…}."},
    "after": _ref("after"),
    "when": {**_DECISION, "description": "Skips the node where false."},
    "on_error": {"enum": ["fail", "continue"]},
    "timeout": _or_expression(_ref("duration")),
    "retry": _ref("retry"),
    "pool": _TEXT,
    "over": _or_expression({"type": "array"}),
    "as": {"type": "string", "description": "The name of an item, `item` if not given."},
    "concurrency": _or_expression(_whole(1, MAX_ITEMS)),
    "max_items": {**_whole(1, MAX_ITEMS), "description": "10,000 if not given."},
    "nodes": _ref("nodes"),
    "output": _ANY,
    "carry": {**_ANY, "description": "`turn.value` of the first turn."},
    "until": {**_DECISION, "description": "Asked after each turn."},
    "max": _whole(1, MAX_TURNS),
}
_INPUTS: Final[dict[tuple[str, str], Schema]] = {
    ("if", "condition"): _DECISION,
    ("switch", "cases"): {
        "anyOf": [
            {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
            {"type": "object", "additionalProperties": _DECISION, "minProperties": 1},
        ]
    },
    ("wait", "for"): _or_expression(_ref("duration")),
    ("wait", "until"): {"type": ["string", "number"], "description": "An RFC 3339 time."},
    ("wait", "signal"): _TEXT,
    ("approval", "question"): _TEXT,
    ("approval", "form"): {"type": "object", "description": "A JSON Schema."},
    ("approval", "assignees"): _or_expression({"type": "array", "items": _TEXT}),
    ("call", "flow"): _TEXT,
    ("call", "version"): {"type": ["integer", "string"]},
    ("call", "input"): _or_expression({"type": "object"}),
    ("fail", "message"): _TEXT,
    ("fail", "type"): _TEXT,
}
