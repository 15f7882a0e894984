"""Tenants: made and bounded by whoever cares for the installation, renamed and deleted by their owners.

A tenant is deleted with everything in it: first its triggers, then its runs with what belongs to them, which are in the
journal, then all rows of the store. If that is interrupted the tenant is still there, and deleting it again goes on. Its audit outlives it.
"""

import asyncio
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from tenuto.ports.engine import Engine
from tenuto.ports.journal import RunEntry, RunQuery
from tenuto.ports.memberships import Membership
from tenuto.ports.quotas import Quota, Quotas
from tenuto.ports.records import Page, Taken
from tenuto.ports.store import Store, Transaction
from tenuto.ports.tenants import Tenant
from tenuto.service.archive import UNFINISHED
from tenuto.service.audit import SYSTEM, audit
from tenuto.service.platform import Platform
from tenuto.service.principal import DEFAULT_TENANT, Principal
from tenuto.service.refusals import Refused, did_you_mean
from tenuto.service.runs import moment

NAME_LIMIT: Final = 100
EVERYWHERE: Final = "admin:tenants"
QUOTAS: Final[Mapping[str, str]] = {
    "runs": "How many of its runs may be at work at once; more wait in the queue.",
    "queued": "How many of its runs may wait in the queue; more are refused.",
}
_PAGE: Final = 200
_PATIENCE: Final = 60.0  # seconds that cancelled runs get to end


async def create(tx: Transaction, who: Principal, name: str, *, at: float) -> Tenant:
    """A new tenant. A person who makes one owns it."""
    tenant = Tenant(_new_id(_checked_name(name)), name.strip(), at)
    try:
        await tx.tenants.add(tenant)
    except Taken:
        raise Refused("exists", f"there is a tenant `{tenant.name}` already", "choose another name") from None
    if who.kind == "user":
        await tx.memberships.put(Membership(who.id, tenant.id, ("owner",)))
    await audit(tx, who, "tenants.create", tenant.id, {"name": tenant.name}, tenant=SYSTEM, at=at)
    return tenant


async def get(tx: Transaction, who: Principal, tenant: str) -> Tenant:
    """One's own; any, for who cares for the installation."""
    found = await tx.tenants.get(tenant) if _reaches(who, tenant) else None
    if found is None:
        raise Refused("not_found", f"there is no tenant `{tenant[:80]}`", "`GET /v1/tenants` lists yours")
    return found


async def listing(tx: Transaction, who: Principal, *, limit: int = 50, cursor: str | None = None) -> Page[Tenant]:
    if who.may(EVERYWHERE):
        return await tx.tenants.list(limit=limit, cursor=cursor)
    names = [one.tenant for one in await tx.memberships.of_user(who.id)] if who.kind == "user" else [who.tenant]
    found = [await tx.tenants.get(name) for name in sorted(names)]
    return Page([tenant for tenant in found if tenant is not None])


async def change(
    tx: Transaction,
    who: Principal,
    tenant: str,
    *,
    name: str | None = None,
    quotas: Mapping[str, int | None] | None = None,
    at: float,
) -> Tenant:
    """Another name, other quotas. Nobody raises the quotas of its own tenant."""
    found = await get(tx, who, tenant)
    if name is not None:
        found = replace(found, name=_checked_name(name).strip())
    if quotas is not None:
        who.needs(EVERYWHERE)
        found = replace(found, quotas=_checked_quotas(found.quotas, quotas))
    try:
        await tx.tenants.update(found)
    except Taken:
        raise Refused("exists", f"there is a tenant `{found.name}` already", "choose another name") from None
    await audit(tx, who, "tenants.change", tenant, {"name": name, "quotas": quotas}, tenant=tenant, at=at)
    return found


async def delete(platform: Platform, who: Principal, tenant: str, *, force: bool = False) -> None:
    """With everything in it. While runs are live it is refused, unless they are to be cancelled."""
    async with platform.store.read() as tx:
        found = await get(tx, who, tenant)
    if tenant == DEFAULT_TENANT:
        raise Refused("conflict", "the tenant `default` belongs to the installation", "delete what is in it instead")
    live = await _runs(platform, tenant, live=True)
    if live and not force:
        hint = "cancel them, or delete with ?force=true, which does that"
        raise Refused("running", f"{len(live)} runs of `{found.name}` have not ended", hint)
    await _silence(platform, who, tenant)
    await _empty(platform, who, tenant)
    async with platform.store.write() as tx:
        await tx.tenants.delete(tenant)
        await audit(tx, who, "tenants.delete", tenant, {"name": found.name}, tenant=SYSTEM, at=platform.clock())
        tx.after_commit(platform.gate.forget)
    await _empty(platform, who, tenant)  # of who was let in just before


