"""A run's input out of what a person gave: texts read by their declared type, defaults, and what breaks the schema.

Pure. Everything that is wrong is said as `Invalid`; a value that comes out can be recorded as it is.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import cast

from tenuto.core.flow import apply_defaults
from tenuto.core.problems import Problem, did_you_mean
from tenuto.core.values import NotJson, check_json
from tenuto.service.refusals import Invalid

Json = object
Schema = Mapping[str, Json]

_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def prepare(schema: Schema | None, given: Json) -> Json:
    """The input as the run records it: defaults filled in, checked against the flow's schema."""
    _refuse_unkeepable(given)
    value = apply_defaults(schema, {} if given is None else given)
    problems = check(schema, value)
    if problems:
        raise Invalid(
            "the input does not fit the flow",
            problems,
            _near(schema, problems[0]) or problems[0].hint or _summary(schema),
        )
    return value


def check(schema: Schema | None, value: Json, root: str = "input") -> list[Problem]:
    """What of the value breaks the schema."""
    if schema is None and value in (None, {}):
        return []
    from tenuto.documents.validate import validate

    return validate(schema, value, root)


def read_json(text: str, what: str) -> Json:
    """JSON from a person, strictly: no NaN, no key twice, nothing that a journal cannot keep."""
    from tenuto.documents import from_json
    from tenuto.documents.from_yaml import Refused as Unparsable

    try:
        value = from_json.parse(text)
    except Unparsable as refused:
        problem = refused.problem
        where = f" (line {problem.line}, column {problem.column})" if problem.line else ""
        raise Invalid(what, [Problem("", problem.code, problem.message + where)], problem.hint) from None
    _refuse_unkeepable(value, what)
    return value


def from_pairs(schema: Schema | None, pairs: Sequence[str], base: Json = None) -> Json:
    """`key=value` texts as one object (over `base`), each value read by the type that the schema declares for its key."""
    if not pairs:
        return base
    if base is not None and not isinstance(base, dict):
        raise Invalid("the input", [Problem("", "pairs", "`-i key=value` needs an object, and `--input` is none")])
    value = dict(cast("dict[str, Json]", base or {}))
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign or not key:
            raise Invalid("the input", [Problem("", "pairs", f"`{_short(pair)}` is not `key=value`")])
        value[key] = read_as(_declared(schema, key), text, f"input.{key}")
    return value


def read_as(declared: Schema, text: str, where: str) -> Json:
    """A text as the declared type says: a string stays what it is, the rest is JSON; unknown types take JSON, else the text."""
    kinds = _kinds(declared)
    if kinds == {"string"}:
        return text
    if "boolean" in kinds and text.lower() in _TRUTHS and not kinds & {"string", "integer", "number"}:
        return _TRUTHS[text.lower()]
    try:
        value = read_json(text, where)
    except Invalid:
        if not kinds or "string" in kinds:
            return text
        raise Invalid("the input", [Problem(where, "type", f"`{_short(text)}` is not {_article(kinds)}")]) from None
    return text if kinds and "string" in kinds and not _fits(value, kinds) else value


def read_texts(schema: Schema, given: Mapping[str, Json], texts: Collection[str]) -> dict[str, Json]:
    """What was given, with those of `texts` read by the types that the schema declares for them."""
    return {
        key: read_as(_declared(schema, key), value, f"input.{key}")
        if key in texts and isinstance(value, str)
        else value
        for key, value in given.items()
    }


def _declared(schema: Schema | None, key: str) -> Schema:
    properties = (schema or {}).get("properties")
    declared = cast("dict[str, Json]", properties).get(key) if isinstance(properties, dict) else None
    return cast("Schema", declared) if isinstance(declared, dict) else {}


def _kinds(declared: Schema) -> set[str]:
    said = declared.get("type")
    if isinstance(said, str):
        return {said}
    if isinstance(said, list):
        return {kind for kind in cast("list[Json]", said) if isinstance(kind, str)}
    choices = declared.get("enum")
    if isinstance(choices, list) and all(isinstance(choice, str) for choice in cast("list[Json]", choices)):
        return {"string"}
    return set()


def _fits(value: Json, kinds: set[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in kinds
    table: tuple[tuple[type, set[str]], ...] = (
        (int, {"integer", "number"}),
        (float, {"number"}),
        (dict, {"object"}),
        (list, {"array"}),
        (type(None), {"null"}),
    )
    return any(isinstance(value, kind) and names & kinds for kind, names in table)


def _near(schema: Schema | None, problem: Problem) -> str:
    properties = (schema or {}).get("properties")
    if problem.code != "unknown_input" or not isinstance(properties, dict):
        return ""
    return did_you_mean(problem.path.rpartition(".")[2], cast("dict[str, Json]", properties))


def _summary(schema: Schema | None) -> str:
    """The declared input in a line: `topic: string, depth: integer = 3`."""
    properties = (schema or {}).get("properties")
    if not isinstance(properties, dict) or not properties:
        return "the flow declares no fields of input"
    said = [_field(name, member) for name, member in cast("dict[str, Json]", properties).items()]
    return "the flow takes " + ", ".join(said[:8]) + (", …" if len(said) > 8 else "")


def _field(name: str, member: Json) -> str:
    member = cast("Schema", member) if isinstance(member, dict) else {}
    kind = "|".join(sorted(_kinds(member))) or "any"
    return f"{name}: {kind}" + (f" = {json.dumps(member['default'])}" if "default" in member else "")


def _refuse_unkeepable(value: Json, where: str = "input") -> None:
    try:
        check_json(value, where)
    except NotJson as error:
        raise Invalid("the input cannot be kept", [Problem("", "json", str(error))]) from None


def _article(kinds: set[str]) -> str:
    said = " or ".join(sorted(kinds))
    return f"{'an' if said[:1] in 'aeiou' else 'a'} {said}"


def _short(text: str, limit: int = 60) -> str:
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return shown.replace("\n", " ")
