"""Events: something happened, and flows start on it. Told by somebody (`tell`), or by our own runs (`service.relay`).

What somebody tells is kept in the outbox in the same transaction that answers for it, and published from there. A flow
starts once for an event: its run's id follows from the event's, so an event that comes twice is no second run.
"""

import logging
import re
from dataclasses import dataclass
from typing import Final, cast

from tenuto.core.values import NotJson, canonical, check_json
from tenuto.ports.bus import Envelope
from tenuto.ports.deliveries import Delivery
from tenuto.ports.outbox import Message
from tenuto.ports.store import Transaction
from tenuto.service import hops
from tenuto.service.envelopes import LARGEST, OURS, TOPIC, envelope_json
from tenuto.service.launches import Launch, launch, run_id, worked_out
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.runs import moment
from tenuto.service.triggers import Trigger

Json = object

SOURCE: Final = "events"
HOLDS: Final = 86_400.0  # seconds that an event's id is remembered
_TYPE: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,200}", re.ASCII)
_ID: Final = re.compile(r"[!-~]{1,200}", re.ASCII)

_log = logging.getLogger("tenuto.events")


@dataclass(slots=True, frozen=True)
class Happened:
    """What somebody tells. Without an `id` it is new for sure. `hops`: how many runs led to the telling."""

    type: str
    payload: Json = None
    id: str | None = None
    correlation: str | None = None
    hops: int = 0


async def tell(platform: Platform, tx: Transaction, who: Principal, what: Happened) -> tuple[str, bool]:
    """Durable with the transaction; the event's id, and whether it was told before."""
    _check(what)
    name, now = what.id or platform.names.run_id(), platform.clock()
    if await tx.deliveries.record(Delivery(who.tenant, SOURCE, name, now), since=now - HOLDS) is not None:
        return name, True
    envelope = Envelope(name, what.type, now, who.tenant, who.by, what.payload, what.correlation, what.hops)
    await tx.outbox.add(Message(f"{TOPIC}:{name}", who.tenant, TOPIC, envelope_json(envelope), now, now))
    tx.after_commit(platform.outbox.set)
    return name, False


async def start_flows(platform: Platform, envelope: Envelope) -> None:
    """Start what waits for this event, once each. Raises what will pass, and then wants the event again."""
    for trigger in await platform.triggers.on_event(envelope.tenant, envelope.type):
        try:
            await _start(platform, trigger, envelope)
        except Refused as refused:  # this flow cannot take it, and never will: the others can
            _log.warning("event %s does not start `%s`: %s", envelope.id, trigger.flow, refused)


async def _start(platform: Platform, trigger: Trigger, envelope: Envelope) -> None:
    hops.check(envelope.hops)
    said = _said(envelope)
    if "when" in trigger.said and await worked_out(platform, trigger, "when", said) is not True:
        return
    payload = envelope.payload
    given = cast("dict[str, Json]", payload) if isinstance(payload, dict) else {}
    run = run_id(None, "event", envelope.tenant, trigger.source, envelope.id)
    await launch(platform, Launch(trigger, said, given, run))


def _said(envelope: Envelope) -> dict[str, Json]:
    """What the run reads as `trigger`."""
    event = {
        "id": envelope.id,
        "type": envelope.type,
        "time": moment(envelope.at),
        "tenant": envelope.tenant,
        "correlation": envelope.correlation,
        "actor": envelope.actor,
        "payload": envelope.payload,
    }
    return {"type": "event", "event": event, "hops": envelope.hops}


def _check(what: Happened) -> None:
    hops.check(what.hops)
    if not _TYPE.fullmatch(what.type):
        raise Refused("invalid", "a type of events is letters, digits and . _ : / -", "such as `order.created`")
    if what.type.startswith(OURS):
        raise Refused(
            "invalid", f"events `{what.type.partition('.')[0]}.…` are told by the server alone", "choose another type"
        )
    if what.id is not None and not _ID.fullmatch(what.id):
        raise Refused("invalid", "the id of an event is 1 to 200 characters without spaces")
    try:
        check_json(what.payload, "the payload")
    except NotJson as error:
        raise Refused("invalid", str(error)) from None
    if len(canonical(what.payload)) > LARGEST:
        raise Refused(
            "too_large", f"the payload is larger than {LARGEST:,} characters", "send what it is about, not all of it"
        )
