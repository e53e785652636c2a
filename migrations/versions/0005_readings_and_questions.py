"""Meter readings told by callers, and questions that the robot had no answer for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kinds = sa.Enum("cold", "hot", "electricity", name="meterkind", native_enum=False, length=12)
    op.create_table(
        "meter_reading",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account", sa.String(length=20), nullable=False),
        sa.Column("kind", kinds, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=True),
        sa.Column("doubt", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_meter_reading_call_id_call")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meter_reading")),
    )
    op.create_index(op.f("ix_meter_reading_account_kind_taken_at"), "meter_reading", ["account", "kind", "taken_at"])
    op.create_table(
        "unanswered_question",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("article", sa.String(length=20), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_unanswered_question_call_id_call")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unanswered_question")),
    )
    op.create_index(
        op.f("ix_unanswered_question_settled_at_asked_at"), "unanswered_question", ["settled_at", "asked_at"]
    )


def downgrade() -> None:
    op.drop_table("unanswered_question")
    op.drop_table("meter_reading")
