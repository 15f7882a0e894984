"""What is said about runs over HTTP, for OpenAPI and for what is read by pydantic. What is hot is written by hand."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from tenuto.api.moments import Moment

Json = Any
Status = Literal["queued", "running", "waiting", "succeeded", "failed", "cancelled"]
Action = Literal["cancel", "retry", "delete"]


class ErrorShown(BaseModel):
    """Why a run or a node failed."""

    model_config = ConfigDict(extra="allow")

    type: str
    message: str
    node: str | None = None
    attempts: int | None = None


class RunLine(BaseModel):
    """A run in a list. `version`: of its flow; null for a document that nobody saved. `version_hash`: how the hash of its
    content begins."""

    model_config = ConfigDict(extra="allow")

    id: Annotated[str, Field(examples=["01kex3w2v1m4r7p9s0t2y5z8ab"])]
    name: Annotated[str, Field(examples=["brave-otter-7f3a"])]
    flow: str
    version: Annotated[int | None, Field(examples=[3])] = None
    version_hash: Annotated[str, Field(examples=["9c1f0a7b3d5e"])]
    status: Status
    stage: str
    parent: str | None = None
    forked_from: str | None = None
    created_at: Moment | None = None
    ended_at: Moment | None = None
    labels: dict[str, str]


class RunStarted(RunLine):
    """A run that was just started. With `?wait=`, all that `GET` shows of it."""

    output: Json = None
    error: ErrorShown | None = None


class NodeShown(BaseModel):
    model_config = ConfigDict(extra="allow")

    use: str
    status: str
    port: str | None = None
    input: Json = None
    output: Json = None
    error: ErrorShown | None = None
    attempts: int = 0
    started_at: Moment | None = None
    ended_at: Moment | None = None


class RunShown(RunLine):
    """`nodes`: its top level by path, or one page of those under `?under=`."""

    input: Json = None
    output: Json = None
    error: ErrorShown | None = None
    paused: Annotated[bool, Field(description="Nothing new of it begins until it is resumed.")] = False
    nodes: dict[str, NodeShown]
    cost: dict[str, int | float]
    started_at: Moment | None = None
    next_cursor: Annotated[str | None, Field(description="Of the nodes, where they are asked for by page.")] = None


class EventShown(BaseModel):
    """A fact of the journal: its own fields stand beside these."""

    model_config = ConfigDict(extra="allow")

    seq: int
    type: Annotated[str, Field(examples=["node.succeeded"])]
    at: Annotated[float, Field(description="Seconds since the epoch, UTC.")]


class EventPage(BaseModel):
    items: list[EventShown]
    next_cursor: str | None = None


class LogLine(BaseModel):
    model_config = ConfigDict(extra="allow")

    at: float
    path: str
    text: str


class LogPage(BaseModel):
    """The last lines, oldest first."""

    items: list[LogLine]
    next_cursor: str | None = None


class Told(BaseModel):
    """A word to a run was recorded."""

    id: str
    name: str


class CancelBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str | None, Field(max_length=1_000)] = None


class RetryBody(BaseModel):
    """`from`: the node from which on everything runs again. `version`: of the flow, if another than it had."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: Annotated[str | None, Field(alias="from", max_length=1_000, examples=["search"])] = None
    version: Annotated[int | str | None, Field(examples=[3])] = None


class ForkBody(BaseModel):
    """`at`: the node before which, or the number of the fact at which, it parts from the other."""

    model_config = ConfigDict(extra="forbid")

    at: Annotated[int | str | None, Field(examples=["search"])] = None
    edits: Annotated[dict[str, Json], Field(examples=[{"input.topic": "tea"}])] = {}
    version: Annotated[int | str | None, Field(examples=[3])] = None
    name: str | None = None


class LabelsBody(BaseModel):
    """Labels by name; null takes one away, those that are not named stay."""

    model_config = ConfigDict(extra="forbid")

    labels: Annotated[dict[str, str | None], Field(examples=[{"team": "blue", "old": None}])]


