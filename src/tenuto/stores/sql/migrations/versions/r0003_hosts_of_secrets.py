"""A secret may be bound to hosts; those that there are stay free."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("sealed") as sealed:
        sealed.add_column(sa.Column("hosts", TEXT, nullable=False, server_default="[]"))
