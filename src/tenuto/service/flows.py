"""Flows: what is saved under a name, version after version. Where a version holds is in `service.publications`.

A version is a text and never changes; saving what means the same as the newest makes none. A draft is what somebody is
still writing: one a flow, with whatever problems it has, and nothing runs it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from tenuto.core.flow import Library, canonical_text
from tenuto.core.flow.findings import mapping
from tenuto.core.flow.names import wrong_flow_name
from tenuto.core.problems import Problem
from tenuto.documents.diff import Change
from tenuto.documents.diff import diff as compare
from tenuto.documents.load import Loaded
from tenuto.ports.drafts import Draft, DraftEntry
from tenuto.ports.flow_list import FlowEntry
from tenuto.ports.journal import RunQuery
from tenuto.ports.publications import Publication
from tenuto.ports.records import Page
from tenuto.ports.store import Transaction
from tenuto.ports.versions import Version, VersionEntry
from tenuto.service.aside import aside
from tenuto.service.audit import audit
from tenuto.service.principal import Principal
from tenuto.service.published import check, no_flow, version_meant
from tenuto.service.refusals import Invalid, Refused
from tenuto.service.shelf import Shelf
from tenuto.service.sources import SourceFile

Json = object

JSON: Final = "application/json"
YAML: Final = "application/yaml"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    JSON: JSON,
    **dict.fromkeys((YAML, "text/yaml", "application/x-yaml", "text/x-yaml", "text/vnd.yaml"), YAML),
}
_NO_TEXT: Final = frozenset({"encoding", "too_large"})


@dataclass(slots=True, frozen=True)
class Checked:
    """A document as it came, and what was found in it. Made before a transaction is opened: checking may take a while."""

    source: str
    media_type: str
    loaded: Loaded

    @property
    def name(self) -> str:
        """What the document calls itself; "" where it says nothing that could be a name."""
        said = (mapping(self.loaded.document) or {}).get("flow")
        return said if isinstance(said, str) and not wrong_flow_name(said) else ""


@dataclass(slots=True, frozen=True)
class Saved:
    """`version` and `hash` are None for a draft. `new`: there was nothing the same. `problems`: warnings, or a draft's."""

    name: str
    version: int | None
    hash: str | None
    new: bool
    problems: Sequence[Problem] = ()


@dataclass(slots=True, frozen=True)
class Listed:
    """A flow's line in a list. `stages`: which version is published where. `source`: the file that it comes from, if any."""

    entry: FlowEntry
    stages: Mapping[str, int]
    source: SourceFile | None = None


@dataclass(slots=True, frozen=True)
class Shown:
    """A flow in full: one version of it, or its draft while it has no version."""

    name: str
    version: Version | None
    publications: Sequence[Publication] = ()
    draft: Draft | None = None
    source: SourceFile | None = None


@dataclass(slots=True)
class Difference:
    """What leads from the one version to the other."""

    flow: str
    before: int
    after: int
    changes: list[Change] = field(default_factory=list[Change])


async def read(source: bytes, media_type: str, library: Library) -> Checked:
    """Check a document as it came. Nothing is refused here: problems are data."""
    kind = MEDIA_TYPES.get(media_type)
    if kind is None:
        raise Refused(
            "unsupported_media_type", f"a flow is JSON or YAML, not `{media_type[:80]}`", f"send {JSON} or {YAML}"
        )
    loaded = await check(source, kind.rpartition("/")[2], library)
    return Checked(source.decode("utf-8-sig", "replace").removeprefix("\ufeff"), kind, loaded)


async def save(shelf: Shelf, tx: Transaction, who: Principal, checked: Checked, *, file: str | None = None) -> Saved:
    """The next version of the flow that the document names; the newest, if that says the same already. `file`: whence it comes."""
    flow = checked.loaded.flow
    if flow is None:
        raise Invalid("the flow has problems", checked.loaded.errors, "mend them, or keep it as a draft: `?draft=true`")
    shelf.sources.refuse_if_from_file(who.tenant, flow.name, unless=file)
    document = await aside(flow.size, canonical_text, flow.document)
    version, new = await tx.versions.add(
        who.tenant,
        flow.name,
        hash=flow.hash,
        document=document,
        source=checked.source,
        media_type=checked.media_type,
        description=flow.description,
        by=who.by,
        at=shelf.clock(),
    )
    await tx.drafts.delete(who.tenant, flow.name)
    if new:
        await audit(tx, who, "flows.save", flow.name, {"version": version.number, "hash": version.hash}, at=version.at)
    tx.after_commit(shelf.published.forget)
    return Saved(flow.name, version.number, version.hash, new, checked.loaded.problems)


async def save_draft(shelf: Shelf, tx: Transaction, who: Principal, checked: Checked, name: str = "") -> Saved:
    """Keep what is being written. `name`: of the flow, where the document cannot say it (yet)."""
    name = name or checked.name
    if wrong := wrong_flow_name(name):
        problem = Problem("flow", "wrong_name", wrong)
        raise Invalid("a draft needs the name of its flow", [problem], "write `flow: NAME`, or say `?name=NAME`")
    if any(problem.code in _NO_TEXT for problem in checked.loaded.problems):
        raise Invalid("this cannot be kept", checked.loaded.errors)
    shelf.sources.refuse_if_from_file(who.tenant, name)
    before = await tx.drafts.get(who.tenant, name)
    problems = checked.loaded.problems
    draft = Draft(who.tenant, name, checked.media_type, len(problems), who.by, shelf.clock(), source=checked.source)
    await tx.drafts.put(draft)
    return Saved(name, None, None, before is None or before.source != draft.source, problems)


