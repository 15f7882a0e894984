"""Tables of what comes in and goes out."""

from typing import Final

from sqlalchemy import Column, Index, Integer, Table

from tenuto.stores.sql.columns import ever, key, maybe, metadata, moment, number, of, of_tenant, word, yes
from tenuto.stores.sql.types import Json, Names

claims: Final = Table(
    "claims",
    metadata,
    word("tenant"),
    word("key"),
    word("digest"),
    word("run"),
    moment("at"),
    moment("expires"),
    key("tenant", "key"),
    of_tenant(),
    Index(None, "expires"),
)

deliveries: Final = Table(
    "deliveries",
    metadata,
    word("tenant"),
    word("source"),
    word("id"),
    moment("at"),
    maybe("run"),
    key("tenant", "source", "id"),
    of_tenant(),
    Index(None, "at"),
)

outbox: Final = Table(
    "outbox",
    metadata,
    word("tenant"),
    word("id"),
    word("topic"),
    Column("payload", Json, nullable=False),
    moment("at"),
    moment("next_due"),
    number("attempts"),
    yes("dead"),
    key("tenant", "id"),
    of_tenant(),
    Index(None, "dead", "next_due"),
)

webhooks: Final = Table(
    "webhooks",
    metadata,
    word("tenant"),
    word("id"),
    word("url"),
    Column("types", Names, nullable=False),
    word("description"),
    maybe("flow"),
    maybe("stage"),
    Column("labels", Json, nullable=False),
    yes("active"),
    word("by"),
    moment("created_at"),
    moment("updated_at"),
    maybe("disabled"),
    ever("failing_since"),
    ever("held_until"),
    ever("previous_until"),
    key("tenant", "id"),
    of_tenant(),
)

webhook_deliveries: Final = Table(
    "webhook_deliveries",
    metadata,
    word("tenant"),
    word("webhook"),
    word("id"),
    word("event"),
    word("type"),
    Column("payload", Json, nullable=False),
    moment("queued_at"),
    word("status"),
    number("attempts"),
    ever("next_due"),
    moment("changed_at"),
    Column("status_code", Integer),
    maybe("response"),
    maybe("error"),
    Column("ms", Integer),
    key("tenant", "webhook", "id"),
    of("webhooks", {"tenant": "tenant", "webhook": "id"}),
    Index(None, "tenant", "webhook", "next_due"),
    Index(None, "tenant", "webhook", "queued_at"),
    Index(None, "changed_at"),
)
