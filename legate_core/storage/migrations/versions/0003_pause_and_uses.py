"""Whether runs are paused, and when a document was last shown to an agent; the role that nobody became loses its rights."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "pause",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.String(length=40), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_pause"),
    )
    # May be empty, so that what the journal says of documents that were there before still holds.
    op.add_column("document", sa.Column("used_at", sa.BigInteger(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        _guard()


def _guard() -> None:
    """Each workspace sees its own row, as with every tenant table."""
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "pause" TO legate_app')
    op.execute('ALTER TABLE "pause" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "pause" FORCE ROW LEVEL SECURITY')
    op.execute(
        'CREATE POLICY tenant ON "pause" TO legate_app '
        "USING (workspace_id = current_setting('app.workspace', true)) "
        "WITH CHECK (workspace_id = current_setting('app.workspace', true))"
    )
    # The role itself stays: it belongs to the whole server, where another database may still name it.
    op.execute('DROP POLICY sweep ON "run"')
    op.execute('REVOKE SELECT (workspace_id, id, status, wake_at) ON "run" FROM legate_sweep')
    op.execute("REVOKE USAGE ON SCHEMA public FROM legate_sweep")