async def listing(
    shelf: Shelf, tx: Transaction, who: Principal, *, q: str = "", limit: int = 50, cursor: str | None = None
) -> Page[Listed]:
    page = await tx.flows.list(who.tenant, named=q, limit=limit, cursor=cursor)
    stages: dict[str, dict[str, int]] = {}
    for publication in await tx.publications.list(who.tenant) if page.items else ():
        stages.setdefault(publication.flow, {})[publication.stage] = publication.version
    lines = [
        Listed(entry, stages.get(entry.name, {}), shelf.sources.of(who.tenant, entry.name)) for entry in page.items
    ]
    return Page(lines, page.next_cursor)


async def drafts(tx: Transaction, who: Principal, *, limit: int = 50, cursor: str | None = None) -> Page[DraftEntry]:
    return await tx.drafts.list(who.tenant, limit=limit, cursor=cursor)


async def get(
    shelf: Shelf, tx: Transaction, who: Principal, name: str, version: str | None = None, *, draft: bool = False
) -> Shown:
    """A flow by its name: the version asked for, or the newest; its draft, if that is asked for or all there is."""
    kept = None if wrong_flow_name(name) else await tx.drafts.get(who.tenant, name)
    if kept is not None and version is None and (draft or await tx.flows.get(who.tenant, name) is None):
        return Shown(name, None, draft=kept)
    if draft:
        raise Refused("not_found", f"`{name[:80]}` has no draft", "save one with `?draft=true`")
    found = await version_meant(tx, who.tenant, name, version, None)
    published = await tx.publications.list(who.tenant, flow=name)
    return Shown(name, found, published, kept, shelf.sources.of(who.tenant, name))


async def history(
    tx: Transaction, who: Principal, name: str, *, limit: int = 50, cursor: str | None = None
) -> Page[VersionEntry]:
    """A flow's versions, the newest first."""
    if wrong_flow_name(name) or await tx.flows.get(who.tenant, name) is None:
        raise await no_flow(tx, who.tenant, name)
    return await tx.versions.history(who.tenant, name, limit=limit, cursor=cursor)


async def diff(
    tx: Transaction, who: Principal, name: str, before: str | None = None, after: str | None = None
) -> Difference:
    """What changed between two versions: the newest and the one before it, unless others are asked for."""
    newer = await version_meant(tx, who.tenant, name, after, None)
    older = await version_meant(tx, who.tenant, name, before or str(max(newer.number - 1, 1)), None)
    return Difference(name, older.number, newer.number, await _changes(older, newer))


async def _changes(older: Version, newer: Version) -> list[Change]:
    if older.hash == newer.hash:
        return []
    weight = len(older.document) + len(newer.document)
    return await aside(weight, lambda: compare(document_of(older), document_of(newer)))


async def delete(shelf: Shelf, tx: Transaction, who: Principal, name: str) -> None:
    """Forget a flow with all its versions. Its runs stay readable: they hold their document themselves."""
    if wrong_flow_name(name) or await tx.flows.get(who.tenant, name) is None:
        await delete_draft(tx, who, name)
        return
    shelf.sources.refuse_if_from_file(who.tenant, name)
    published = await tx.publications.list(who.tenant, flow=name)
    if published:
        stages = ", ".join(publication.stage for publication in published)
        raise Refused("in_use", f"`{name}` is published to {stages}", "unpublish it first")
    live = await shelf.live(who.tenant, RunQuery(flow=name))
    if live is not None:
        raise Refused("in_use", f"`{name}` has runs that have not ended, such as {live.name}", "cancel them, or wait")
    await tx.flows.delete(who.tenant, name)
    await audit(tx, who, "flows.delete", name, at=shelf.clock())
    tx.after_commit(shelf.published.forget)


async def delete_draft(tx: Transaction, who: Principal, name: str) -> None:
    if wrong_flow_name(name) or not await tx.drafts.delete(who.tenant, name):
        raise await no_flow(tx, who.tenant, name)


def document_of(version: Version) -> Mapping[str, Json]:
    """The canonical document of a version."""
    from tenuto.documents import from_json

    return cast("Mapping[str, Json]", from_json.parse(version.document))


def text_of(shown: Shown, media_type: str) -> str:
    """The document as text of that type: as it was written, where it was written so."""
    kept = shown.version or shown.draft
    assert kept is not None
    if kept.media_type == media_type:
        return kept.source
    if shown.version is None:
        raise Refused(
            "unsupported_media_type", f"this draft is kept as {kept.media_type}", f"ask for {kept.media_type}"
        )
    if media_type == JSON:
        return shown.version.document
    from tenuto.documents.dump import dump

    return dump(document_of(shown.version))
