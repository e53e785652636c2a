"""The companies that one installation serves."""

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.database import Base

DEFAULT_COMPANY_ID = 1
"""The company of the settings. Its row is made by the migrations and filled in at set-up."""


class Company(Base):
    """One housing company. The number that a resident dials chooses it."""

    __tablename__ = "company"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    """The multichannel number, E.164; None until set-up has filled it in."""
    time_zone: Mapped[str] = mapped_column(String(60))
    """An IANA name, e.g. `Europe/Moscow`."""
