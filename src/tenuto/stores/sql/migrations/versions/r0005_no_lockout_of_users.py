"""Users have no columns for lockouts: who is wrong too often waits, which `service.backoff` keeps in memory."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # In plain SQL: a batch would make the table anew, and what refers to it would go with the old one.
    op.execute("ALTER TABLE users DROP COLUMN failed_logins")
    op.execute("ALTER TABLE users DROP COLUMN locked_until")
