"""Who did what, in a chain a tenant: each entry holds the hash of the one before, so that no change goes unseen.

    await audit(tx, who, "flows.publish", "research", {"version": 3, "stage": "prod"})

in the transaction of the act itself: both happen, or neither. What was refused is written by `Refusals`, within bounds. No
secret, no password and no payload goes in here. `service.anchors` verifies the chain.
"""

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from tenuto.ports.audit import AuditEntry
from tenuto.ports.store import Store, Transaction
from tenuto.service.gate import Attempt
from tenuto.service.principal import Principal
from tenuto.service.runs import moment

Json = object

SYSTEM: Final = "system"  # the chain of what belongs to no tenant: strangers at the door, tenants made and deleted
FIRST: Final = ""  # what stands for the hash before the first entry
DEEPEST: Final = 5
LONGEST: Final = 300  # characters of a subject or of one text in the details

_log = logging.getLogger("tenuto.audit")


async def audit(
    tx: Transaction,
    who: Principal | None,
    action: str,
    subject: str = "",
    details: Mapping[str, Json] | None = None,
    *,
    outcome: str = "done",
    tenant: str | None = None,
    at: float | None = None,
) -> AuditEntry:
    """Write down an act in the chain of who's tenant, or of `tenant`. `who` None: nobody knows who."""
    chain = tenant or (who.tenant if who else SYSTEM)
    head = await tx.audit.head(chain)
    entry = AuditEntry(
        tenant=chain,
        seq=head.seq + 1 if head else 1,
        at=round(time.time() if at is None else at, 3),
        actor=_text(f"{who.kind}:{who.id}" if who else "nobody"),
        action=action,
        subject=_text(subject),
        outcome=outcome,
        details=_plain(dict(details or {})),
        previous=head.hash if head else FIRST,
        hash="",
    )
    sealed = replace(entry, hash=digest(entry))
    await tx.audit.append(sealed)
    return sealed


def digest(entry: AuditEntry) -> str:
    """The hash of all of an entry but its hash, in one spelling."""
    said = [
        entry.tenant, entry.seq, repr(entry.at), entry.actor, entry.action, entry.subject, entry.outcome, entry.details,
        entry.previous,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def entry_json(entry: AuditEntry) -> dict[str, Json]:
    """As the API and `--json` show it."""
    return {
        "seq": entry.seq,
        "at": moment(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "outcome": entry.outcome,
        "details": entry.details,
        "previous": entry.previous,
        "hash": entry.hash,
    }


def _plain(value: Any, depth: int = 0) -> Json:
    """What every store gives back to the letter: numbers with a point become texts, long texts are cut."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping) and depth < DEEPEST:
        items = cast("Mapping[Any, Any]", value).items()
        return {_text(str(key)): _plain(inner, depth + 1) for key, inner in items}
    if isinstance(value, list | tuple | set | frozenset) and depth < DEEPEST:
        several = cast("list[Any]", value)
        return [_plain(inner, depth + 1) for inner in (several if isinstance(value, list | tuple) else sorted(several))]
    return _text(str(cast("object", value)))


def _text(text: str) -> str:
    """What any database keeps, and any terminal shows."""
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in cut)


@dataclass(slots=True)
class _Minute:
    """What was written since it began, and what was not."""

    since: float = -math.inf
    written: int = 0
    left_out: int = 0


@dataclass(slots=True)
class Refusals:
    """What the gate refused, written down: so many a minute, and of the rest how many there were. Strangers have a bound of
    their own: no noise of theirs hides what was refused to somebody."""

    store: Store
    clock: Callable[[], float]
    a_minute: int = 60
    _strangers: _Minute = field(default_factory=_Minute)
    _known: _Minute = field(default_factory=_Minute)

    async def report(self, attempt: Attempt) -> None:
        now = self.clock()
        minute = self._strangers if attempt.who is None else self._known
        if not 0 <= now - minute.since < 60:
            minute.since, minute.written = now, 0
        if minute.written >= self.a_minute:
            minute.left_out += 1
            return
        minute.written += 1
        left_out, minute.left_out = minute.left_out, 0
        details = {"why": attempt.why, "client": attempt.client} | ({"left_out": left_out} if left_out else {})
        try:
            async with self.store.write() as tx:
                await audit(tx, attempt.who, attempt.act, attempt.where, details, outcome="refused", at=now)
        except Exception:  # noqa: BLE001  whoever is refused is refused, whether it can be written down or not
            _log.exception("a refusal could not be written down")