def take_effect(quotas: Quotas, tenant: Tenant) -> None:
    """From now on the engine keeps to the tenant's own quotas."""
    own = {name: value if isinstance(value, int) else None for name, value in tenant.quotas.items()}
    quotas.set_quota(tenant.id, Quota(own.get("runs"), own.get("queued")))


async def all_take_effect(store: Store, quotas: Quotas) -> None:
    """When a server starts."""
    cursor: str | None = None
    while True:
        async with store.read() as tx:
            page = await tx.tenants.list(limit=_PAGE, cursor=cursor)
        for tenant in page.items:
            take_effect(quotas, tenant)
        cursor = page.next_cursor
        if cursor is None:
            return


def tenant_json(tenant: Tenant) -> dict[str, object]:
    """As the API and `--json` show it."""
    return {
        "id": tenant.id,
        "name": tenant.name,
        "quotas": dict(tenant.quotas),
        "created_at": moment(tenant.created_at),
    }


def _reaches(who: Principal, tenant: str) -> bool:
    return tenant == who.tenant or who.may(EVERYWHERE)


def _checked_name(name: str) -> str:
    if not 0 < len(name.strip()) <= NAME_LIMIT or not name.isprintable():
        raise Refused("invalid", f"a tenant's name has 1 to {NAME_LIMIT} characters", "such as Acme")
    return name


def _new_id(name: str) -> str:
    """Readable, since it stands in addresses of webhooks, and never that of another or of one that was deleted."""
    word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "tenant"
    return f"{word}-{secrets.token_hex(4)}"


def _checked_quotas(now: Mapping[str, object], wanted: Mapping[str, int | None]) -> dict[str, object]:
    for name in wanted:
        if name not in QUOTAS:
            hint = did_you_mean(name, QUOTAS) or f"one of {', '.join(QUOTAS)}"
            raise Refused("invalid", f"there is no quota `{name[:80]}`", hint)
    return {name: value for name, value in {**now, **wanted}.items() if value is not None}


async def _runs(platform: Platform, tenant: str, *, live: bool) -> list[RunEntry]:
    """Some of them, or all where they live: those must all be ended."""
    query = RunQuery(tenant=tenant, statuses=UNFINISHED if live else None, limit=_PAGE)
    found: list[RunEntry] = []
    while page := await platform.archive.journal.runs(query):
        found += page
        if not live or len(page) < _PAGE:
            break
        query = replace(query, cursor=page[-1].age)
    return found


async def _silence(platform: Platform, who: Principal, tenant: str) -> None:
    """Its triggers start nothing any more."""
    async with platform.store.write() as tx:
        tx.after_commit(platform.flows.published.forget)
        for each in await tx.publications.list(tenant):
            await tx.publications.remove(tenant, each.flow, each.stage, by=who.by, at=platform.clock())
            for listener in platform.flows.listeners:
                tx.after_commit(partial(listener.unpublished, tenant, each.flow, each.stage))


async def _empty(platform: Platform, who: Principal, tenant: str) -> None:
    await _end(platform, await _runs(platform, tenant, live=True), who)
    await _forget(platform, tenant)


async def _end(platform: Platform, live: list[RunEntry], who: Principal) -> None:
    for entry in live:
        await _cancel(platform.engine, entry, who)
    try:
        async with asyncio.timeout(_PATIENCE):
            for entry in live:
                await platform.engine.outcome(entry.id)
    except TimeoutError:
        hint = "what they do takes long to stop; delete the tenant again later"
        raise Refused("running", "not all runs have ended yet", hint) from None


async def _forget(platform: Platform, tenant: str) -> None:
    while ended := await _runs(platform, tenant, live=False):
        gone = [await platform.journal.delete(entry.id) for entry in ended if entry.status not in UNFINISHED]
        if not any(gone):
            raise Refused("running", "somebody started runs in the meantime", "delete the tenant again")


async def _cancel(engine: Engine, entry: RunEntry, who: Principal) -> None:
    try:
        await engine.cancel(entry.id, by=who.id, reason="its tenant is deleted")
    except Refused as refused:
        if refused.code not in {"ended", "not_found"}:
            raise
