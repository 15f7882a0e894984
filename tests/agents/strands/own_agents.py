"""Agents as people have them in a module of their own."""

from pydantic import BaseModel
from strands import Agent, ToolContext, tool
from strands.models.openai import OpenAIModel

CALLS: list[str] = []


class Sum(BaseModel):
    sum: int


@tool
def add(a: int, b: int) -> int:
    """Add two numbers.

    Args:
        a: One.
        b: The other.
    """
    CALLS.append(f"{a}+{b}")
    return a + b


@tool
def fail() -> str:
    """It does not work."""
    raise OSError("no disk")


@tool(context=True)
def delete(name: str, tool_context: ToolContext) -> str:  # noqa: D417  Strands gives the context
    """Delete something.

    Args:
        name: What.
    """
    said = tool_context.interrupt("sure", reason=f"Delete {name}?")
    CALLS.append(f"delete {name}")
    return f"{said}, so {name} is gone"


MODEL = OpenAIModel(client_args={"api_key": "none", "base_url": "http://127.0.0.1:1/v1"}, model_id="m-5")
helper = Agent(name="helper", model=MODEL, tools=[add], system_prompt="You help.", callback_handler=None)
adder = Agent(name="adder", model=MODEL, tools=[add, delete, fail, helper], system_prompt="You add.")
summed = Agent(name="summed", model=MODEL, tools=[add], structured_output_model=Sum)
no_agent = "a word"
