"""Authenticator apps, recovery codes and trusted browsers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hybrid_auth_totp",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_in", sa.Uuid(), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("told_step", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["hybrid_auth_users.id"], name="hybrid_auth_totp_user_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="hybrid_auth_totp_pkey"),
    )
    for state, condition in (("active", "activated_at IS NOT NULL"), ("waiting", "activated_at IS NULL")):
        op.create_index(
            f"hybrid_auth_totp_{state}_key",
            "hybrid_auth_totp",
            ["user_id"],
            unique=True,
            postgresql_where=sa.text(condition),
        )
    op.create_table(
        "hybrid_auth_recovery_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("digests", postgresql.ARRAY(sa.LargeBinary(length=32)), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["hybrid_auth_users.id"], name="hybrid_auth_recovery_codes_user_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name="hybrid_auth_recovery_codes_pkey"),
    )
    op.create_table(
        "hybrid_auth_trusted_browsers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("session_epoch", sa.BigInteger(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_agent", sa.String(length=512), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["hybrid_auth_users.id"], name="hybrid_auth_trusted_browsers_user_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="hybrid_auth_trusted_browsers_pkey"),
        sa.UniqueConstraint("token_digest", name="hybrid_auth_trusted_browsers_token_digest_key"),
    )
    op.create_index("hybrid_auth_trusted_browsers_user_id_idx", "hybrid_auth_trusted_browsers", ["user_id"])


def downgrade() -> None:
    op.drop_table("hybrid_auth_trusted_browsers")
    op.drop_table("hybrid_auth_recovery_codes")
    op.drop_table("hybrid_auth_totp")
