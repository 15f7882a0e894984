"""Tables of agents, and of what they may call."""

from typing import Final

from sqlalchemy import Column, Table

from tenuto.stores.sql.columns import key, metadata, moment, number, of, of_tenant, word, yes
from tenuto.stores.sql.types import Json

# One that was deleted keeps its row, and its history.
agents: Final = Table(
    "agents",
    metadata,
    word("tenant"),
    word("name"),
    number("number"),
    word("description"),
    word("team"),
    moment("updated_at"),
    yes("deleted"),
    key("tenant", "name"),
    of_tenant(),
)

agent_versions: Final = Table(
    "agent_versions",
    metadata,
    word("tenant"),
    word("agent"),
    number("number"),
    word("hash"),
    word("by"),
    moment("at"),
    word("source"),
    key("tenant", "agent", "number"),
    of("agents", {"tenant": "tenant", "agent": "name"}),
)

http_tools: Final = Table(
    "http_tools",
    metadata,
    word("tenant"),
    word("name"),
    Column("definition", Json, nullable=False),
    word("by"),
    moment("at"),
    key("tenant", "name"),
    of_tenant(),
)

mcp_servers: Final = Table(
    "mcp_servers",
    metadata,
    word("tenant"),
    word("name"),
    Column("definition", Json, nullable=False),
    word("by"),
    moment("at"),
    key("tenant", "name"),
    of_tenant(),
)

# A server may be one of the settings', so a pin belongs to its tenant alone.
mcp_pins: Final = Table(
    "mcp_pins",
    metadata,
    word("tenant"),
    word("server"),
    word("tool"),
    word("hash"),
    Column("definition", Json, nullable=False),
    word("by"),
    moment("at"),
    key("tenant", "server", "tool"),
    of_tenant(),
)

conversations: Final = Table(
    "conversations",
    metadata,
    word("tenant"),
    word("name"),
    key("tenant", "name"),
    of_tenant(),
)

session_places: Final = Table(
    "session_places",
    metadata,
    word("tenant"),
    word("session"),
    word("run"),
    word("path"),
    moment("since"),
    yes("turn"),
    key("tenant", "session", "run", "path"),
    of("conversations", {"tenant": "tenant", "session": "name"}),
)

conversation_messages: Final = Table(
    "conversation_messages",
    metadata,
    word("tenant"),
    word("session"),
    number("number"),
    word("key"),
    Column("message", Json, nullable=False),
    moment("at"),
    key("tenant", "session", "number"),
    of("conversations", {"tenant": "tenant", "session": "name"}),
)
