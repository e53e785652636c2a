"""How long members were in which state, and the troubles of calls found without reading every timeline."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member_stretch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("interface", sa.String(length=80), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "absent",
                "free",
                "ringing",
                "talking",
                "wrap_up",
                "paused",
                name="memberstate",
                native_enum=False,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["interface"], ["member.interface"], name=op.f("fk_member_stretch_interface_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_stretch")),
    )
    op.create_index(op.f("ix_member_stretch_ended_at"), "member_stretch", ["ended_at"])
    op.create_index(
        "ix_call_event_trouble",
        "call_event",
        ["at"],
        postgresql_where=sa.text("kind IN ('lease_end', 'lost')"),
    )


def downgrade() -> None:
    op.drop_index("ix_call_event_trouble", table_name="call_event")
    op.drop_table("member_stretch")
