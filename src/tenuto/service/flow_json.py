"""Flows as the API and `--json` show them."""

from collections.abc import Sequence
from dataclasses import asdict

from tenuto.core.problems import Problem
from tenuto.documents.diff import Change
from tenuto.ports.drafts import Draft, DraftEntry
from tenuto.ports.publications import Publication, PublicationChange
from tenuto.ports.stages import Stage
from tenuto.ports.versions import VersionEntry
from tenuto.service.flows import Difference, Listed, Saved, Shown, document_of
from tenuto.service.runs import moment
from tenuto.service.sources import SourceFile

Json = object
Shape = dict[str, Json]


def problem_json(problem: Problem) -> Shape:
    """One finding, without what it does not say."""
    said = asdict(problem)
    del said["offset"]
    return {name: value for name, value in said.items() if value is not None}


def saved_json(saved: Saved) -> Shape:
    said: Shape = {"name": saved.name}
    said |= {"draft": True} if saved.version is None else {"version": saved.version, "hash": saved.hash}
    return said | ({"problems": [problem_json(each) for each in saved.problems]} if saved.problems else {})


def listed_json(listed: Listed) -> Shape:
    entry = listed.entry
    return {
        "name": entry.name,
        "version": entry.number,
        "description": entry.description,
        "updated_at": moment(entry.updated_at),
        "stages": dict(listed.stages),
        **_source_json(listed.source),
    }


def _source_json(source: SourceFile | None) -> Shape:
    return {"file": source.shown if source else None, "gone": source is not None and source.gone}


def draft_line_json(entry: DraftEntry) -> Shape:
    return {"name": entry.flow, "problems": entry.problems, "by": entry.by, "updated_at": moment(entry.at)}


def version_json(entry: VersionEntry) -> Shape:
    """A version's line in the history."""
    return {"version": entry.number, "hash": entry.hash, "by": entry.by, "at": moment(entry.at)}


def shown_json(shown: Shown) -> Shape:
    """A version of a flow in full."""
    version = shown.version
    assert version is not None
    document = document_of(version)
    return {
        "name": shown.name,
        **version_json(version),
        "description": str(document.get("description", "")),
        "document": document,
        "media_type": version.media_type,
        "stages": {publication.stage: publication.version for publication in shown.publications},
        "draft": shown.draft is not None,
        **_source_json(shown.source),
    }


def draft_json(draft: Draft, document: Json, problems: Sequence[Problem]) -> Shape:
    """A draft in full, with what is wrong with it now."""
    return {
        "name": draft.flow,
        "version": None,
        "hash": None,
        "document": document,
        "media_type": draft.media_type,
        "by": draft.by,
        "at": moment(draft.at),
        "stages": {},
        "draft": True,
        "source": draft.source,
        "problems": [problem_json(each) for each in problems],
    }


def diff_json(found: Difference) -> Shape:
    changes = [_change_json(change) for change in found.changes]
    return {"flow": found.flow, "from": found.before, "to": found.after, "changes": changes}


def _change_json(change: Change) -> Shape:
    return {"path": change.path, "kind": change.kind, "before": change.before, "after": change.after}


def publication_json(publication: Publication) -> Shape:
    return {
        "flow": publication.flow,
        "stage": publication.stage,
        "version": publication.version,
        "by": publication.by,
        "at": moment(publication.at),
    }


def publication_change_json(change: PublicationChange) -> Shape:
    return {"stage": change.stage, "version": change.version, "by": change.by, "at": moment(change.at)}


def stage_json(stage: Stage) -> Shape:
    return {"name": stage.name, "order": stage.order, "production": stage.production}
