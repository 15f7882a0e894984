"""Messages wait in line for their session: who holds it, and until when, is no more a matter of time."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    op.create_table(
        "session_places",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("session", TEXT, nullable=False),
        sa.Column("run", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("turn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "session"],
            ["conversations.tenant", "conversations.name"],
            name="fk_session_places_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant", "session", "run", "path", name="pk_session_places"),
    )
    op.drop_column("conversations", "holder")
    op.drop_column("conversations", "until")
