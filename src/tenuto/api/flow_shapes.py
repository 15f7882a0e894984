"""Flows as they are sent."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tenuto.ports.drafts import DraftEntry
from tenuto.ports.publications import Publication, PublicationChange
from tenuto.ports.versions import VersionEntry
from tenuto.service.flows import Difference, Listed, Saved, Shown, document_of
from tenuto.service.runs import moment

Json = Any  # pydantic has no better word for a value that is JSON

NAME = Field(examples=["research"], description="Lower-case words joined by hyphens.")
VERSION = Field(examples=[3], description="1, 2, 3 … of its flow.")
HASH = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
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
    """A flow in a list. `version`: the newest. `stages`: which version is published where. `file`: of a folder that owns it."""

    name: Annotated[str, NAME]
    version: Annotated[int, VERSION]
    description: str
    updated_at: Annotated[str, AT]
    stages: Annotated[dict[str, int], Field(examples=[{"dev": 3, "prod": 2}])]
    file: str | None = None


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
    file: str | None = None
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

    model_config = ConfigDict(validate_by_name=True)

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


class ImportedShown(BaseModel):
    """What came in. `problems`: what is still missing here before the flows can run."""

    flows: list[SavedFlow]
    problems: list[Finding]


def findings(problems: Sequence[object]) -> list[Finding]:
    return [Finding.model_validate(problem, from_attributes=True) for problem in problems]


def saved_flow(saved: Saved) -> SavedFlow:
    return SavedFlow(
        name=saved.name,
        version=saved.version,
        hash=saved.hash,
        draft=True if saved.version is None else None,
        problems=findings(saved.problems) or None,
    )


def flow_line(listed: Listed) -> FlowLine:
    entry = listed.entry
    return FlowLine(
        name=entry.name,
        version=entry.number,
        description=entry.description,
        updated_at=moment(entry.updated_at) or "",
        stages=dict(listed.stages),
        file=listed.file,
    )


def draft_line(entry: DraftEntry) -> DraftLine:
    return DraftLine(name=entry.flow, problems=entry.problems, by=entry.by, updated_at=moment(entry.at) or "")


def version_line(entry: VersionEntry) -> VersionLine:
    return VersionLine(version=entry.number, hash=entry.hash, by=entry.by, at=moment(entry.at) or "")


def flow_shown(shown: Shown) -> FlowShown:
    """A version. Drafts are `draft_shown`, because they are checked anew."""
    version = shown.version
    assert version is not None
    document = document_of(version)
    return FlowShown(
        name=shown.name,
        version=version.number,
        hash=version.hash,
        description=str(document.get("description", "")),
        document=document,
        media_type=version.media_type,
        by=version.by,
        at=moment(version.at) or "",
        stages={publication.stage: publication.version for publication in shown.publications},
        draft=shown.draft is not None,
        file=shown.file,
    )


def draft_shown(shown: Shown, document: object, problems: Sequence[object]) -> FlowShown:
    draft = shown.draft
    assert draft is not None
    return FlowShown(
        name=shown.name,
        version=None,
        hash=None,
        document=document,
        media_type=draft.media_type,
        by=draft.by,
        at=moment(draft.at) or "",
        stages={},
        draft=True,
        source=draft.source,
        problems=findings(problems),
    )


def diff_shown(found: Difference) -> DiffShown:
    changes = [
        ChangeShown(path=each.path, kind=each.kind, before=each.before, after=each.after) for each in found.changes
    ]
    return DiffShown(flow=found.flow, from_=found.before, to=found.after, changes=changes)


def publication_shown(publication: Publication) -> PublicationShown:
    return PublicationShown(
        flow=publication.flow,
        stage=publication.stage,
        version=publication.version,
        by=publication.by,
        at=moment(publication.at) or "",
    )


def publication_line(change: PublicationChange) -> PublicationLine:
    return PublicationLine(stage=change.stage, version=change.version, by=change.by, at=moment(change.at) or "")
