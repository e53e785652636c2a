"""The table of questions that the robot could not answer. The owner of the knowledge base reads them and adds
answers."""

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.database import Base, Moment


class UnansweredQuestion(Base):
    __tablename__ = "unanswered_question"
    __table_args__ = (Index(None, "company_id", "settled_at", "asked_at"),)

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    """The id of its note, so that applying the note twice creates one row."""
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    asked_at: Mapped[Moment]
    text: Mapped[str] = mapped_column(Text)
    """The recognized words of the caller; empty when the question was chosen by a DTMF digit."""
    article: Mapped[str | None] = mapped_column(String(20))
    """Code of an existing answer that may not be given (not approved, expired, a fact is missing). None: no answer."""
    settled_at: Mapped[Moment | None]
    """When the owner settled the question; None: open."""
    settled_by: Mapped[str | None] = mapped_column(String(60))
