"""Tenants and those who act in them, flows, stages, secrets, variables, what is sent and received, the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    _tenants()
    _users()
    _memberships()
    _roles()
    _keys()
    _sessions()
    _session_digests()
    _flows()
    _versions()
    _drafts()
    _stages()
    _publications()
    _publication_history()
    _schedules()
    _sealed()
    _variables()
    _deliveries()
    _outbox()
    _audit()


def _tenants() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("quotas", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenants"),
        sa.UniqueConstraint("name", name="uq_tenants_name"),
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("login", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=True),
        sa.Column("password_changed_at", MOMENT, nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("failed_logins", sa.Integer(), nullable=False),
        sa.Column("locked_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("login", name="uq_users_login"),
    )


def _memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("roles", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_memberships_tenants", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_memberships_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "user", name="pk_memberships"),
    )
    op.create_index("ix_memberships_user", "memberships", ["user"])


def _roles() -> None:
    op.create_table(
        "roles",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("permissions", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_roles_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "name", name="pk_roles"),
    )


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("prefix", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("permissions", TEXT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_keys_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_keys"),
        sa.UniqueConstraint("prefix", name="uq_keys_prefix"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_sessions_tenants", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_sessions_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("digest", name="uq_sessions_digest"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_sessions_user", "sessions", ["user"])


def _session_digests() -> None:
    op.create_table(
        "session_digests",
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("session", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_session_digests_sessions", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name="pk_session_digests"),
    )
    op.create_index("ix_session_digests_session", "session_digests", ["session"])


def _flows() -> None:
    op.create_table(
        "flows",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_flows_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "name", name="pk_flows"),
    )


def _versions() -> None:
    op.create_table(
        "versions",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("media_type", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "flow"], ["flows.tenant", "flows.name"], name="fk_versions_flows", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "flow", "number", name="pk_versions"),
    )
    op.create_index("ix_versions_tenant_flow_hash", "versions", ["tenant", "flow", "hash"])


def _drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("media_type", TEXT, nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_drafts_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "flow", name="pk_drafts"),
    )


def _stages() -> None:
    op.create_table(
        "stages",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("production", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_stages_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "name", name="pk_stages"),
    )


def _publications() -> None:
    op.create_table(
        "publications",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "flow", "version"],
            ["versions.tenant", "versions.flow", "versions.number"],
            name="fk_publications_versions",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "stage"], ["stages.tenant", "stages.name"], name="fk_publications_stages", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "flow", "stage", name="pk_publications"),
    )
    op.create_index("ix_publications_tenant_stage", "publications", ["tenant", "stage"])


def _publication_history() -> None:
    op.create_table(
        "publication_history",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_publication_history_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_publication_history"),
    )
    op.create_index("ix_publication_history_tenant_flow_seq", "publication_history", ["tenant", "flow", "seq"])


def _schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("cron", TEXT, nullable=False),
        sa.Column("timezone", TEXT, nullable=False),
        sa.Column("last_tick", MOMENT, nullable=True),
        sa.Column("next_due", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "flow", "stage"],
            ["publications.tenant", "publications.flow", "publications.stage"],
            name="fk_schedules_publications",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant", "stage", "flow", "index", name="pk_schedules"),
    )
    op.create_index("ix_schedules_next_due", "schedules", ["next_due"])


def _sealed() -> None:
    op.create_table(
        "sealed",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_sealed_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "stage", "name", name="pk_sealed"),
    )
    op.create_index("ix_sealed_key_id", "sealed", ["key_id"])


def _variables() -> None:
    op.create_table(
        "variables",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_variables_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "stage", "name", name="pk_variables"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_deliveries_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "source", "id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_at", "deliveries", ["at"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("topic", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("next_due", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name="fk_outbox_tenants", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_dead_next_due", "outbox", ["dead", "next_due"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("details", TEXT, nullable=False),
        sa.Column("previous", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "seq", name="pk_audit"),
    )
    op.create_index("ix_audit_tenant_at", "audit", ["tenant", "at"])
