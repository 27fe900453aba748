"""Passkeys, and when somebody last proved themself with two factors in a session."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hybrid_auth_passkey_profiles",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("user_handle", sa.LargeBinary(length=64), nullable=False),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["hybrid_auth_users.id"], name="hybrid_auth_passkey_profiles_user_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name="hybrid_auth_passkey_profiles_pkey"),
        sa.UniqueConstraint("user_handle", name="hybrid_auth_passkey_profiles_user_handle_key"),
    )
    op.create_table(
        "hybrid_auth_passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("aaguid", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("transports", postgresql.ARRAY(sa.String(length=16)), nullable=False),
        sa.Column("backup_eligible", sa.Boolean(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("user_verified", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_in", sa.Uuid(), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspected_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["hybrid_auth_users.id"], name="hybrid_auth_passkeys_user_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="hybrid_auth_passkeys_pkey"),
        sa.UniqueConstraint("credential_id", name="hybrid_auth_passkeys_credential_id_key"),
    )
    op.create_index("hybrid_auth_passkeys_user_id_idx", "hybrid_auth_passkeys", ["user_id"], unique=False)
    op.add_column(
        "hybrid_auth_sessions", sa.Column("strongly_authenticated_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("hybrid_auth_sessions", "strongly_authenticated_at")
    op.drop_table("hybrid_auth_passkeys")
    op.drop_table("hybrid_auth_passkey_profiles")
