"""Claims and notes; a delivery knows the run that came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    _claims()
    _notes()
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.add_column(sa.Column("run", TEXT, nullable=True))


def _claims() -> None:
    op.create_table(
        "claims",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("run", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("expires", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_claims_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "key", name="pk_claims"),
    )
    op.create_index("ix_claims_expires", "claims", ["expires"])


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("run", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_notes_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "run", "id", name="pk_notes"),
    )
