"""Tables of employees, their web sessions and failed sign-ins."""

from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.core.columns import enum_column
from callcenter.core.database import Base, Moment, RowId


class Role(StrEnum):
    DISPATCHER = "dispatcher"
    DIRECTOR = "director"
    ADMINISTRATOR = "administrator"


class Employee(Base):
    __tablename__ = "employee"

    id: Mapped[RowId]
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role] = mapped_column(enum_column(Role, length=20))
    password_hash: Mapped[str] = mapped_column(String(200))
    """argon2id hash."""
    interface: Mapped[str | None] = mapped_column(String(80), unique=True)
    """Queue member interface of this person's softphone, e.g. `PJSIP/d-4f1a`."""
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    """False: the person cannot sign in, and existing sessions are invalid."""


class WebSession(Base):
    __tablename__ = "web_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the cookie's token, hex: a copy of the table gives access to no session."""
    employee_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("employee.id", ondelete="CASCADE"))
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]


class SignInAttempt(Base):
    """A failed sign-in, counted to limit password guessing."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index(None, "login", "at"), Index(None, "address", "at"))

    id: Mapped[RowId]
    login: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(60))
    at: Mapped[Moment]
