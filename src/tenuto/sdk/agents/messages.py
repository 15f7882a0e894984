"""What is said between an agent and a model. Plain JSON: it is recorded as it stands."""

from typing import Any, Literal, NotRequired, TypedDict

Role = Literal["system", "user", "assistant", "tool"]
Stop = Literal["end", "tools", "length", "refused"]


class ToolCall(TypedDict):
    """`name` is the wire name (`wire_name`). `arguments` may be what a model made up: they are checked before the call.

    `wrong`: why its arguments could not even be read. Such a call is answered with that sentence, and never made.
    """

    id: str
    name: str
    arguments: dict[str, Any]
    wrong: NotRequired[str]


class TextPart(TypedDict):
    type: Literal["text"]
    text: str


class ImagePart(TypedDict):
    """`image`: `https://…`, `data:…`, or a file reference of the run."""

    type: Literal["image"]
    image: Any


class Message(TypedDict):
    """`tool_call_id`: which call a message of role `tool` answers. `thinking`: what a provider wants to be given back, as it came.

    `strangers`: of an answer that is remembered, the tools whose answers by strangers were read for it.
    """

    role: Role
    content: str | list[TextPart | ImagePart]
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]
    thinking: NotRequired[Any]
    strangers: NotRequired[list[str]]


class ToolSchema(TypedDict):
    """A tool as a model is told of it. `name` is its wire name."""

    name: str
    description: str
    parameters: dict[str, Any]


class Ask(TypedDict):
    """One question to a model. `output`: the JSON Schema that the answer's `data` must fit. `options`: `max_tokens`, `temperature`, …

    `agent`: who asks. No provider is told; scripts choose by it.
    """

    messages: list[Message]
    tools: list[ToolSchema]
    agent: NotRequired[str]
    output: NotRequired[dict[str, Any] | None]
    options: NotRequired[dict[str, Any]]


class Usage(TypedDict, total=False):
    """`tokens` and `usd` are what budgets count; `usd` is missing where no price is known."""

    input_tokens: int
    cached_tokens: int  # of the input: the provider had kept them
    written_tokens: int  # of the input: the provider keeps them from now on
    output_tokens: int
    tokens: int
    usd: float
    estimated: bool  # the provider counted nothing; these are guesses from the lengths of texts


class Answer(TypedDict):
    """`model`: who answered, as it is shown (`openai:gpt-5`, `scripted:demo`). `data`: where an output schema was asked for."""

    text: str
    tool_calls: list[ToolCall]
    usage: Usage
    model: str
    stop: Stop
    data: NotRequired[Any]
    thinking: NotRequired[Any]
