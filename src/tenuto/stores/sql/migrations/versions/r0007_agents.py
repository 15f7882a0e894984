"""Agents, and their versions."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("team", TEXT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_agents_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "name", name="pk_agents"),
    )
    op.create_table(
        "agent_versions",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("agent", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "agent"], ["agents.tenant", "agents.name"], name="fk_agent_versions_agents", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "agent", "number", name="pk_agent_versions"),
    )
