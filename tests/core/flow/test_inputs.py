"""What a flow accepts, and what its expressions may read of it (SEMANTICS 3)."""

import pytest

from tenuto.core.flow import apply_defaults

SCHEMA = {"properties": {"a": {"default": 1}, "b": {"properties": {"c": {"default": [2]}}}, "d": {}}}
ONE = "nodes: {a: {use: set, with: {value: 1}}}"


def reading(expression, declared="input: {topic: string, depth: {type: integer, default: 3}}"):
    return f'flow: a\n{declared}\nnodes: {{a: {{use: set, with: {{value: "${{{expression}}}"}}}}}}'


class TestShorthand:
    def test_it_is_a_closed_object_of_required_fields(self, flow):
        """SEMANTICS 3: required unless they have a default."""
        found = flow(
            f"flow: a\ninput: {{topic: string, depth: {{type: integer, default: 3, minimum: 1}}, more: any}}\n{ONE}"
        )

        assert found.input_schema == {
            "type": "object",
            "properties": {
                "topic": {"type": "string"},
                "depth": {"type": "integer", "default": 3, "minimum": 1},
                "more": {},
            },
            "required": ["topic", "more"],
            "additionalProperties": False,
        }

    @pytest.mark.parametrize("name", ["string", "integer", "number", "boolean", "object", "array", "any"])
    def test_every_type(self, flow, name):
        flow(f"flow: a\ninput: {{x: {name}, y: {{type: {name}}}}}\n{ONE}")

    @pytest.mark.parametrize(
        ("given", "hint"),
        [
            ("strin", "did you mean `string`?"),
            ("string?", "did you mean `string`?"),
            ("null", "write"),
            ("5", "write"),
            ("{type: [string]}", "one of"),
        ],
    )
    def test_an_unknown_type(self, problem, given, hint):
        found = problem(f"flow: a\ninput: {{x: {given}}}\n{ONE}")

        assert found.path.startswith("input.x")
        assert found.hint.startswith(hint)

    def test_a_default_must_fit(self, problem):
        found = problem(f"flow: a\ninput: {{x: {{type: integer, default: three}}}}\n{ONE}")

        assert (found.path, found.message) == ("input.x.default", "the default is text, but a whole number is needed")

    def test_required_is_said_by_leaving_the_default_out(self, problem):
        assert "default" in problem(f"flow: a\ninput: {{x: {{type: string, required: false}}}}\n{ONE}").hint

    def test_a_field_may_be_called_schema(self, flow):
        found = flow(f"flow: a\ninput: {{schema: string}}\n{ONE}")

        assert found.input_schema is not None
        assert found.input_schema["required"] == ["schema"]


class TestFullForm:
    def test_a_json_schema_alone_under_schema(self, flow):
        """SEMANTICS 3."""
        found = flow(f"flow: a\ninput: {{schema: {{type: object, properties: {{x: {{type: string}}}}}}}}\n{ONE}")

        assert found.input_schema == {"type": "object", "properties": {"x": {"type": "string"}}}

    @pytest.mark.parametrize(
        ("schema", "code"),
        [
            ("{type: string}", "wrong_type"),
            ("{properties: {x: {type: strin}}}", "unknown_type"),
            ("{properties: {x: {$ref: 'http://example.com/x.json'}}}", "remote_reference"),
        ],
    )
    def test_a_schema_that_will_not_do(self, problem, schema, code):
        assert problem(f"flow: a\ninput: {{schema: {schema}}}\n{ONE}").code == code


class TestReading:
    @pytest.mark.parametrize(
        "expression",
        ["input.topic", "input", "input.depth + 1", "input['topic']", "has(input.depth)", "input.topic ?? 1"],
    )
    def test_declared_fields(self, flow, expression):
        flow(reading(expression))

    @pytest.mark.parametrize("expression", ["input.topik", "input['topik']", "input.topik ?? 1", "has(input.topik)"])
    def test_an_undeclared_field(self, problem, expression):
        """SEMANTICS 3: the input is known at check time."""
        found = problem(reading(expression))

        assert (found.code, found.hint) == ("unknown_input", "did you mean `topic`?")

    def test_a_flow_without_input_accepts_none(self, problem):
        """SEMANTICS 3."""
        found = problem(reading("input.topic", declared=""))

        assert (found.code, found.hint) == ("unknown_input", "declare it: `input: {topic: string}`")

    def test_a_text_has_no_fields(self, problem):
        assert problem(reading("input.topic.length")).code == "type_mismatch"

    def test_an_open_schema_says_so(self, flow):
        flow(reading("input.anything.at.all", declared="input: {schema: {type: object, additionalProperties: true}}"))

    def test_a_field_named_without_input(self, problem):
        assert problem(reading("topic")).hint == "write `input.topic`"


class TestDefaults:
    def test_absent_fields_get_them(self):
        assert apply_defaults(SCHEMA, {"d": 5}) == {"d": 5, "a": 1}

    def test_present_fields_keep_what_they_have(self):
        assert apply_defaults(SCHEMA, {"a": None, "b": {}}) == {"a": None, "b": {"c": [2]}}

    @pytest.mark.parametrize("value", [None, 5, [], "x"])
    def test_what_is_no_object_stays(self, value):
        assert apply_defaults(SCHEMA, value) == value

    def test_the_given_value_is_not_changed(self):
        given = {"b": {}}

        apply_defaults(SCHEMA, given)

        assert given == {"b": {}}
