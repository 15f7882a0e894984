"""A signature is a form: its JSON Schema, and the binding of an input to arguments."""

import enum
from dataclasses import dataclass
from datetime import datetime
from socket import socket
from typing import Annotated, Any, Literal, TypedDict

import jsonschema_rs
import pytest
from pydantic import BaseModel, Field

from tenuto.sdk import BrokenNode, NodeError, Port
from tenuto.sdk.form import Form, arguments_of


class Colour(enum.Enum):
    RED = "red"


class Address(BaseModel):
    street: str
    number: int = 1


@dataclass
class Person:
    name: str
    address: Address


class Answer(TypedDict):
    status: int
    tags: list[str]


def form(function: Any) -> Form:
    return Form("tests.node", function, "here:1")


def plain(channel: str, text: str = "hi", times: int = 1, loud: bool = False, *, ctx: Any) -> str:  # noqa: D417  what is not told is the subject
    """Say something.

    Args:
        channel: Where to say it,
            in short.
        times (int): How often.
    """
    return channel + text


def rich(
    person: Person,
    when: datetime,
    colour: Colour = Colour.RED,
    size: Annotated[int, Field(ge=1, le=9, description="How large.")] = 3,
    tags: list[str] = Field(default_factory=list),  # noqa: B008  pydantic's way
) -> Person:
    """Do something with a person."""
    return person


class TestTheSchemaOfTheInputs:
    def test_it_is_one_closed_object_without_the_context(self) -> None:
        """Each parameter is a property; those without a default are required."""
        assert form(plain).input_schema == {
            "type": "object",
            "properties": {
                "channel": {"type": "string", "description": "Where to say it, in short."},
                "text": {"type": "string", "default": "hi"},
                "times": {"type": "integer", "default": 1, "description": "How often."},
                "loud": {"type": "boolean", "default": False},
            },
            "required": ["channel"],
            "additionalProperties": False,
        }

    def test_models_dataclasses_enums_and_bounds_become_schema(self) -> None:
        """Whatever pydantic knows can be an input; descriptions are kept, titles are not invented."""
        schema = form(rich).input_schema

        assert schema["required"] == ["person", "when"]
        assert schema["additionalProperties"] is False
        assert schema["properties"]["when"] == {"type": "string", "format": "date-time"}
        assert schema["properties"]["size"] == {
            "type": "integer",
            "default": 3,
            "description": "How large.",
            "minimum": 1,
            "maximum": 9,
        }
        assert schema["properties"]["person"] == {"$ref": "#/$defs/Person"}
        jsonschema_rs.validator_for(schema)

    def test_any_word_can_be_an_input(self) -> None:
        """Names that mean something to pydantic or begin with an underscore mean nothing here."""

        def odd(schema: Address, model_config: Address, _hidden: int, copy: int = 1) -> None: ...

        made = form(odd)

        assert list(made.input_schema["properties"]) == ["schema", "model_config", "_hidden", "copy"]
        bound = made.bind({"schema": {"street": "a"}, "model_config": {"street": "b"}, "_hidden": 2})
        assert (bound["schema"].street, bound["_hidden"], bound["copy"]) == ("a", 2, 1)

    def test_a_type_that_json_cannot_tell_is_refused(self) -> None:
        """The error says which node, not how pydantic works."""

        def odd(connection: socket) -> None: ...

        with pytest.raises(BrokenNode, match=r"here:1: an input of tests\.node cannot be told in JSON"):
            form(odd)

    def test_a_type_that_does_not_resolve_is_refused(self) -> None:
        """A name imported for type checkers only is not there when the form is made."""

        def odd(value: "Missing") -> None: ...  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

        with pytest.raises(BrokenNode, match=r"name 'Missing' is not defined.*TYPE_CHECKING"):
            form(odd)

    def test_an_annotation_that_raises_is_refused(self) -> None:
        """Text in an annotation is code; a type may do anything when it is asked for its schema."""

        class Odd:
            @classmethod
            def __get_pydantic_core_schema__(cls, *_: Any) -> Any:
                raise RuntimeError

        def divides(value: "1 / 0") -> None: ...  # pyright: ignore[reportInvalidTypeForm]

        def raises(value: Odd) -> None: ...

        with pytest.raises(BrokenNode, match="does not resolve: division by zero"):
            form(divides)
        with pytest.raises(BrokenNode, match=r"an input of tests\.node cannot be told in JSON: RuntimeError"):
            form(raises)

    def test_the_type_of_the_context_need_not_resolve(self) -> None:
        """It is often imported for type checkers only."""

        def fine(value: int, ctx: "Missing") -> None: ...  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

        assert list(form(fine).input_schema["properties"]) == ["value"]


