"""What is said in the sessions of agents."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_conversations_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "name", name="pk_conversations"),
    )
    op.create_table(
        "conversation_messages",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("session", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "session"],
            ["conversations.tenant", "conversations.name"],
            name="fk_conversation_messages_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant", "session", "number", name="pk_conversation_messages"),
    )
