"""Publications: which version of a flow holds in which stage. Going back is publishing an older version."""

from collections.abc import Sequence

from tenuto.core.flow.names import wrong_flow_name
from tenuto.ports.publications import Publication, PublicationChange
from tenuto.ports.records import Page
from tenuto.ports.stages import MOCK
from tenuto.ports.store import Transaction
from tenuto.service import stages, triggers
from tenuto.service.audit import audit
from tenuto.service.envelopes import Json, notice
from tenuto.service.principal import Principal
from tenuto.service.published import DEFAULT_STAGE, no_flow, version_meant
from tenuto.service.refusals import Refused
from tenuto.service.shelf import Shelf


async def publish(
    shelf: Shelf,
    tx: Transaction,
    who: Principal,
    flow: str,
    stage: str,
    version: str | int | None = None,
    *,
    file: str | None = None,
) -> Publication:
    """Let that version (or the newest) hold in the stage. Runs that are on their way keep the version they began with.

    A flow that comes from a file is what the file says on the stage `dev`; to others it is published like any flow.
    Its triggers work from the commit on; refused where another flow of the stage has one of their routes.
    """
    if stage == DEFAULT_STAGE:
        shelf.sources.refuse_if_from_file(who.tenant, flow, unless=file)
    if stage == MOCK:
        raise Refused("conflict", "nothing is published to the stage `mock`", "it takes whatever is run there")
    await stages.get(tx, who, stage)
    chosen = await version_meant(tx, who.tenant, flow, None if version is None else str(version), None)
    await shelf.published.flow(chosen.document, chosen.hash)  # refused if it cannot run here
    before = await tx.publications.list(who.tenant, flow=flow, stage=stage)
    if before and before[0].version == chosen.number:
        return before[0]
    now = Publication(who.tenant, flow, stage, chosen.number, who.by, shelf.clock())
    await tx.publications.put(now)
    await triggers.follow(tx, now, chosen)
    details = {"stage": stage, "version": chosen.number, "before": before[0].version if before else None}
    await audit(tx, who, "flows.publish", flow, details, at=now.at)
    await _tell(shelf, tx, who, "flow.published", {"flow": flow, **details}, at=now.at)
    tx.after_commit(lambda: _tell_published(shelf, now))
    return now


async def unpublish(shelf: Shelf, tx: Transaction, who: Principal, flow: str, stage: str) -> None:
    """Take the flow back from the stage: its triggers there end, its runs go on."""
    if stage == DEFAULT_STAGE:
        shelf.sources.refuse_if_from_file(who.tenant, flow)
    await stages.get(tx, who, stage)
    await _known(tx, who, flow)
    at = shelf.clock()
    if not await tx.publications.remove(who.tenant, flow, stage, by=who.by, at=at):
        raise Refused("not_found", f"`{flow}` is not published to `{stage}`", "nothing is to be taken back")
    await audit(tx, who, "flows.unpublish", flow, {"stage": stage}, at=at)
    await _tell(shelf, tx, who, "flow.unpublished", {"flow": flow, "stage": stage}, at=at)
    tx.after_commit(lambda: _tell_unpublished(shelf, who.tenant, flow, stage))


async def of_flow(tx: Transaction, who: Principal, flow: str) -> Sequence[Publication]:
    """Where the flow is published, and which version."""
    await _known(tx, who, flow)
    return await tx.publications.list(who.tenant, flow=flow)


async def history(
    tx: Transaction, who: Principal, flow: str, *, limit: int = 50, cursor: str | None = None
) -> Page[PublicationChange]:
    """What was published and taken back, the newest first; it outlives the flow."""
    if wrong_flow_name(flow):
        raise await no_flow(tx, who.tenant, flow)
    page = await tx.publications.history(who.tenant, flow, limit=limit, cursor=cursor)
    if not page.items and cursor is None:
        await _known(tx, who, flow)
    return page


async def _known(tx: Transaction, who: Principal, flow: str) -> None:
    if wrong_flow_name(flow) or await tx.flows.get(who.tenant, flow) is None:
        raise await no_flow(tx, who.tenant, flow)


async def _tell(
    shelf: Shelf, tx: Transaction, who: Principal, kind: str, payload: dict[str, Json], *, at: float
) -> None:
    """To webhooks, and to flows that start on it; from the same transaction, so that it is not lost."""
    await tx.outbox.add(notice(who.tenant, kind, payload, at=at, actor=who.by))
    tx.after_commit(shelf.told)


def _tell_published(shelf: Shelf, publication: Publication) -> None:
    shelf.published.forget()
    for listener in shelf.listeners:
        listener.published(publication)


def _tell_unpublished(shelf: Shelf, tenant: str, flow: str, stage: str) -> None:
    shelf.published.forget()
    for listener in shelf.listeners:
        listener.unpublished(tenant, flow, stage)
