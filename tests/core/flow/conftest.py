"""Documents as a person writes them, read by the real loader: a flow, or its problems."""

from collections.abc import Callable

import jsonschema_rs
import pytest

from tenuto.core.flow import Flow, NodeType, document_schema
from tenuto.core.problems import Problem
from tenuto.documents import load

EDITORS = jsonschema_rs.validator_for(document_schema())  # every valid document of these tests fits the schema too
_TEXT = {"type": "string"}

LIBRARY = {
    "debug.echo": NodeType(
        "debug.echo",
        input_schema={
            "type": "object",
            "properties": {"value": {}},
            "required": ["value"],
            "additionalProperties": False,
        },
    ),
    "text.shorten": NodeType(
        "text.shorten",
        input_schema={
            "type": "object",
            "properties": {
                "text": _TEXT,
                "limit": {"type": "integer", "minimum": 1, "default": 10},
                "mode": {"enum": ["words", "letters"]},
                "note": {"anyOf": [_TEXT, {"type": "null"}]},
                "to": {"type": "array", "items": {"$ref": "#/$defs/Person"}},
            },
            "required": ["text"],
            "additionalProperties": False,
            "$defs": {
                "Person": {
                    "type": "object",
                    "properties": {"name": _TEXT},
                    "required": ["name"],
                    "additionalProperties": False,
                }
            },
        },
        output_schema={
            "type": "object",
            "properties": {"short": _TEXT, "length": {"type": "integer"}},
            "required": ["short", "length"],
            "additionalProperties": False,
        },
    ),
    "mail.sort": NodeType(
        "mail.sort", ports=("spam", "ham"), input_schema={"type": "object", "additionalProperties": True}
    ),
    "agent": NodeType(
        "agent",
        input_schema={
            "type": "object",
            "properties": {"agent": _TEXT, "task": _TEXT, "model": _TEXT},
            "required": ["agent", "task"],
            "additionalProperties": True,
        },
    ),
}


@pytest.fixture
def flow() -> Callable[[str], Flow]:
    """The flow of a document that nothing stands against."""

    def read(text: str) -> Flow:
        loaded = load(text, format="yaml", library=LIBRARY)
        assert [str(problem) for problem in loaded.problems] == []
        assert loaded.flow is not None
        assert [error.message for error in EDITORS.iter_errors(loaded.document)] == []
        return loaded.flow

    return read


@pytest.fixture
def problems() -> Callable[[str], list[Problem]]:
    """What stands against a document."""
    return lambda text: load(text, format="yaml", library=LIBRARY).problems


@pytest.fixture
def problem(problems: Callable[[str], list[Problem]]) -> Callable[[str], Problem]:
    """The one thing that stands against a document."""

    def read(text: str) -> Problem:
        found = problems(text)
        assert len(found) == 1, [str(each) for each in found]
        return found[0]

    return read


@pytest.fixture
def nodes(flow: Callable[[str], Flow]) -> Callable[[str], Flow]:
    """A flow of which only the nodes are written."""
    return lambda text: flow(f"flow: a\nnodes:\n{text}")


@pytest.fixture
def wrong_nodes(problem: Callable[[str], Problem]) -> Callable[[str], Problem]:
    """The one problem of a flow of which only the nodes are written."""
    return lambda text: problem(f"flow: a\nnodes:\n{text}")
