"""Whether a value fits a JSON Schema, said in plain sentences: one problem a finding, with the path inside the value."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from tenuto.core.flow.findings import mapping, under
from tenuto.core.flow.types import Shape, step
from tenuto.core.problems import Problem, did_you_mean
from tenuto.sdk.json_schema import misfits, validator_of

_MAX_PROBLEMS: Final = 100
_KINDS: Final[dict[str, str]] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


def validate(schema: Mapping[str, object] | None, value: object, path: str = "input") -> list[Problem]:
    """What is wrong with the value; nothing if it fits. A schema of None accepts nothing (or an empty object)."""
    if schema is None:
        wrong = value not in (None, {})
        return (
            [Problem(path, "unknown_input", "the flow takes no input", "declare `input:` in the flow")] if wrong else []
        )
    try:
        found = misfits(json.dumps(schema, sort_keys=True), value, _MAX_PROBLEMS)
        return [_with_hint(_problem(error, path), error, schema) for error in found]
    except ValueError as error:  # a schema that is none, or a value that is not JSON
        return [Problem(path, "schema", f"cannot be checked: {_first_line(error)}")]


def check_schema(schema: Mapping[str, object], path: str) -> list[Problem]:
    """Whether a JSON Schema is one."""
    try:
        validator_of(json.dumps(schema, sort_keys=True))
    except ValueError as error:
        for key in getattr(error, "instance_path", ()):
            path = under(path, key)
        return [Problem(path, "wrong_schema", f"this is no JSON Schema: {_first_line(error)}")]
    return []


def _problem(error: Any, path: str, known: int = 0) -> Problem:
    """`path` already holds the first `known` steps to where the error is."""
    for key in error.instance_path[known:]:
        path = under(path, key)
    kind = error.kind
    sentence = _SENTENCES.get(kind.name)
    if sentence is None:
        return Problem(path, "invalid", _first_line(error))
    return sentence(error, path)


def _type(error: Any, path: str) -> Problem:
    return Problem(path, "type_mismatch", f"{_shown(error.instance)} is not {_said(error.kind.types)}")


def _required(error: Any, path: str) -> Problem:
    return Problem(path, "missing_input", f"`{error.kind.property}` is missing")


def _additional(error: Any, path: str) -> Problem:
    names = [str(name) for name in error.kind.unexpected]
    said = f"there is no field `{'`, `'.join(names[:10])}`"
    return Problem(under(path, names[0]), "unknown_input", said)


def _with_hint(problem: Problem, error: Any, schema: Mapping[str, object]) -> Problem:
    """Which field may have been meant, where the schema names them."""
    if error.kind.name != "additionalProperties":
        return problem
    shape = Shape.of(schema)
    for key in error.instance_path:
        shape = step(shape, key).shape
    known = list(mapping((shape.resolved() or {}).get("properties")) or {})
    listed = f"it has: {', '.join(known[:20])}" if known else ""
    return replace(problem, hint=did_you_mean(str(error.kind.unexpected[0]), known) or listed)


def _enum(error: Any, path: str) -> Problem:
    options = ", ".join(_shown(option) for option in error.kind.options[:20])
    return Problem(path, "invalid", f"{_shown(error.instance)} is not one of: {options}")


def _limit(words: str) -> Any:
    def sentence(error: Any, path: str) -> Problem:
        limit = error.kind.limit
        unit = words.replace("{}", str(limit))
        return Problem(path, "invalid", f"{_shown(error.instance)} {unit}")

    return sentence


def _either(error: Any, path: str) -> Problem:
    """None of several schemas fits; what the nearest of them says, if there is one of the value's own type."""
    branches = [branch[0] for branch in error.kind.context if branch]
    depth = len(error.instance_path)
    deeper = [each for each in branches if each.kind.name != "type" or len(each.instance_path) > depth]
    if len(deeper) == 1:
        return _problem(deeper[0], path, depth)
    wanted = [name for each in branches if each not in deeper for name in each.kind.types]
    said = _said(wanted) if wanted else "any of what is allowed here"
    return Problem(path, "type_mismatch", f"{_shown(error.instance)} is not {said}")


_SENTENCES: Final[dict[str, Any]] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _additional,
    "enum": _enum,
    "anyOf": _either,
    "oneOf": _either,
    "minimum": _limit("is less than {}"),
    "maximum": _limit("is more than {}"),
    "exclusiveMinimum": _limit("is not more than {}"),
    "exclusiveMaximum": _limit("is not less than {}"),
    "minLength": _limit("is shorter than {} characters"),
    "maxLength": _limit("is longer than {} characters"),
    "minItems": _limit("has fewer than {} items"),
    "maxItems": _limit("has more than {} items"),
}


def _said(names: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(_KINDS.get(name, name) for name in names))


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _first_line(error: BaseException) -> str:
    lines = (getattr(error, "message", "") or str(error)).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
