"""The tables, and the revision of the migrations that they are at.

The columns of a table are the fields of its record. A key begins with the tenant, and so does a foreign key: a row cannot
refer to another tenant's, whatever a query says. What belongs to a tenant goes with it.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from tenuto.stores.sql.types import Json, Names, Words

# Raise it with every new file in `migrations/versions/`; a test compares what the two make.
REVISION: Final = "0007"

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
    }
)


def _word(name: str) -> "Column[str]":
    return Column(name, Words, nullable=False)


def _maybe(name: str) -> "Column[str]":
    return Column(name, Words)


def _number(name: str) -> "Column[int]":
    return Column(name, Integer, nullable=False)


def _moment(name: str) -> "Column[float]":
    return Column(name, Double, nullable=False)


def _ever(name: str) -> "Column[float]":
    """A moment that may not have come."""
    return Column(name, Double)


def _yes(name: str) -> "Column[bool]":
    return Column(name, Boolean, nullable=False)


def _bytes(name: str) -> "Column[bytes]":
    return Column(name, LargeBinary, nullable=False)


def _key(*columns: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*columns)


def _of(table: str, columns: dict[str, str]) -> ForeignKeyConstraint:
    """It belongs to a row of that table and goes with it."""
    return ForeignKeyConstraint([*columns], [f"{table}.{name}" for name in columns.values()], ondelete="CASCADE")


def _of_tenant() -> ForeignKeyConstraint:
    return _of("tenants", {"tenant": "id"})


# --- who

tenants: Final = Table(
    "tenants",
    metadata,
    _word("id"),
    _word("name"),
    _moment("created_at"),
    Column("quotas", Json, nullable=False),
    _key("id"),
    UniqueConstraint("name"),
)

users: Final = Table(
    "users",
    metadata,
    _word("id"),
    _word("login"),
    _word("name"),
    _moment("created_at"),
    _maybe("password_hash"),
    _ever("password_changed_at"),
    _yes("disabled"),
    _key("id"),
    UniqueConstraint("login"),
)

memberships: Final = Table(
    "memberships",
    metadata,
    _word("tenant"),
    _word("user"),
    Column("roles", Names, nullable=False),
    _key("tenant", "user"),
    _of_tenant(),
    _of("users", {"user": "id"}),
    Index(None, "user"),
)

roles: Final = Table(
    "roles",
    metadata,
    _word("tenant"),
    _word("name"),
    Column("permissions", Names, nullable=False),
    _key("tenant", "name"),
    _of_tenant(),
)

keys: Final = Table(
    "keys",
    metadata,
    _word("tenant"),
    _word("id"),
    _word("name"),
    _word("prefix"),
    _word("digest"),
    Column("permissions", Names, nullable=False),
    _word("created_by"),
    _moment("created_at"),
    _ever("expires_at"),
    _ever("revoked_at"),
    _ever("last_used_at"),
    _key("tenant", "id"),
    _of_tenant(),
    UniqueConstraint("prefix"),
)

sessions: Final = Table(
    "sessions",
    metadata,
    _word("id"),
    _word("user"),
    _word("tenant"),
    _word("digest"),
    _moment("created_at"),
    _moment("expires_at"),
    _ever("revoked_at"),
    _key("id"),
    _of("users", {"user": "id"}),
    _of_tenant(),
    UniqueConstraint("digest"),
    Index(None, "user"),
    Index(None, "expires_at"),
)

# The tokens that a session had before the one that is good now.
session_digests: Final = Table(
    "session_digests",
    metadata,
    _word("digest"),
    _word("session"),
    _key("digest"),
    _of("sessions", {"session": "id"}),
    Index(None, "session"),
)

# --- flows

flows: Final = Table(
    "flows",
    metadata,
    _word("tenant"),
    _word("name"),
    _number("number"),
    _word("description"),
    _moment("updated_at"),
    _key("tenant", "name"),
    _of_tenant(),
)

versions: Final = Table(
    "versions",
    metadata,
    _word("tenant"),
    _word("flow"),
    _number("number"),
    _word("hash"),
    _word("media_type"),
    _word("by"),
    _moment("at"),
    _word("document"),
    _word("source"),
    _key("tenant", "flow", "number"),
    _of("flows", {"tenant": "tenant", "flow": "name"}),
    Index(None, "tenant", "flow", "hash"),
)

drafts: Final = Table(
    "drafts",
    metadata,
    _word("tenant"),
    _word("flow"),
    _word("media_type"),
    _number("problems"),
    _word("by"),
    _moment("at"),
    _word("source"),
    _key("tenant", "flow"),
    _of_tenant(),
)

stages: Final = Table(
    "stages",
    metadata,
    _word("tenant"),
    _word("name"),
    _number("order"),
    _yes("production"),
    _key("tenant", "name"),
    _of_tenant(),
)

publications: Final = Table(
    "publications",
    metadata,
    _word("tenant"),
    _word("flow"),
    _word("stage"),
    _number("version"),
    _word("by"),
    _moment("at"),
    _key("tenant", "flow", "stage"),
    _of("versions", {"tenant": "tenant", "flow": "flow", "version": "number"}),
    _of("stages", {"tenant": "tenant", "stage": "name"}),
    Index(None, "tenant", "stage"),
)

# Only ever added to.
publication_history: Final = Table(
    "publication_history",
    metadata,
    Column("seq", BigInteger().with_variant(Integer(), "sqlite"), nullable=False, autoincrement=True),
    _word("tenant"),
    _word("flow"),
    _word("stage"),
    Column("version", Integer),
    _word("by"),
    _moment("at"),
    _key("seq"),
    _of_tenant(),
    Index(None, "tenant", "flow", "seq"),
)

schedules: Final = Table(
    "schedules",
    metadata,
    _word("tenant"),
    _word("stage"),
    _word("flow"),
    _number("version"),
    _number("index"),
    _word("cron"),
    _word("timezone"),
    _ever("last_tick"),
    _ever("next_due"),
    _key("tenant", "stage", "flow", "index"),
    _of("publications", {"tenant": "tenant", "flow": "flow", "stage": "stage"}),
    Index(None, "next_due"),
)

# --- what runs are given

sealed: Final = Table(
    "sealed",
    metadata,
    _word("tenant"),
    _word("stage"),
    _word("name"),
    _number("version"),
    _word("by"),
    _moment("at"),
    _bytes("nonce"),
    _bytes("ciphertext"),
    _bytes("wrapped"),
    _word("key_id"),
    Column("hosts", Names, nullable=False, server_default="[]"),
    _key("tenant", "stage", "name"),
    _of_tenant(),
    Index(None, "key_id"),
)

variables: Final = Table(
    "variables",
    metadata,
    _word("tenant"),
    _word("stage"),
    _word("name"),
    Column("value", Json, nullable=False),
    _word("by"),
    _moment("at"),
    _key("tenant", "stage", "name"),
    _of_tenant(),
)

# --- what comes in and goes out

claims: Final = Table(
    "claims",
    metadata,
    _word("tenant"),
    _word("key"),
    _word("digest"),
    _word("run"),
    _moment("at"),
    _moment("expires"),
    _key("tenant", "key"),
    _of_tenant(),
    Index(None, "expires"),
)

deliveries: Final = Table(
    "deliveries",
    metadata,
    _word("tenant"),
    _word("source"),
    _word("id"),
    _moment("at"),
    _maybe("run"),
    _key("tenant", "source", "id"),
    _of_tenant(),
    Index(None, "at"),
)

outbox: Final = Table(
    "outbox",
    metadata,
    _word("tenant"),
    _word("id"),
    _word("topic"),
    Column("payload", Json, nullable=False),
    _moment("at"),
    _moment("next_due"),
    _number("attempts"),
    _yes("dead"),
    _key("tenant", "id"),
    _of_tenant(),
    Index(None, "dead", "next_due"),
)

webhooks: Final = Table(
    "webhooks",
    metadata,
    _word("tenant"),
    _word("id"),
    _word("url"),
    Column("types", Names, nullable=False),
    _word("description"),
    _maybe("flow"),
    _maybe("stage"),
    Column("labels", Json, nullable=False),
    _yes("active"),
    _word("by"),
    _moment("created_at"),
    _moment("updated_at"),
    _maybe("disabled"),
    _ever("failing_since"),
    _ever("held_until"),
    _ever("previous_until"),
    _key("tenant", "id"),
    _of_tenant(),
)

webhook_deliveries: Final = Table(
    "webhook_deliveries",
    metadata,
    _word("tenant"),
    _word("webhook"),
    _word("id"),
    _word("event"),
    _word("type"),
    Column("payload", Json, nullable=False),
    _moment("queued_at"),
    _word("status"),
    _number("attempts"),
    _ever("next_due"),
    _moment("changed_at"),
    Column("status_code", Integer),
    _maybe("response"),
    _maybe("error"),
    Column("ms", Integer),
    _key("tenant", "webhook", "id"),
    _of("webhooks", {"tenant": "tenant", "webhook": "id"}),
    Index(None, "tenant", "webhook", "next_due"),
    Index(None, "tenant", "webhook", "queued_at"),
    Index(None, "changed_at"),
)

# --- agents, and what they may call

# One that was deleted keeps its row, and its history.
agents: Final = Table(
    "agents",
    metadata,
    _word("tenant"),
    _word("name"),
    _number("number"),
    _word("description"),
    _word("team"),
    _moment("updated_at"),
    _yes("deleted"),
    _key("tenant", "name"),
    _of_tenant(),
)

agent_versions: Final = Table(
    "agent_versions",
    metadata,
    _word("tenant"),
    _word("agent"),
    _number("number"),
    _word("hash"),
    _word("by"),
    _moment("at"),
    _word("source"),
    _key("tenant", "agent", "number"),
    _of("agents", {"tenant": "tenant", "agent": "name"}),
)

http_tools: Final = Table(
    "http_tools",
    metadata,
    _word("tenant"),
    _word("name"),
    Column("definition", Json, nullable=False),
    _word("by"),
    _moment("at"),
    _key("tenant", "name"),
    _of_tenant(),
)

mcp_servers: Final = Table(
    "mcp_servers",
    metadata,
    _word("tenant"),
    _word("name"),
    Column("definition", Json, nullable=False),
    _word("by"),
    _moment("at"),
    _key("tenant", "name"),
    _of_tenant(),
)

# A server may be one of the settings', so a pin belongs to its tenant alone.
mcp_pins: Final = Table(
    "mcp_pins",
    metadata,
    _word("tenant"),
    _word("server"),
    _word("tool"),
    _word("hash"),
    Column("definition", Json, nullable=False),
    _word("by"),
    _moment("at"),
    _key("tenant", "server", "tool"),
    _of_tenant(),
)

# --- what people say, and what is told of them

notes: Final = Table(
    "notes",
    metadata,
    _word("tenant"),
    _word("run"),
    _word("id"),
    _word("text"),
    _word("by"),
    _moment("at"),
    _key("tenant", "run", "id"),
    _of_tenant(),
)

# No foreign key: the audit outlives its tenant.
audit: Final = Table(
    "audit",
    metadata,
    _word("tenant"),
    _number("seq"),
    _moment("at"),
    _word("actor"),
    _word("action"),
    _word("subject"),
    _word("outcome"),
    Column("details", Json, nullable=False),
    _word("previous"),
    _word("hash"),
    _key("tenant", "seq"),
    Index(None, "tenant", "at"),
)
