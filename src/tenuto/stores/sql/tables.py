"""The tables, and the revision of the migrations that they are at.

The columns of a table are the fields of its record. A key begins with the tenant, and so does a foreign key: a row cannot
refer to another tenant's, whatever a query says. What belongs to a tenant goes with it.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table, UniqueConstraint

from tenuto.stores.sql.agent_tables import (
    agent_versions,
    agents,
    conversation_messages,
    conversations,
    http_tools,
    mcp_pins,
    mcp_servers,
    session_places,
)
from tenuto.stores.sql.columns import binary, ever, key, maybe, metadata, moment, number, of, of_tenant, word, yes
from tenuto.stores.sql.traffic_tables import claims, deliveries, outbox, webhook_deliveries, webhooks
from tenuto.stores.sql.types import Json, Names

__all__ = [
    "REVISION",
    "agent_versions",
    "agents",
    "audit",
    "claims",
    "conversation_messages",
    "conversations",
    "deliveries",
    "drafts",
    "flows",
    "http_tools",
    "keys",
    "mcp_pins",
    "mcp_servers",
    "memberships",
    "metadata",
    "notes",
    "outbox",
    "publication_history",
    "publications",
    "roles",
    "schedules",
    "sealed",
    "session_digests",
    "session_places",
    "sessions",
    "stages",
    "tenants",
    "users",
    "variables",
    "versions",
    "webhook_deliveries",
    "webhooks",
]

# Raise it with every new file in `migrations/versions/`; a test compares what the two make.
REVISION: Final = "0009"

# --- who

tenants: Final = Table(
    "tenants",
    metadata,
    word("id"),
    word("name"),
    moment("created_at"),
    Column("quotas", Json, nullable=False),
    key("id"),
    UniqueConstraint("name"),
)

users: Final = Table(
    "users",
    metadata,
    word("id"),
    word("login"),
    word("name"),
    moment("created_at"),
    maybe("password_hash"),
    ever("password_changed_at"),
    yes("disabled"),
    key("id"),
    UniqueConstraint("login"),
)

memberships: Final = Table(
    "memberships",
    metadata,
    word("tenant"),
    word("user"),
    Column("roles", Names, nullable=False),
    key("tenant", "user"),
    of_tenant(),
    of("users", {"user": "id"}),
    Index(None, "user"),
)

roles: Final = Table(
    "roles",
    metadata,
    word("tenant"),
    word("name"),
    Column("permissions", Names, nullable=False),
    key("tenant", "name"),
    of_tenant(),
)

keys: Final = Table(
    "keys",
    metadata,
    word("tenant"),
    word("id"),
    word("name"),
    word("prefix"),
    word("digest"),
    Column("permissions", Names, nullable=False),
    word("created_by"),
    moment("created_at"),
    ever("expires_at"),
    ever("revoked_at"),
    ever("last_used_at"),
    key("tenant", "id"),
    of_tenant(),
    UniqueConstraint("prefix"),
)

sessions: Final = Table(
    "sessions",
    metadata,
    word("id"),
    word("user"),
    word("tenant"),
    word("digest"),
    moment("created_at"),
    moment("expires_at"),
    ever("revoked_at"),
    key("id"),
    of("users", {"user": "id"}),
    of_tenant(),
    UniqueConstraint("digest"),
    Index(None, "user"),
    Index(None, "expires_at"),
)

# The tokens that a session had before the one that is good now.
session_digests: Final = Table(
    "session_digests",
    metadata,
    word("digest"),
    word("session"),
    key("digest"),
    of("sessions", {"session": "id"}),
    Index(None, "session"),
)

# --- flows

flows: Final = Table(
    "flows",
    metadata,
    word("tenant"),
    word("name"),
    number("number"),
    word("description"),
    moment("updated_at"),
    key("tenant", "name"),
    of_tenant(),
)

versions: Final = Table(
    "versions",
    metadata,
    word("tenant"),
    word("flow"),
    number("number"),
    word("hash"),
    word("media_type"),
    word("by"),
    moment("at"),
    word("document"),
    word("source"),
    key("tenant", "flow", "number"),
    of("flows", {"tenant": "tenant", "flow": "name"}),
    Index(None, "tenant", "flow", "hash"),
)

drafts: Final = Table(
    "drafts",
    metadata,
    word("tenant"),
    word("flow"),
    word("media_type"),
    number("problems"),
    word("by"),
    moment("at"),
    word("source"),
    key("tenant", "flow"),
    of_tenant(),
)

stages: Final = Table(
    "stages",
    metadata,
    word("tenant"),
    word("name"),
    number("order"),
    yes("production"),
    key("tenant", "name"),
    of_tenant(),
)

publications: Final = Table(
    "publications",
    metadata,
    word("tenant"),
    word("flow"),
    word("stage"),
    number("version"),
    word("by"),
    moment("at"),
    key("tenant", "flow", "stage"),
    of("versions", {"tenant": "tenant", "flow": "flow", "version": "number"}),
    of("stages", {"tenant": "tenant", "stage": "name"}),
    Index(None, "tenant", "stage"),
)

# Only ever added to.
publication_history: Final = Table(
    "publication_history",
    metadata,
    Column("seq", BigInteger().with_variant(Integer(), "sqlite"), nullable=False, autoincrement=True),
    word("tenant"),
    word("flow"),
    word("stage"),
    Column("version", Integer),
    word("by"),
    moment("at"),
    key("seq"),
    of_tenant(),
    Index(None, "tenant", "flow", "seq"),
)

schedules: Final = Table(
    "schedules",
    metadata,
    word("tenant"),
    word("stage"),
    word("flow"),
    number("version"),
    number("index"),
    word("cron"),
    word("timezone"),
    ever("last_tick"),
    ever("next_due"),
    key("tenant", "stage", "flow", "index"),
    of("publications", {"tenant": "tenant", "flow": "flow", "stage": "stage"}),
    Index(None, "next_due"),
)

# --- what runs are given

sealed: Final = Table(
    "sealed",
    metadata,
    word("tenant"),
    word("stage"),
    word("name"),
    number("version"),
    word("by"),
    moment("at"),
    binary("nonce"),
    binary("ciphertext"),
    binary("wrapped"),
    word("key_id"),
    Column("hosts", Names, nullable=False, server_default="[]"),
    key("tenant", "stage", "name"),
    of_tenant(),
    Index(None, "key_id"),
)

variables: Final = Table(
    "variables",
    metadata,
    word("tenant"),
    word("stage"),
    word("name"),
    Column("value", Json, nullable=False),
    word("by"),
    moment("at"),
    key("tenant", "stage", "name"),
    of_tenant(),
)

# --- what people say, and what is told of them

notes: Final = Table(
    "notes",
    metadata,
    word("tenant"),
    word("run"),
    word("id"),
    word("text"),
    word("by"),
    moment("at"),
    key("tenant", "run", "id"),
    of_tenant(),
)

# No foreign key: the audit outlives its tenant.
audit: Final = Table(
    "audit",
    metadata,
    word("tenant"),
    number("seq"),
    moment("at"),
    word("actor"),
    word("action"),
    word("subject"),
    word("outcome"),
    Column("details", Json, nullable=False),
    word("previous"),
    word("hash"),
    key("tenant", "seq"),
    Index(None, "tenant", "at"),
)
