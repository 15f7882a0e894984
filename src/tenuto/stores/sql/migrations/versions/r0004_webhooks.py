"""Where events are sent, and what is on its way there."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    _webhooks()
    _deliveries()


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("types", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("flow", TEXT, nullable=True),
        sa.Column("stage", TEXT, nullable=True),
        sa.Column("labels", TEXT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("disabled", TEXT, nullable=True),
        sa.Column("failing_since", MOMENT, nullable=True),
        sa.Column("held_until", MOMENT, nullable=True),
        sa.Column("previous_until", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_webhooks_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_webhooks"),
    )


def _deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("webhook", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_due", MOMENT, nullable=True),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("response", TEXT, nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("ms", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "webhook"],
            ["webhooks.tenant", "webhooks.id"],
            name="fk_webhook_deliveries_webhooks",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant", "webhook", "id", name="pk_webhook_deliveries"),
    )
    columns = ["tenant", "webhook", "next_due"]
    op.create_index("ix_webhook_deliveries_tenant_webhook_next_due", "webhook_deliveries", columns)
    columns = ["tenant", "webhook", "queued_at"]
    op.create_index("ix_webhook_deliveries_tenant_webhook_queued_at", "webhook_deliveries", columns)
    op.create_index("ix_webhook_deliveries_changed_at", "webhook_deliveries", ["changed_at"])
