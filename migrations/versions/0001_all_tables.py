"""All tables; the two timelines can only grow."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

GROWING = ("call_event", "ticket_event")


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "danger",
                "task_due",
                "recording",
                "disk",
                "script",
                "telephony",
                "journal",
                name="alarmkind",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by", sa.String(length=100), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    op.create_index(
        "uq_alarm_open", "alarm", ["kind", "subject"], unique=True, postgresql_where=sa.text("cleared_at IS NULL")
    )
    op.create_table(
        "call",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("caller_number", sa.String(length=20), nullable=True),
        sa.Column("caller_shown", sa.String(length=80), nullable=False),
        sa.Column("dialled", sa.String(length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum("ivr", "queued", "talking", "ended", name="callstate", native_enum=False, length=12),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "robot",
                "talked",
                "abandoned",
                "voicemail",
                "callback",
                "overflow",
                name="outcome",
                native_enum=False,
                length=12,
            ),
            nullable=True,
        ),
        sa.Column("danger", sa.String(length=60), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("member", sa.String(length=80), nullable=True),
        sa.Column("hangup_cause", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
    )
    op.create_index(op.f("ix_call_arrived_at"), "call", ["arrived_at"], unique=False)
    op.create_index(op.f("ix_call_caller_number"), "call", ["caller_number"], unique=False)
    op.create_index("ix_call_unsettled", "call", ["state", "ended_at"], postgresql_where=sa.text("outcome IS NULL"))
    op.create_table(
        "employee",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "role",
            sa.Enum("dispatcher", "director", "administrator", name="role", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("interface", sa.String(length=80), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employee")),
        sa.UniqueConstraint("interface", name=op.f("uq_employee_interface")),
        sa.UniqueConstraint("login", name=op.f("uq_employee_login")),
    )
    op.create_table(
        "member",
        sa.Column("interface", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("extension", sa.String(length=20), nullable=False),
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
        sa.Column("pause_reason", sa.String(length=100), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("interface", name=op.f("pk_member")),
    )
    op.create_table(
        "read_offset",
        sa.Column("file", sa.String(length=40), nullable=False),
        sa.Column("inode", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("file", name=op.f("pk_read_offset")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(op.f("ix_sign_in_attempt_address_at"), "sign_in_attempt", ["address", "at"], unique=False)
    op.create_index(op.f("ix_sign_in_attempt_login_at"), "sign_in_attempt", ["login", "at"], unique=False)
    op.create_table(
        "ticket_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_ticket_counter")),
    )
    op.create_table(
        "call_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "source",
            sa.Enum("robot", "cel", "queue_log", "centre", name="eventsource", native_enum=False, length=12),
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_call_event_call_id_call")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_event")),
        sa.UniqueConstraint("call_id", "key", name=op.f("uq_call_event_call_id_key")),
    )
    op.create_index(op.f("ix_call_event_call_id_at"), "call_event", ["call_id", "at"], unique=False)
    op.create_table(
        "call_leg",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("channel_id", sa.String(length=80), nullable=False),
        sa.Column("channel_name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.Enum("caller", "member", name="legrole", native_enum=False, length=10), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hangup_cause", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_call_leg_call_id_call")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_leg")),
        sa.UniqueConstraint("call_id", "channel_id", name=op.f("uq_call_leg_call_id_channel_id")),
    )
    op.create_table(
        "member_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("interface", sa.String(length=80), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["interface"], ["member.interface"], name=op.f("fk_member_request_interface_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_request")),
    )
    op.create_table(
        "recording",
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "filed",
                "missing",
                "short",
                "silent",
                "expired",
                name="recordingstate",
                native_enum=False,
                length=10,
            ),
            nullable=False,
        ),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("gaps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_recording_call_id_call")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_recording")),
    )
    op.create_index("ix_recording_pending", "recording", ["call_id"], postgresql_where=sa.text("state = 'pending'"))
    op.create_table(
        "task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "callback",
                "voicemail",
                "abandoned",
                "overflow",
                "promise",
                "lost",
                name="taskkind",
                native_enum=False,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column(
            "state", sa.Enum("open", "taken", "done", name="taskstate", native_enum=False, length=8), nullable=False
        ),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_task_call_id_call")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("call_id", name=op.f("uq_task_call_id")),
    )
    op.create_index(op.f("ix_task_state_due_at"), "task", ["state", "due_at"], unique=False)
    op.create_table(
        "ticket",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "registered",
                "assigned",
                "resolved",
                "closed",
                "cancelled",
                "dropped",
                name="ticketstate",
                native_enum=False,
                length=12,
            ),
            nullable=False,
        ),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("ordinal", sa.Integer(), nullable=True),
        sa.Column("category", sa.String(length=40), nullable=True),
        sa.Column("category_name", sa.Text(), nullable=True),
        sa.Column("urgency", sa.String(length=20), nullable=True),
        sa.Column("responsible", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("contact_phone", sa.String(length=20), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registered_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_ticket_call_id_call")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("call_id", name=op.f("uq_ticket_call_id")),
        sa.UniqueConstraint("year", "ordinal", name=op.f("uq_ticket_year_ordinal")),
    )
    op.create_index(op.f("ix_ticket_state_created_at"), "ticket", ["state", "created_at"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("employee_id", sa.BigInteger(), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employee.id"], name=op.f("fk_web_session_employee_id_employee"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_web_session")),
    )
    op.create_table(
        "ticket_clock",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_clock_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_clock")),
        sa.UniqueConstraint("ticket_id", "kind", name=op.f("uq_ticket_clock_ticket_id_kind")),
    )
    op.create_index(op.f("ix_ticket_clock_due_at"), "ticket_clock", ["due_at"], unique=False)
    op.create_table(
        "ticket_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_event_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_event")),
    )
    op.create_index(op.f("ix_ticket_event_ticket_id_at"), "ticket_event", ["ticket_id", "at"], unique=False)
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% can only grow: % refused', TG_TABLE_NAME, TG_OP;
        END
        $$
        """
    )
    for table in GROWING:
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_index(op.f("ix_ticket_event_ticket_id_at"), table_name="ticket_event")
    op.drop_table("ticket_event")
    op.drop_index(op.f("ix_ticket_clock_due_at"), table_name="ticket_clock")
    op.drop_table("ticket_clock")
    op.drop_table("web_session")
    op.drop_index(op.f("ix_ticket_state_created_at"), table_name="ticket")
    op.drop_table("ticket")
    op.drop_index(op.f("ix_task_state_due_at"), table_name="task")
    op.drop_table("task")
    op.drop_table("recording")
    op.drop_table("member_request")
    op.drop_table("call_leg")
    op.drop_index(op.f("ix_call_event_call_id_at"), table_name="call_event")
    op.drop_table("call_event")
    op.drop_table("ticket_counter")
    op.drop_index(op.f("ix_sign_in_attempt_login_at"), table_name="sign_in_attempt")
    op.drop_index(op.f("ix_sign_in_attempt_address_at"), table_name="sign_in_attempt")
    op.drop_table("sign_in_attempt")
    op.drop_table("read_offset")
    op.drop_table("member")
    op.drop_table("employee")
    op.drop_index(op.f("ix_call_caller_number"), table_name="call")
    op.drop_index(op.f("ix_call_arrived_at"), table_name="call")
    op.drop_table("call")
    op.drop_index("uq_alarm_open", table_name="alarm", postgresql_where=sa.text("cleared_at IS NULL"))
    op.drop_table("alarm")
    op.execute("DROP FUNCTION refuse_change()")
