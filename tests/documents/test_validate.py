"""Values against JSON Schemas: plain sentences with a path, one line each."""

import pytest

from tenuto.documents import check_schema, load, validate

SCHEMA = {
    "type": "object",
    "properties": {
        "topic": {"type": "string", "minLength": 2},
        "depth": {"type": "integer", "minimum": 1, "maximum": 10},
        "mode": {"enum": ["fast", "good"]},
        "who": {
            "type": "array",
            "items": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
        },
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["topic"],
    "additionalProperties": False,
}


def test_a_value_that_fits():
    assert validate(SCHEMA, {"topic": "tea", "depth": 3, "note": None}) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "input: missing_input `topic` is missing"),
        ({"topic": 5}, "input.topic: type_mismatch 5 is not text"),
        ({"topic": "x"}, 'input.topic: invalid "x" is shorter than 2 characters'),
        ({"topic": "tea", "depth": 0}, "input.depth: invalid 0 is less than 1"),
        ({"topic": "tea", "depth": 1.5}, "input.depth: type_mismatch 1.5 is not a whole number"),
        ({"topic": "tea", "mode": "slow"}, 'input.mode: invalid "slow" is not one of: "fast", "good"'),
        ({"topic": "tea", "who": [{}]}, "input.who[0]: missing_input `name` is missing"),
        ({"topic": "tea", "note": 5}, "input.note: type_mismatch 5 is not text or null"),
        ({"topic": "tea", "topik": 1}, "input.topik: unknown_input there is no field `topik` (did you mean `topic`?)"),
        (5, "input: type_mismatch 5 is not an object"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(value, said):
    assert [str(problem) for problem in validate(SCHEMA, value)] == [said]


@pytest.mark.parametrize(("value", "ok"), [(None, True), ({}, True), ({"x": 1}, False), ([], False), (0, False)])
def test_a_flow_without_input_takes_none(value, ok):
    """SEMANTICS 3."""
    assert (validate(None, value) == []) is ok


def test_nothing_is_fetched():
    (problem,) = validate({"$ref": "http://127.0.0.1:1/x.json"}, {})

    assert problem.code == "schema"


def test_a_schema_that_is_none():
    (problem,) = check_schema({"properties": {"a": {"type": "strin"}}}, "input.schema")

    assert (problem.path, problem.code) == ("input.schema.properties.a.type", "wrong_schema")


def test_a_hostile_pattern_ends_soon():
    assert validate({"pattern": "^(a+)+$"}, "a" * 50_000 + "!")


def test_the_path_inside_an_alternative_is_named_once():
    schema = {
        "properties": {
            "to": {"anyOf": [{"type": "object", "properties": {"a": {"type": "integer"}}}, {"type": "null"}]}
        }
    }

    assert [problem.path for problem in validate(schema, {"to": {"a": "x"}})] == ["input.to.a"]


@pytest.mark.parametrize("value", [{"topic": "\ud800"}, {"topic": float("nan")}, {"topic": object()}, {"topic": 2**70}])
def test_values_that_are_no_json_are_no_exception(value):
    assert validate(SCHEMA, value)


class TestSchemasInAFlow:
    """Those that a document holds are looked at when it is loaded."""

    @pytest.mark.parametrize(
        ("text", "path"),
        [
            ("input: {x: {type: integer, minimum: low}}", "input.x.minimum"),
            ("input: {schema: {properties: {x: {pattern: '('}}}}", "input.schema.properties.x.pattern"),
            ("description: fine", "nodes.m.nodes.ok.with.form.required"),
        ],
    )
    def test_wrong_ones_are_problems(self, text, path):
        form = "{required: name}" if "fine" in text else "{type: object}"
        source = f"flow: a\n{text}\nnodes:\n  m: {{use: map, over: [1], nodes: {{ok: {{use: approval, with: {{question: q, form: {form}}}}}}}}}"

        loaded = load(source)

        assert loaded.flow is None
        assert [(problem.path, problem.code) for problem in loaded.problems] == [(path, "wrong_schema")]
        assert loaded.problems[0].line is not None
