"""A run's input out of what a person gave."""

from typing import Any

import pytest

from tenuto.service.inputs import from_pairs, prepare, read_as, read_json
from tenuto.service.refusals import Invalid

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"topic": {"type": "string"}, "depth": {"type": "integer", "default": 3, "maximum": 10}},
    "required": ["topic"],
    "additionalProperties": False,
}


class TestPrepare:
    def test_defaults_fill_what_is_missing(self) -> None:
        """SEMANTICS 3: a field with a default need not be given."""
        assert prepare(SCHEMA, {"topic": "tea"}) == {"topic": "tea", "depth": 3}

    def test_a_flow_without_input_accepts_none(self) -> None:
        """SEMANTICS 3: no `input:` accepts none; an empty object is none."""
        assert prepare(None, None) == prepare(None, {}) == {}
        with pytest.raises(Invalid, match="takes no input"):
            prepare(None, {"topic": "tea"})

    @pytest.mark.parametrize("given", [None, {}, {"topic": 1}, {"topic": "tea", "depth": 11}, [], "tea"])
    def test_what_breaks_the_schema_is_refused(self, given: Any) -> None:
        """With the problems, and what the flow takes."""
        with pytest.raises(Invalid) as refused:
            prepare(SCHEMA, given)

        assert refused.value.code == "invalid"
        assert refused.value.problems
        assert "topic: string, depth: integer = 3" in refused.value.hint

    def test_a_mistyped_field_is_answered_with_the_nearest(self) -> None:
        """Did you mean …?"""
        with pytest.raises(Invalid) as refused:
            prepare(SCHEMA, {"topci": "tea"})

        assert refused.value.hint == "did you mean `topic`?"

    @pytest.mark.parametrize("given", [float("nan"), 2**63, "\ud800", {"topic": float("inf")}])
    def test_what_no_journal_can_keep_is_refused(self, given: Any) -> None:
        """NaN, infinity, more than 64 bits, half a surrogate pair."""
        with pytest.raises(Invalid, match="cannot be kept"):
            prepare(SCHEMA, given)


class TestReading:
    @pytest.mark.parametrize(
        ("kind", "text", "value"),
        [
            ("string", "17", "17"),
            ("string", "true", "true"),
            ("string", '"quoted"', '"quoted"'),
            ("integer", "17", 17),
            ("number", "1.5", 1.5),
            ("boolean", "true", True),
            ("boolean", "no", False),
            ("array", '["a"]', ["a"]),
            ("object", '{"a": 1}', {"a": 1}),
            (["string", "null"], "null", None),
            (["string", "null"], "17", "17"),
            (["integer", "string"], "17", 17),
        ],
    )
    def test_a_text_is_read_by_its_declared_type(self, kind: Any, text: str, value: Any) -> None:
        """SEMANTICS 41: so `-i id=17` is a string where a string is declared."""
        assert read_as({"type": kind}, text, "x") == value

    def test_without_a_type_json_is_tried_first(self) -> None:
        """What is no JSON is text."""
        assert read_as({}, "17", "x") == 17
        assert read_as({}, "tea", "x") == "tea"

    def test_a_choice_of_texts_needs_no_quotes(self) -> None:
        """`enum` without a type."""
        assert read_as({"enum": ["1", "2"]}, "1", "x") == "1"

    def test_pairs_go_over_an_object(self) -> None:
        """And only over one."""
        assert from_pairs(SCHEMA, ["depth=5"], {"topic": "tea", "depth": 1}) == {"topic": "tea", "depth": 5}
        with pytest.raises(Invalid):
            from_pairs(SCHEMA, ["depth=5"], [1])

    def test_a_value_may_hold_an_equals_sign(self) -> None:
        """Only the first one parts key and value."""
        assert from_pairs(SCHEMA, ["topic=a=b"]) == {"topic": "a=b"}

    @pytest.mark.parametrize("text", ["NaN", '{"a": 1, "a": 2}', "9223372036854775808", '"\\ud800"', "{", "[" * 9_999])
    def test_json_is_read_strictly(self, text: str) -> None:
        """What the journal could not keep, or JSON does not mean, never gets in."""
        with pytest.raises(Invalid):
            read_json(text, "--input")
