"""Companies, nodes, callbacks under their own name, and the calls of a ticket as a table."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OWNED = ("call", "ticket", "callback", "employee", "meter_reading", "unanswered_question")
"""Every row of these belongs to a company; an alarm may concern the whole installation."""
_CALLBACK_INDEX = ["company_id", "state", "due_at"]


def upgrade() -> None:
    op.create_table(
        "company",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.UniqueConstraint("number", name=op.f("uq_company_number")),
    )
    # The company of the settings; set-up fills it in. All that there is belongs to it.
    op.execute("INSERT INTO company (name, time_zone) VALUES ('', 'Europe/Moscow')")

    op.rename_table("task", "callback")
    op.execute("ALTER TABLE callback RENAME CONSTRAINT pk_task TO pk_callback")
    op.execute("ALTER TABLE callback RENAME CONSTRAINT uq_task_call_id TO uq_callback_call_id")
    op.execute("ALTER TABLE callback RENAME CONSTRAINT fk_task_call_id_call TO fk_callback_call_id_call")
    op.execute("ALTER SEQUENCE task_id_seq RENAME TO callback_id_seq")
    op.drop_index("ix_task_state_due_at", "callback")
    op.execute("UPDATE alarm SET kind = 'callback_due' WHERE kind = 'task_due'")

    op.rename_table("member_stretch", "member_state_interval")
    op.execute("ALTER TABLE member_state_interval RENAME CONSTRAINT pk_member_stretch TO pk_member_state_interval")
    op.execute(
        "ALTER TABLE member_state_interval RENAME CONSTRAINT fk_member_stretch_interface_member "
        "TO fk_member_state_interval_interface_member"
    )
    op.execute("ALTER INDEX ix_member_stretch_ended_at RENAME TO ix_member_state_interval_ended_at")
    op.execute("ALTER SEQUENCE member_stretch_id_seq RENAME TO member_state_interval_id_seq")

    for table in _OWNED:
        op.add_column(table, sa.Column("company_id", sa.Integer(), server_default="1", nullable=False))
        op.alter_column(table, "company_id", server_default=None)
    op.add_column("alarm", sa.Column("company_id", sa.Integer(), nullable=True))
    op.execute("UPDATE alarm SET company_id = 1 WHERE kind IN ('danger', 'callback_due')")
    for table in (*_OWNED, "alarm"):
        op.create_foreign_key(op.f(f"fk_{table}_company_id_company"), table, "company", ["company_id"], ["id"])
    op.create_index(op.f("ix_callback_company_id_state_due_at"), "callback", _CALLBACK_INDEX)
    op.create_index(op.f("ix_call_company_id_arrived_at"), "call", ["company_id", "arrived_at"])
    op.drop_index("ix_ticket_state_created_at", "ticket")
    op.create_index(op.f("ix_ticket_company_id_state_created_at"), "ticket", ["company_id", "state", "created_at"])
    op.drop_index("ix_meter_reading_account_kind_taken_at", "meter_reading")
    op.create_index(
        op.f("ix_meter_reading_company_id_account_kind_taken_at"),
        "meter_reading",
        ["company_id", "account", "kind", "taken_at"],
    )
    op.drop_index("ix_unanswered_question_settled_at_asked_at", "unanswered_question")
    op.create_index(
        op.f("ix_unanswered_question_company_id_settled_at_asked_at"),
        "unanswered_question",
        ["company_id", "settled_at", "asked_at"],
    )

    op.drop_constraint("uq_ticket_year_ordinal", "ticket", type_="unique")
    op.create_unique_constraint(op.f("uq_ticket_company_id_year_ordinal"), "ticket", ["company_id", "year", "ordinal"])
    op.add_column("ticket_counter", sa.Column("company_id", sa.Integer(), server_default="1", nullable=False))
    op.alter_column("ticket_counter", "company_id", server_default=None)
    op.drop_constraint("pk_ticket_counter", "ticket_counter", type_="primary")
    op.create_primary_key(op.f("pk_ticket_counter"), "ticket_counter", ["company_id", "year"])
    op.create_foreign_key(
        op.f("fk_ticket_counter_company_id_company"), "ticket_counter", "company", ["company_id"], ["id"]
    )

    op.create_table(
        "ticket_call",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_call_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_ticket_call_call_id_call")),
        sa.PrimaryKeyConstraint("ticket_id", "call_id", name=op.f("pk_ticket_call")),
    )
    op.execute("INSERT INTO ticket_call SELECT id, call_id, true FROM ticket WHERE call_id IS NOT NULL")
    op.execute("INSERT INTO ticket_call SELECT id, beside_call_id, false FROM ticket WHERE beside_call_id IS NOT NULL")
    op.create_index("uq_ticket_call_main", "ticket_call", ["call_id"], unique=True, postgresql_where=sa.text("is_main"))
    op.create_index(op.f("ix_ticket_call_call_id"), "ticket_call", ["call_id"])
    op.drop_column("ticket", "beside_call_id")
    op.drop_column("ticket", "call_id")

    op.add_column("read_offset", sa.Column("node_id", sa.String(length=12), server_default="", nullable=False))
    op.alter_column("read_offset", "node_id", server_default=None)
    op.drop_constraint("pk_read_offset", "read_offset", type_="primary")
    op.create_primary_key(op.f("pk_read_offset"), "read_offset", ["node_id", "file"])


def downgrade() -> None:
    op.drop_constraint("pk_read_offset", "read_offset", type_="primary")
    op.execute("DELETE FROM read_offset WHERE node_id <> ''")
    op.drop_column("read_offset", "node_id")
    op.create_primary_key("pk_read_offset", "read_offset", ["file"])

    op.add_column("ticket", sa.Column("call_id", sa.String(length=80), nullable=True))
    op.add_column("ticket", sa.Column("beside_call_id", sa.String(length=80), nullable=True))
    op.execute(
        "UPDATE ticket SET call_id = link.call_id FROM ticket_call link "
        "WHERE link.ticket_id = ticket.id AND link.is_main"
    )
    op.execute(
        "UPDATE ticket SET beside_call_id = link.call_id FROM ticket_call link "
        "WHERE link.ticket_id = ticket.id AND NOT link.is_main"
    )
    op.create_foreign_key("fk_ticket_call_id_call", "ticket", "call", ["call_id"], ["id"])
    op.create_foreign_key("fk_ticket_beside_call_id_call", "ticket", "call", ["beside_call_id"], ["id"])
    op.create_unique_constraint("uq_ticket_call_id", "ticket", ["call_id"])
    op.create_unique_constraint("uq_ticket_beside_call_id_category", "ticket", ["beside_call_id", "category"])
    op.drop_table("ticket_call")

    op.drop_constraint("fk_ticket_counter_company_id_company", "ticket_counter", type_="foreignkey")
    op.drop_constraint("pk_ticket_counter", "ticket_counter", type_="primary")
    op.execute("DELETE FROM ticket_counter WHERE company_id <> 1")
    op.drop_column("ticket_counter", "company_id")
    op.create_primary_key("pk_ticket_counter", "ticket_counter", ["year"])
    op.drop_constraint("uq_ticket_company_id_year_ordinal", "ticket", type_="unique")
    for table in ("alarm", *_OWNED):
        op.drop_column(table, "company_id")
    op.create_unique_constraint("uq_ticket_year_ordinal", "ticket", ["year", "ordinal"])
    op.create_index("ix_ticket_state_created_at", "ticket", ["state", "created_at"])
    op.create_index("ix_meter_reading_account_kind_taken_at", "meter_reading", ["account", "kind", "taken_at"])
    op.create_index("ix_unanswered_question_settled_at_asked_at", "unanswered_question", ["settled_at", "asked_at"])
    op.drop_table("company")

    op.execute("UPDATE alarm SET kind = 'task_due' WHERE kind = 'callback_due'")
    op.execute("ALTER SEQUENCE callback_id_seq RENAME TO task_id_seq")
    op.execute("ALTER TABLE callback RENAME CONSTRAINT fk_callback_call_id_call TO fk_task_call_id_call")
    op.execute("ALTER TABLE callback RENAME CONSTRAINT uq_callback_call_id TO uq_task_call_id")
    op.execute("ALTER TABLE callback RENAME CONSTRAINT pk_callback TO pk_task")
    op.rename_table("callback", "task")
    op.create_index("ix_task_state_due_at", "task", ["state", "due_at"])
    op.execute("ALTER SEQUENCE member_state_interval_id_seq RENAME TO member_stretch_id_seq")
    op.execute("ALTER INDEX ix_member_state_interval_ended_at RENAME TO ix_member_stretch_ended_at")
    op.execute(
        "ALTER TABLE member_state_interval RENAME CONSTRAINT fk_member_state_interval_interface_member "
        "TO fk_member_stretch_interface_member"
    )
    op.execute("ALTER TABLE member_state_interval RENAME CONSTRAINT pk_member_state_interval TO pk_member_stretch")
    op.rename_table("member_state_interval", "member_stretch")
