"""Transcripts: lines in the order in which they were written, and a search in Russian."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("utterance", sa.Column("sequence", sa.BigInteger(), sa.Identity(), nullable=False))
    op.create_index(
        "ix_utterance_document",
        "utterance",
        [sa.text("to_tsvector('russian'::regconfig, translate(text, 'ёЁ<>', 'еЕ  '))")],
        postgresql_using="gin",
    )


def downgrade() -> None:
    op.drop_index("ix_utterance_document", table_name="utterance")
    op.drop_column("utterance", "sequence")
