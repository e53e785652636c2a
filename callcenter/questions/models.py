"""Questions of callers that the robot had no answer for: the knowledge base's owner reads them and writes answers."""

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.database import Base, Moment


class UnansweredQuestion(Base):
    __tablename__ = "unanswered_question"
    __table_args__ = (Index(None, "company_id", "settled_at", "asked_at"),)

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    """The note's."""
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    asked_at: Mapped[Moment]
    text: Mapped[str] = mapped_column(Text)
    """What the caller said, as it was heard; empty where the question came by a key."""
    article: Mapped[str | None] = mapped_column(String(20))
    """The answer there is, and which may not be told: not approved, expired, a fact missing. None: there is none."""
    settled_at: Mapped[Moment | None]
    """When the owner was done with it."""
    settled_by: Mapped[str | None] = mapped_column(String(60))
