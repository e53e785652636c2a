"""The table of companies that one installation serves."""

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.database import Base

DEFAULT_COMPANY_ID = 1
"""Id of the company in the settings. The migrations create its row, set-up fills it in."""


class Company(Base):
    """A housing company. The number that a resident dials determines the company of the call."""

    __tablename__ = "company"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    """The multichannel number, E.164; None before set-up."""
    time_zone: Mapped[str] = mapped_column(String(60))
    """An IANA name, e.g. `Europe/Moscow`."""
