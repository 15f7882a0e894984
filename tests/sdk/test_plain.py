"""What is decided without pydantic is decided as pydantic would: the same schema, the same values."""

from typing import Any, Literal, NotRequired, Optional, TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tenuto.sdk.plain import output_schema_of, shape_of

PLAIN = [
    Any,
    str,
    int,
    float,
    bool,
    None,
    list,
    dict,
    list[str],
    list[Any],
    list[list[int]],
    dict[str, Any],
    dict[str, float],
    dict[str, list[bool]],
    str | None,
    Optional[int],  # noqa: UP045  the older spelling is the subject
    int | str | None,
    list[int] | dict[str, int],
    Any | None,
    Literal["a"],
    Literal["a", "b"],
    Literal[1, 2],
    Literal["a"] | None,
]
NOT_PLAIN = [bytes, set[int], tuple[int, ...], dict[int, str], Literal["a", 1], complex, list[bytes], "Later"]

leaves = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.sampled_from(["", "a", "b", "1", "true"])
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
)


@pytest.mark.parametrize("annotation", PLAIN, ids=str)
def test_a_plain_schema_is_the_one_that_pydantic_writes(annotation: Any) -> None:
    """A node's form does not depend on who made it."""
    shape = shape_of(annotation)

    assert shape is not None
    assert shape.schema == TypeAdapter(annotation).json_schema()


@pytest.mark.parametrize("annotation", NOT_PLAIN, ids=str)
def test_what_is_not_plain_is_left_to_pydantic(annotation: Any) -> None:
    """No guess is made."""
    assert shape_of(annotation) is None


@settings(max_examples=300)
@given(st.sampled_from(PLAIN), values)
def test_what_fits_a_plain_shape_pydantic_leaves_unchanged(annotation: Any, value: Any) -> None:
    """So the short way and the long way give the same argument."""
    shape = shape_of(annotation)
    assert shape is not None

    if shape.accepts(value):
        made = TypeAdapter(annotation).validate_python(value)
        assert (made, repr(made)) == (value, repr(value))


@settings(max_examples=300)
@given(st.sampled_from(PLAIN), values)
def test_what_pydantic_refuses_does_not_fit(annotation: Any, value: Any) -> None:
    """The short way lets nothing through."""
    shape = shape_of(annotation)
    assert shape is not None

    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        assert not shape.accepts(value)


class Inner(TypedDict):
    name: str


class Outer(TypedDict):
    inner: Inner
    note: NotRequired[str]


def test_typed_dicts_of_plain_members_are_plain_outputs() -> None:
    """Members inside members too; what may be missing is not required."""
    assert output_schema_of(Outer) == {
        "type": "object",
        "properties": {
            "inner": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
            "note": {"type": "string"},
        },
        "required": ["inner"],
    }
