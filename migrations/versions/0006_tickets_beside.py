"""Other tickets of a call beside its own; tickets found by the telephone they were reported from."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("beside_call_id", sa.String(length=80), nullable=True))
    op.create_foreign_key(op.f("fk_ticket_beside_call_id_call"), "ticket", "call", ["beside_call_id"], ["id"])
    op.create_unique_constraint(op.f("uq_ticket_beside_call_id_category"), "ticket", ["beside_call_id", "category"])
    op.create_index(op.f("ix_ticket_contact_phone"), "ticket", ["contact_phone"])


def downgrade() -> None:
    op.drop_index(op.f("ix_ticket_contact_phone"), "ticket")
    op.drop_constraint(op.f("uq_ticket_beside_call_id_category"), "ticket", type_="unique")
    op.drop_constraint(op.f("fk_ticket_beside_call_id_call"), "ticket", type_="foreignkey")
    op.drop_column("ticket", "beside_call_id")
