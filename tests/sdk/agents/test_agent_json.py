"""An agent is recorded as JSON, and read back as it was."""

import json

import pytest

from tenuto.core.problems import Problem
from tenuto.sdk.agents import Agent
from tenuto.sdk.agents.agent_json import agent_json, agent_of
from tenuto.sdk.errors import NodeError

AGENT = Agent(
    name="editor",
    prompt="Edit.",
    version="abc",
    description="Edits.",
    model=("a:b", "inherit"),
    tools=("node:http.request",),
    team="marketing",
    runtime="agno",
    max_turns=3,
    budget={"usd": 0.5},
    approve=("node:http.request",),
    output={"type": "object"},
    extra={"color": "red"},
    source="folder",
    problems=(Problem("tools[1]", "foreign_tool", "no", "hint", "warning", 3, 1),),
)


def test_what_is_recorded_is_read_back_the_same():
    assert agent_of(json.loads(json.dumps(agent_json(AGENT)))) == AGENT


def test_what_is_not_said_is_as_in_a_file_that_does_not_say_it():
    assert agent_of({"name": "a", "prompt": "b", "version": "c"}) == Agent(name="a", prompt="b", version="c")


@pytest.mark.parametrize(
    "edit",
    [
        {"prompt": 3}, {"tools": "bash"}, {"tools": [1]}, {"runtime": "other"}, {"source": []}, {"max_turns": True}, {"problems": [{"x": 1}]},
        {"problems": [3]}, {"budget": []}, {"output": "text"}, {"color": "red"}, {"name": None}, {"extra": None},
    ],
)  # fmt: skip
def test_a_recording_that_was_edited_badly_says_so(edit):
    """A fork may edit what was recorded (SEMANTICS 38)."""
    with pytest.raises(NodeError) as refused:
        agent_of(agent_json(AGENT) | edit)

    assert refused.value.type == "agent"
    assert not refused.value.retry


@pytest.mark.parametrize("value", [None, "x", [], {}, {"name": "a"}])
def test_what_is_no_agent_is_refused(value):
    with pytest.raises(NodeError):
        agent_of(value)
