"""Stages: where versions are published, in the order in which a flow moves through them. One may be production.

`mock` is reserved: every tenant has it in effect, nobody can make, publish to or delete it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tenuto.ports.journal import RunQuery
from tenuto.ports.stages import MOCK, Stage
from tenuto.ports.store import Transaction
from tenuto.service.audit import audit
from tenuto.service.principal import Principal
from tenuto.service.published import DEFAULT_STAGE, no_stage
from tenuto.service.refusals import Refused
from tenuto.service.shelf import Shelf

MAX_STAGES: Final = 50
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_LONGEST: Final = 63


async def listing(tx: Transaction, who: Principal) -> Sequence[Stage]:
    """All of the tenant, in their order."""
    return await tx.stages.list(who.tenant)


async def get(tx: Transaction, who: Principal, name: str) -> Stage:
    stages = {stage.name: stage for stage in await tx.stages.list(who.tenant)}
    if name not in stages:
        raise _reserved() if name == MOCK else no_stage(name, stages)
    return stages[name]


async def create(
    shelf: Shelf, tx: Transaction, who: Principal, name: str, *, order: int | None = None, production: bool = False
) -> Stage:
    """A new stage, at that place among the others, or behind them."""
    _check_name(name)
    stages = list(await tx.stages.list(who.tenant))
    if any(stage.name == name for stage in stages):
        raise Refused("exists", f"there is a stage `{name}` already", "change it with PATCH")
    if len(stages) >= MAX_STAGES:
        raise Refused("full", f"there are {len(stages)} stages; more than {MAX_STAGES} there cannot be")
    place = len(stages) if order is None else order
    made = await _put_in_order(tx, stages, Stage(who.tenant, name, place, production))
    await audit(tx, who, "stages.create", name, {"production": production}, at=shelf.clock())
    tx.after_commit(shelf.published.forget)
    return made


async def change(
    shelf: Shelf,
    tx: Transaction,
    who: Principal,
    name: str,
    *,
    order: int | None = None,
    production: bool | None = None,
) -> Stage:
    """Another place, or whether it is production; there is one production stage at most, so the mark moves."""
    before = await get(tx, who, name)
    wanted = replace(
        before,
        order=before.order if order is None else order,
        production=before.production if production is None else production,
    )
    others = [stage for stage in await tx.stages.list(who.tenant) if stage.name != name]
    made = await _put_in_order(tx, others, wanted)
    if made != before:
        await audit(
            tx, who, "stages.change", name, {"order": made.order, "production": made.production}, at=shelf.clock()
        )
    tx.after_commit(shelf.published.forget)
    return made


async def delete(shelf: Shelf, tx: Transaction, who: Principal, name: str) -> None:
    """Forget an empty stage, with its own variables and secrets."""
    await get(tx, who, name)
    if name == DEFAULT_STAGE:
        raise Refused("in_use", f"`{name}` is where runs go that name no stage", "leave it where it is")
    published = await tx.publications.list(who.tenant, stage=name)
    if published:
        flows = ", ".join(publication.flow for publication in published[:5]) + (", …" if len(published) > 5 else "")
        raise Refused("in_use", f"published to `{name}`: {flows}", "unpublish them first")
    live = await shelf.live(who.tenant, RunQuery(stage=name))
    if live is not None:
        said = f"runs on `{name}` have not ended, such as {live.name}: they may need its secrets"
        raise Refused("in_use", said, "cancel them, or wait")
    await tx.stages.delete(who.tenant, name)
    await audit(tx, who, "stages.delete", name, at=shelf.clock())
    tx.after_commit(shelf.published.forget)


async def _put_in_order(tx: Transaction, others: Sequence[Stage], wanted: Stage) -> Stage:
    """The stage at its place, the others numbered around it."""
    place = min(max(wanted.order, 0), len(others))
    row = [*others[:place], wanted, *others[place:]]
    for order, stage in enumerate(row):
        keeps_mark = stage.production and (stage.name == wanted.name or not wanted.production)
        await tx.stages.put(replace(stage, order=order, production=keeps_mark))
    return replace(wanted, order=place)


def _check_name(name: str) -> None:
    if name == MOCK:
        raise _reserved()
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        said = "a stage's name is lower-case words joined by hyphens, at most 63 characters"
        raise Refused("invalid", said, "such as `pre-prod`")


def _reserved() -> Refused:
    return Refused("conflict", "the stage `mock` is reserved", "it is for trying flows without their effects")
