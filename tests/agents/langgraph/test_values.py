"""What a graph's state holds is readable in the journal, and comes back as it was."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.types import Send

from tenuto.agents.langgraph.values import Readable, grown, whole
from tenuto.sdk.values import to_json

SERDE = Readable()
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
KEYS = st.text() | st.sampled_from(["$packed", "$message", "$more", "$file"])
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8)


def there_and_back(value: Any) -> Any:
    return SERDE.decoded(to_json(SERDE.encoded(value)))


@given(VALUES)
def test_any_value_comes_back(value: Any) -> None:
    """Also what looks like our own marks."""
    if _fits(value):
        assert there_and_back(value) == value


@given(VALUES, VALUES)
def test_what_grew_is_whole_again(before: Any, now: Any) -> None:
    """Whatever stood there before."""
    first, second = SERDE.encoded(before) if _fits(before) else 0, SERDE.encoded(now) if _fits(now) else 0

    assert whole(first, grown(first, second)) == second
    assert whole([1], grown([1], [1, 2])) == [1, 2]


@pytest.mark.parametrize(
    "message",
    [
        HumanMessage("hi", id="1"),
        AIMessage("", tool_calls=[{"id": "c", "name": "f", "args": {"a": 1}, "type": "tool_call"}]),
        AIMessage(
            [{"type": "text", "text": "x"}], usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
        ),
        ToolMessage("done", tool_call_id="c", artifact={"rows": [1]}),
    ],
)
def test_messages_are_written_out(message: Any) -> None:
    """A person reads them in the journal."""
    written = to_json(SERDE.encoded([message]))

    assert list(written[0]) == ["$message"]
    assert SERDE.decoded(written) == [message]


@dataclass
class Unknown:
    x: int


def test_a_type_that_the_graphs_schema_does_not_name_comes_back_as_data() -> None:
    """Whoever could write into a journal could otherwise have any class made."""
    assert there_and_back(Unknown(1)) == {"x": 1}


def test_langgraphs_own_values_come_back() -> None:
    when = datetime(2026, 1, 1, tzinfo=UTC)

    assert there_and_back({"at": when, "tasks": [Send("work", {"n": 1})], "set": {1}}) == {
        "at": when,
        "tasks": [Send("work", {"n": 1})],
        "set": {1},
    }


def _fits(value: Any) -> bool:
    """LangGraph's serializer has no integers over 64 bits, and no text with half a character."""
    try:
        SERDE.encoded(value)
    except TypeError:
        return False
    return True
