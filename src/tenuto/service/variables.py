"""Variables: set, read and deleted; and what a run of a stage is given of them.

Below those of the store lie those of `tenuto.toml`, for the default tenant alone: the file belongs to whoever runs the server.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tenuto.ports.records import Json, Page
from tenuto.ports.sealed import ANY_STAGE
from tenuto.ports.store import Store, Transaction
from tenuto.ports.values import Value
from tenuto.service.audit import audit
from tenuto.service.given_names import check_name, check_stage, where
from tenuto.service.principal import DEFAULT_TENANT, Principal
from tenuto.service.refusals import Refused
from tenuto.service.runs import moment

LONGEST: Final = 64 * 1024  # bytes of one value
REMEMBERED: Final = 2.0  # seconds, as far as other processes are concerned
_MOST: Final = 10_000

OfStage = Callable[[str], Mapping[str, Json]]


@dataclass(slots=True)
class StoredVariables:
    """A `ports.variables.Variables` over the store. `settings`: those of `tenuto.toml`. `clock`: monotonic."""

    store: Store
    settings: OfStage
    clock: Callable[[], float] = time.monotonic
    _known: dict[tuple[str, str], tuple[float, Sequence[Value]]] = field(
        default_factory=dict[tuple[str, str], tuple[float, Sequence[Value]]]
    )
    _round: int = 0

    async def get(self, *, tenant: str, stage: str) -> Mapping[str, Json]:
        below: Mapping[str, Json] = self.settings(stage) if tenant == DEFAULT_TENANT else {}
        return {**below, **{value.name: value.value for value in await self._stored(tenant, stage)}}

    def forget(self) -> None:
        """Something was written in this process."""
        self._round += 1
        self._known.clear()

    async def _stored(self, tenant: str, stage: str) -> Sequence[Value]:
        known = self._known.get((tenant, stage))
        if known is not None and self.clock() < known[0]:
            return known[1]
        begun = self._round
        async with self.store.read() as tx:
            found = await tx.variables.of_stage(tenant, stage)
        if begun == self._round:  # what was read before a change is not remembered after it
            self._remember((tenant, stage), found)
        return found

    def _remember(self, place: tuple[str, str], found: Sequence[Value]) -> None:
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[place] = (self.clock() + REMEMBERED, found)


async def put(
    stored: StoredVariables,
    tx: Transaction,
    who: Principal,
    name: str,
    value: Json,
    *,
    stage: str = ANY_STAGE,
    at: float | None = None,
) -> Value:
    """A new variable, or another value for one. Runs that have begun keep what they were given."""
    check_name(name)
    _check_value(value)
    await check_stage(tx, who, stage)
    made = Value(who.tenant, stage, name, value, who.by, time.time() if at is None else at)
    await tx.variables.put(made)
    tx.after_commit(stored.forget)
    await audit(tx, who, "variables.set", name, {"stage": stage}, at=made.at)
    return made


async def get(tx: Transaction, who: Principal, name: str, *, stage: str = ANY_STAGE) -> Value:
    check_name(name)
    await check_stage(tx, who, stage)
    found = await tx.variables.get(who.tenant, stage, name)
    if found is None:
        raise _unknown(name, stage)
    return found


async def listing(
    tx: Transaction, who: Principal, *, stage: str | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Value]:
    """By name; of one stage, if it is asked for."""
    if stage is not None:
        await check_stage(tx, who, stage)
    return await tx.variables.list(who.tenant, stage=stage, limit=limit, cursor=cursor)


async def delete(
    stored: StoredVariables,
    tx: Transaction,
    who: Principal,
    name: str,
    *,
    stage: str = ANY_STAGE,
    at: float | None = None,
) -> None:
    check_name(name)
    await check_stage(tx, who, stage)
    if not await tx.variables.delete(who.tenant, stage, name):
        raise _unknown(name, stage)
    tx.after_commit(stored.forget)
    await audit(tx, who, "variables.delete", name, {"stage": stage}, at=at)


def variable_json(value: Value) -> dict[str, Json]:
    """As the API and `--json` show it."""
    return {
        "name": value.name,
        "stage": value.stage,
        "value": value.value,
        "updated_at": moment(value.at),
        "by": value.by,
    }


def _unknown(name: str, stage: str) -> Refused:
    return Refused(
        "not_found", f"there is no variable `{name}` for {where(stage)}", "the list of variables shows where"
    )


def _check_value(value: Json) -> None:
    size = len(json.dumps(value))
    if size > LONGEST:
        raise Refused("too_large", f"a value of {size} bytes is larger than {LONGEST}", "keep it in a file")
