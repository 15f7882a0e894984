"""Services by HTTP and MCP servers that agents may call, and what was approved of the latter."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    _definitions("http_tools")
    _definitions("mcp_servers")
    op.create_table(
        "mcp_pins",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("server", TEXT, nullable=False),
        sa.Column("tool", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("definition", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_mcp_pins_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "server", "tool", name="pk_mcp_pins"),
    )


def _definitions(table: str) -> None:
    op.create_table(
        table,
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("definition", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=f"fk_{table}_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "name", name=f"pk_{table}"),
    )