class FilterBody(BaseModel):
    """As the query of `GET /v1/runs`."""

    model_config = ConfigDict(extra="forbid")

    flow: str | None = None
    status: list[Status] | None = None
    stage: str | None = None
    labels: dict[str, str] = {}
    parent: str | None = None
    created_after: str | None = None
    created_before: str | None = None


class BulkBody(BaseModel):
    """What to do, and to which: `ids` (or names), or the newest 1,000 that a `filter` finds."""

    model_config = ConfigDict(extra="forbid")

    action: Action
    ids: Annotated[list[str] | None, Field(max_length=1_000)] = None
    filter: FilterBody | None = None


class BulkError(BaseModel):
    code: str
    detail: str


class BulkDone(BaseModel):
    """What came of one run. `run`: the new one that `retry` made."""

    id: str
    name: str | None = None
    ok: bool
    run: str | None = None
    error: BulkError | None = None


class BulkShown(BaseModel):
    done: int
    refused: int
    items: list[BulkDone]


class NoteBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=10_000)]


class NoteShown(BaseModel):
    id: str
    run: str
    text: str
    by: str
    at: Moment


class ApprovalShown(BaseModel):
    """Something that waits for a person. `path` is where the answer goes; `form` a JSON Schema."""

    model_config = ConfigDict(extra="allow")

    run: str
    name: str
    flow: str
    stage: str
    path: Annotated[str, Field(examples=["search[3].ok"])]
    question: Json = None
    show: Json = None
    form: Json = None
    assignees: list[Json]
    due: Moment | None = None


class AnswerBody(BaseModel):
    """`approved` for an approval; what an agent asks for otherwise: an `answer` in words, or more of its budget."""

    model_config = ConfigDict(extra="forbid")

    approved: StrictBool | None = None
    comment: Annotated[str | None, Field(max_length=10_000)] = None
    form: Json = None
    hash: Annotated[str | None, Field(max_length=200, description="Of the arguments that were looked at.")] = None
    answer: Annotated[str | None, Field(max_length=100_000, description="To a question of an agent.")] = None
    add: Annotated[dict[str, int | float] | None, Field(description="To a budget: `usd`, `tokens`, `turns`.")] = None
    stop: Annotated[StrictBool | None, Field(description="End what has used up its budget.")] = None


class FileShown(BaseModel):
    """A file as runs refer to it: send this very object in an input."""

    model_config = ConfigDict(populate_by_name=True)

    file: Annotated[str, Field(alias="$file")]
    name: str
    media_type: str
    size: int


class TicketShown(BaseModel):
    """For one connection, within half a minute: `/v1/ws?ticket=…`."""

    ticket: str
    expires_at: Moment


# What starts a run, by hand: it is read without pydantic.
START_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "title": "StartBody",
                    "description": "What to start: a saved `flow` by name, or a `document` (that needs `flows:write`).",
                    "additionalProperties": False,
                    "properties": {
                        "flow": {"type": "string", "examples": ["research"]},
                        "document": {"type": "object", "description": "A flow that nobody saved."},
                        "version": {
                            "anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}],
                            "description": "Without it: what is published on the stage, else the newest.",
                        },
                        "stage": {"type": ["string", "null"], "default": "dev"},
                        "input": {"description": "What the flow declares; files as `POST /v1/files` answers them."},
                        "name": {"type": ["string", "null"], "description": "Not taken in the tenant; else made up."},
                        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    },
                },
                "example": {"flow": "hello", "input": {"name": "Ada"}, "labels": {"team": "blue"}},
            }
        },
    },
    "parameters": [
        {
            "name": "wait",
            "in": "query",
            "description": "So many seconds (at most 60) to wait for the outcome.",
            "schema": {"type": "number", "minimum": 0, "maximum": 60},
        },
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "The same key with the same body is the same run, for 24 hours; with another body it is 409.",
            "schema": {"type": "string", "maxLength": 255},
        },
    ],
}
