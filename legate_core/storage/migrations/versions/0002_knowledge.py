"""Knowledge bases: their tables, and full-text search over chunks in the way each database has it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TENANT_TABLES = ("chunk", "document", "knowledge_base", "knowledge_debt", "watched_folder")


def upgrade() -> None:
    _tables()
    if op.get_bind().dialect.name == "postgresql":
        _search_on_postgresql()
        _guard()
    else:
        _search_on_sqlite()


def _tables() -> None:
    op.create_table(
        "knowledge_base",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.Column("embedder", JSON, nullable=False),
        sa.Column("next_embedder", JSON, nullable=False),
        sa.Column("fingerprint", sa.String(length=80), nullable=False),
        sa.Column("next_fingerprint", sa.String(length=80), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_knowledge_base"),
    )
    op.create_table(
        "document",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("base_id", sa.String(length=40), nullable=False),
        sa.Column("folder_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=600), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("about", JSON, nullable=False),
        sa.Column("added_by", sa.String(length=40), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_document"),
    )
    op.create_index("ix_document_base_id", "document", ["base_id"], unique=False)
    op.create_table(
        "chunk",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("base_id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("paragraph", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_chunk"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_chunk_base", "chunk", ["workspace_id", "base_id"], unique=False)
    op.create_index("ix_chunk_document", "chunk", ["workspace_id", "document_id", "revision", "position"], unique=True)
    op.create_table(
        "watched_folder",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("base_id", sa.String(length=40), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("is_watched", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_watched_folder"),
    )
    op.create_table(
        "knowledge_debt",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("index", sa.String(length=200), nullable=False),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_knowledge_debt"),
    )


def _search_on_sqlite() -> None:
    """An index beside the table that holds no text of its own; `storage/dialect.py` keeps it in step, since a schema that is
    not trusted may not do it by triggers."""
    op.execute(
        "CREATE VIRTUAL TABLE chunk_words USING fts5(heading, text, content='chunk', content_rowid='number', "
        'tokenize="porter unicode61 remove_diacritics 2")'
    )


# Letters of Chinese, Japanese and Korean, which are indexed one by one (`knowledge/words.py`).
UNSPACED = r"\3040-\30ff\31f0-\31ff\3400-\4dbf\4e00-\9fff\ac00-\d7af\f900-\faff\ff66-\ff9f\+020000-\+03ffff"


def _search_on_postgresql() -> None:
    """Both columns as one vector of words. The English rules stem English and leave other languages' words as they are."""
    op.execute(
        "ALTER TABLE chunk ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('english'::regconfig, "
        f"regexp_replace(heading || ' ' || text, U&'([{UNSPACED}])', ' \\1 ', 'g'))) STORED"
    )
    op.execute("CREATE INDEX ix_chunk_words ON chunk USING gin (words)")


def _guard() -> None:
    """Each workspace sees its own rows, as with every tenant table."""
    for table in TENANT_TABLES:
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO legate_app')
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(
            f'CREATE POLICY tenant ON "{table}" TO legate_app '
            "USING (workspace_id = current_setting('app.workspace', true)) "
            "WITH CHECK (workspace_id = current_setting('app.workspace', true))"
        )
