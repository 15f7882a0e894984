"""Agents and teams as people have them in a module of their own."""

from agno.agent import Agent
from agno.models.openai import OpenAILike
from agno.run import RunContext
from agno.team import Team
from agno.tools import tool
from pydantic import BaseModel

CALLS: list[str] = []


class Sum(BaseModel):
    sum: int


def add(a: int, b: int) -> int:
    """Add two numbers.

    Args:
        a: One.
        b: The other.
    """
    CALLS.append(f"{a}+{b}")
    return a + b


def fail() -> str:
    """It does not work."""
    raise OSError("no disk")


@tool(requires_confirmation=True)
def delete(name: str) -> str:
    """Delete something."""
    CALLS.append(f"delete {name}")
    return f"{name} is gone"


def remember(run_context: RunContext, what: str) -> str:
    """Remember something."""
    assert run_context.session_state is not None
    run_context.session_state["what"] = what
    return "I shall."


def recall(run_context: RunContext) -> str:
    """What was remembered."""
    assert run_context.session_state is not None
    return str(run_context.session_state.get("what"))


MODEL = OpenAILike(id="m-5", base_url="http://127.0.0.1:1/v1", api_key="none")
adder = Agent(
    name="adder",
    model=MODEL,
    tools=[add, delete, fail, remember, recall],
    instructions="You add.",
    add_datetime_to_context=True,
)
summed = Agent(name="summed", model=MODEL, tools=[add], output_schema=Sum)
anna = Agent(name="anna", role="Adds", model=MODEL, tools=[add])
bert = Agent(name="bert", role="Writes", model=MODEL)
crew = Team(name="crew", model=MODEL, members=[anna, bert])
choir = Team(name="choir", model=MODEL, members=[anna, bert], delegate_to_all_members=True)
