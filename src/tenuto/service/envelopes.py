"""What is told, as it is kept in the outbox and as receivers elsewhere get it; and the types of events that we tell ourselves."""

import secrets
from collections.abc import Mapping
from typing import Final, cast

from tenuto.core.events import TERMINAL
from tenuto.ports.bus import Envelope
from tenuto.ports.outbox import Message
from tenuto.service.runs import moment

Json = object

TOPIC: Final = "event"
OURS: Final = ("run.", "flow.", "webhook.")  # how types begin that nobody else tells
RUN_TYPES: Final = ("run.started", "run.waiting", *sorted(TERMINAL))
TYPES: Final = (*RUN_TYPES, "flow.published", "flow.unpublished", "webhook.disabled")  # all that we tell
LARGEST: Final = 256 * 1024  # characters of a payload as JSON


def envelope_json(envelope: Envelope) -> dict[str, Json]:
    """As it is kept, and as receivers elsewhere get it."""
    return {
        "eventId": envelope.id,
        "type": envelope.type,
        "occurredAt": moment(envelope.at),
        "tenantId": envelope.tenant,
        "correlationId": envelope.correlation,
        "actor": envelope.actor,
        "payload": envelope.payload,
        "hops": envelope.hops,
    }


def envelope_of(message: Message) -> Envelope:
    """What was kept of it."""
    said = cast("Mapping[str, Json]", message.payload)
    return Envelope(
        str(said["eventId"]),
        str(said["type"]),
        message.at,
        message.tenant,
        str(said["actor"]),
        said["payload"],
        cast("str | None", said["correlationId"]),
        cast("int", said["hops"]),
    )


def notice(tenant: str, kind: str, payload: Mapping[str, Json], *, at: float, actor: str = "tenuto") -> Message:
    """An event that the server itself tells, for the outbox."""
    envelope = Envelope(secrets.token_hex(16), kind, at, tenant, actor, dict(payload))
    return Message(f"{TOPIC}:{envelope.id}", tenant, TOPIC, envelope_json(envelope), at, at)