class TestTheSchemaOfTheOutput:
    @pytest.mark.parametrize(
        ("annotation", "schema"),
        [
            (Any, None),
            (Port, None),
            (str | Port, None),
            (None, {"type": "null"}),
            (list[int], {"type": "array", "items": {"type": "integer"}}),
            (Colour, {"type": "string", "enum": ["red"]}),
            (datetime, {"type": "string", "format": "date-time"}),
        ],
    )
    def test_it_follows_the_annotation(self, annotation: Any, schema: Any) -> None:
        """None where it cannot be known."""

        def function() -> Any: ...

        function.__annotations__["return"] = annotation
        made = form(function).output_schema

        assert (made and {key: made[key] for key in made if key not in {"title", "const"}}) == schema

    def test_a_typed_dict_is_an_object(self) -> None:
        """References into it can be checked."""

        def function() -> Answer: ...  # pyright: ignore[reportReturnType]

        assert form(function).output_schema == {
            "type": "object",
            "properties": {"status": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}},
            "required": ["status", "tags"],
        }


class TestBinding:
    def test_values_of_the_right_type_are_the_arguments(self) -> None:
        """Defaults are left to the function."""
        assert form(plain).bind({"channel": "#a", "times": 3}) == {"channel": "#a", "times": 3}

    def test_lists_and_objects_are_copies(self) -> None:
        """A function may change what it is given; the journal's value stays as it was."""

        def change(items: list[Any], value: Any) -> None: ...

        given = {"items": [[1]], "value": {"a": [2]}}
        bound = form(change).bind(given)
        bound["items"][0].append(2)
        bound["value"]["a"].append(3)

        assert given == {"items": [[1]], "value": {"a": [2]}}

    def test_an_integer_is_a_float_where_one_is_asked_for(self) -> None:
        """JSON has one kind of number."""

        def wait(seconds: float) -> None: ...

        bound = form(wait).bind({"seconds": 2})

        assert bound == {"seconds": 2.0}
        assert type(bound["seconds"]) is float

    def test_text_is_converted_as_pydantic_does(self) -> None:
        """A form sends text; a number in it is a number."""
        assert form(plain).bind({"channel": "a", "times": "3"})["times"] == 3

    def test_models_are_made(self) -> None:
        """The function gets the types that it named, defaults included."""
        bound = form(rich).bind({"person": {"name": "Ada", "address": {"street": "x"}}, "when": "2030-01-01T00:00:00Z"})

        assert bound["person"] == Person("Ada", Address(street="x"))
        assert bound["when"].year == 2030
        assert (bound["colour"], bound["size"], bound["tags"]) == (Colour.RED, 3, [])

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({}, "`channel` is missing"),
            ({"channel": "a", "chanel": "b"}, "`chanel` is no input of tests.node, did you mean `channel`?"),
            ({"channel": 1}, "`channel`: Input should be a valid string"),
            ({"channel": None}, "`channel`: Input should be a valid string"),
            ({"channel": "a", "times": 1.5}, "`times`: Input should be a valid integer"),
            ({"channel": "a", "loud": "maybe"}, "`loud`: Input should be a valid boolean"),
        ],
    )
    def test_what_does_not_fit_is_an_input_error(self, given: dict[str, Any], said: str) -> None:
        """SEMANTICS 20: input errors are never retried."""
        with pytest.raises(NodeError) as caught:
            form(plain).bind(given)

        assert said in caught.value.message
        assert (caught.value.type, caught.value.retry) == ("input", False)

    def test_an_input_error_does_not_show_the_value(self) -> None:
        """It may be a secret."""

        def log_in(token: int) -> None: ...

        with pytest.raises(NodeError) as caught:
            form(log_in).bind({"token": "hunter2"})

        assert "hunter2" not in caught.value.message

    def test_many_errors_are_not_all_told(self) -> None:
        """Five, and how many more."""

        def many(a: int, b: int, c: int, d: int, e: int, f: int, g: int) -> None: ...

        with pytest.raises(NodeError, match=r"; and 2 more$"):
            form(many).bind(dict.fromkeys("abcdefg", "x"))

    def test_a_choice_is_checked(self) -> None:
        """A literal takes its own values, and not what merely equals one."""

        def pick(kind: Literal["a", "b"], level: Literal[1, 2] = 1) -> None: ...

        assert form(pick).bind({"kind": "a", "level": 2}) == {"kind": "a", "level": 2}
        with pytest.raises(NodeError, match="`kind`: Input should be 'a' or 'b'"):
            form(pick).bind({"kind": "c"})
        with pytest.raises(NodeError, match="`level`"):
            form(pick).bind({"kind": "a", "level": 7})


def test_descriptions_are_read_from_the_docstring() -> None:
    """The section ends where the text goes back to the margin; types in parentheses are skipped."""
    docstring = (
        "Do.\n\nArgs:\n    a: One,\n        still one.\n    b (int): Two.\n\nReturns:\n    c: Not an argument.\n"
    )

    assert arguments_of(docstring) == {"a": "One, still one.", "b": "Two."}
