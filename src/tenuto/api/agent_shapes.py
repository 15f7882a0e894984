"""Agents as they are sent."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.flow_shapes import FILE, GONE, Finding
from tenuto.api.moments import Moment

Json = Any  # pydantic has no better word for a value that is JSON

NAME = Field(examples=["copywriter"], description="Lower-case words joined by hyphens.")
VERSION = Field(examples=[3], description="1, 2, 3 … of its agent. Null: it comes with Tenuto.")
HASH = Field(examples=["9f86d081884c"], description="Of what the file means; also its `ETag`.")
MODEL = Field(examples=[["openai:gpt-5", "inherit"]], description="The first that answers is taken.")
TOOLS = Field(examples=[["node:http.request", "ask_person"]])


class AgentLine(BaseModel):
    """An agent in a list. `source`: it comes with Tenuto, was saved, or is a file of the folder of agents."""

    name: Annotated[str, NAME]
    title: Annotated[str, Field(examples=["Copywriter"])]
    description: str
    team: Annotated[str, Field(examples=["marketing"])]
    source: Literal["catalog", "store", "folder"]
    model: Annotated[list[str], MODEL]
    runtime: Literal["native", "langgraph", "agno", "strands"]
    tools: Annotated[list[str], TOOLS]
    version: Annotated[int | None, VERSION]
    hash: Annotated[str, HASH]
    updated_at: Moment | None
    file: Annotated[str | None, FILE] = None
    gone: Annotated[bool, GONE] = False


class AgentShown(AgentLine):
    """An agent in full. `problems`: warnings, such as a tool that is not there; it runs without that. `prompt`: its body."""

    approve: Annotated[list[str], Field(examples=[["node:http.request"]], description="Tools that need a person.")]
    max_turns: Annotated[int, Field(examples=[25])]
    budget: Annotated[dict[str, int | float], Field(examples=[{"usd": 0.5}])]
    output: Annotated[dict[str, Json] | None, Field(description="A JSON Schema of its answer.")]
    extra: Annotated[dict[str, Json], Field(description="What else its file says.", examples=[{"color": "red"}])]
    prompt: Annotated[str, Field(examples=["You are a senior copywriter."])]
    by: str | None
    problems: list[Finding]


class SavedAgent(BaseModel):
    """What was kept. `problems`: warnings."""

    name: Annotated[str, NAME]
    version: Annotated[int, VERSION]
    hash: Annotated[str, HASH]
    problems: list[Finding]


class AgentVersionLine(BaseModel):
    """A version in the history of its agent."""

    version: Annotated[int, VERSION]
    hash: Annotated[str, HASH]
    by: Annotated[str, Field(description="Who saved it.")]
    at: Moment


class AgentBody(BaseModel):
    """An agent as JSON: the keys of its file, its text as `prompt`, and keys of your own in `extra`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"description": "Edits.", "model": "inherit", "tools": ["ask_person"], "prompt": "You are an editor."}
            ]
        },
    )

    prompt: str
    name: str | None = None
    description: str | None = None
    team: str | None = None
    model: str | list[str] | None = None
    runtime: Literal["native", "langgraph", "agno", "strands"] | None = None
    tools: list[str] | str | None = None
    approve: list[str] | str | bool | None = None
    max_turns: Annotated[int | None, Field(ge=1, le=1_000)] = None
    budget: dict[Literal["usd", "tokens"], int | float] | None = None
    output: dict[str, Json] | None = None
    extra: dict[str, Json] | None = None
