"""Flows as they are sent."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Json = Any  # pydantic has no better word for a value that is JSON

NAME = Field(examples=["research"], description="Lower-case words joined by hyphens.")
VERSION = Field(examples=[3], description="1, 2, 3 … of its flow.")
HASH = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
FILE = Field(description="The file that it comes from, where a folder is its source.", examples=["flows/hello.yaml"])
GONE = Field(description="The file was there and is not any more: the flow stays as it was, and is everybody's.")
AT = Field(examples=["2026-11-21T10:00:00.000Z"])


class Finding(BaseModel):
    """Something about a document. Only those of severity `error` refuse it."""

    severity: Literal["error", "warning"]
    path: Annotated[str, Field(examples=["nodes.plan.with.task"])]
    code: Annotated[str, Field(examples=["unknown_name"])]
    message: str
    hint: str = ""
    line: int | None = None
    column: int | None = None


class SavedFlow(BaseModel):
    """What was kept. A draft has no version and no hash."""

    name: Annotated[str, NAME]
    version: Annotated[int | None, VERSION] = None
    hash: Annotated[str | None, HASH] = None
    draft: Annotated[bool | None, Field(description="Whether it was kept as a draft.")] = None
    problems: Annotated[list[Finding] | None, Field(description="Warnings, or what is wrong with a draft.")] = None


class Validation(BaseModel):
    """`ok`: it could be saved and run. `hash`: of the version that saving it would make."""

    ok: bool
    name: Annotated[str | None, NAME] = None
    hash: Annotated[str | None, HASH] = None
    problems: list[Finding]


class FlowLine(BaseModel):
    """A flow in a list. `version`: the newest. `stages`: which version is published where."""

    name: Annotated[str, NAME]
    version: Annotated[int, VERSION]
    description: str
    updated_at: Annotated[str, AT]
    stages: Annotated[dict[str, int], Field(examples=[{"dev": 3, "prod": 2}])]
    file: Annotated[str | None, FILE] = None
    gone: Annotated[bool, GONE] = False


class DraftLine(BaseModel):
    """A draft in a list. `problems`: how many it has."""

    name: Annotated[str, NAME]
    problems: int
    by: str
    updated_at: Annotated[str, AT]


class VersionLine(BaseModel):
    """A version in the history of its flow."""

    version: Annotated[int, VERSION]
    hash: Annotated[str, HASH]
    by: Annotated[str, Field(description="Who saved it.")]
    at: Annotated[str, AT]


class FlowShown(BaseModel):
    """A flow: one version of it, or its draft. `source`: a draft's text as it was written; of a version, ask for YAML."""

    name: Annotated[str, NAME]
    version: Annotated[int | None, VERSION]
    hash: Annotated[str | None, HASH]
    description: str = ""
    document: Annotated[
        Json, Field(description="The flow document, its keys sorted. Null for a draft that cannot be read.")
    ]
    media_type: Annotated[str, Field(examples=["application/yaml"], description="How it was written.")]
    by: str
    at: Annotated[str, AT]
    stages: Annotated[dict[str, int], Field(description="Which version is published where.", examples=[{"prod": 2}])]
    draft: Annotated[bool, Field(description="Whether there is a draft besides, or this is it.")]
    file: Annotated[str | None, FILE] = None
    gone: Annotated[bool, GONE] = False
    source: str | None = None
    problems: list[Finding] | None = None


class ChangeShown(BaseModel):
    """One path that differs."""

    path: Annotated[str, Field(examples=["nodes.plan.with.task"])]
    kind: Literal["added", "removed", "changed", "reordered"]
    before: Json = None
    after: Json = None


class DiffShown(BaseModel):
    """What leads from one version to another."""

    flow: Annotated[str, NAME]
    from_: Annotated[int, Field(alias="from", examples=[2])]
    to: Annotated[int, Field(examples=[3])]
    changes: list[ChangeShown]


class PublicationShown(BaseModel):
    """Which version of a flow holds in a stage."""

    flow: Annotated[str, NAME]
    stage: Annotated[str, Field(examples=["prod"])]
    version: Annotated[int, VERSION]
    by: str
    at: Annotated[str, AT]


class PublicationLine(BaseModel):
    """What was published or, where the version is null, taken back."""

    stage: Annotated[str, Field(examples=["prod"])]
    version: Annotated[int | None, VERSION]
    by: str
    at: Annotated[str, AT]


class PublishBody(BaseModel):
    """`version`: without it, the newest."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"version": 3}]})

    version: Annotated[int | None, Field(ge=1, le=999_999_999)] = None


class ImportedAgent(BaseModel):
    """An agent that came with the flows."""

    name: Annotated[str, Field(examples=["editor"])]
    version: Annotated[int, Field(examples=[1])]
    hash: Annotated[str, Field(examples=["9f86d081884c"])]


class ImportedShown(BaseModel):
    """What came in. `problems`: what is still missing here before the flows can run."""

    flows: list[SavedFlow]
    agents: list[ImportedAgent]
    problems: list[Finding]
