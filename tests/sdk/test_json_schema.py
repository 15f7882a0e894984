"""Schemas that somebody else wrote: what is refused before it is used."""

import json
import time
from typing import Any

import pytest

from tenuto.sdk.agents.fitting import unfit
from tenuto.sdk.json_schema import HEAVIEST, misfits, validator_of


def doubling(count: int, keyword: str = "anyOf", reference: str = "#/$defs/d{}") -> dict[str, Any]:
    """Each definition names the next one twice."""
    twice = {f"d{n}": {keyword: [{"$ref": reference.format(n + 1)}] * 2} for n in range(count)}
    return {"$defs": {**twice, f"d{count}": {"const": 1}}, "$ref": reference.format(0)}


def anchored(count: int) -> dict[str, Any]:
    made = doubling(count, reference="#d{}")
    made["$defs"] = {name: {**each, "$anchor": name} for name, each in made["$defs"].items()}
    return made


@pytest.mark.parametrize(
    "schema",
    [
        doubling(25),
        doubling(25, "allOf"),
        anchored(25),
        {"properties": {"a": {"items": doubling(25)}}, "$defs": doubling(25)["$defs"]},
        {"allOf": [{"allOf": [{"type": "object"}] * 80}] * 80},
    ],
    ids=["references", "all-of", "anchors", "below", "written-out"],
)
def test_what_would_take_hours_is_refused_at_once(schema: dict[str, Any]) -> None:
    """It stops whoever checks it, and with it everybody else."""
    began = time.monotonic()

    said = unfit(schema, {"a": [2]})

    assert "takes too long to check" in said[0]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"properties": {f"p{n}": {"type": ["string", "null"], "description": "x"} for n in range(HEAVIEST + 1)}}, {}),
        ({"properties": {"a": {"$ref": "#"}, "b": {"items": {"$ref": "#"}}}}, {"a": {"b": [{}]}}),
        ({"properties": {"a": {"$ref": "#/properties/a"}}}, {"a": 1}),
        (doubling(5), 1),
        ({"properties": {"a": True, "b": False}}, {"a": 1}),
    ],
    ids=["wide", "recursive", "in-itself", "small", "booleans"],
)
def test_what_is_only_large_or_recursive_is_not(schema: dict[str, Any], value: Any) -> None:
    assert unfit(schema, value) == []


def test_what_is_too_deep_or_no_schema_is_said_so() -> None:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"properties": {"a": deep}}

    for schema in (deep, {"type": "objekt"}, {"$ref": "#/nowhere"}, {"$ref": "file:///etc/passwd"}, {"pattern": "("}):
        assert unfit(schema, {"a": 1})[0].startswith("it cannot be checked: ")
    with pytest.raises(ValueError, match="schema"):
        validator_of(json.dumps({"properties": {"a": {"type": 7}}}))


LIST_OF_TEXTS = json.dumps({"type": "array", "items": {"type": "string"}})


def test_of_a_small_value_all_is_said_that_is_wrong() -> None:
    assert len(misfits(LIST_OF_TEXTS, ["a", 1, "b", 2], 100)) == 2


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (LIST_OF_TEXTS, [1] * 300_000),
        (LIST_OF_TEXTS, [[["a"] * 300_000]]),
        (json.dumps({"items": {"enum": [f"choice {n}" for n in range(3_000)]}}), ["none"] * 3_000),
    ],
    ids=["many", "deeper", "quoted"],
)
def test_of_a_large_one_the_first_is_said_and_soon(schema: str, value: Any) -> None:
    """Anybody may send that who may start a run, or knows a hook that is open: it took half a minute, and nobody else was
    answered meanwhile."""
    before = time.process_time()

    (found,) = misfits(schema, value, 100)

    assert found.message
    assert time.process_time() - before < 2
