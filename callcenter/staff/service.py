"""Accounts, sign-in and sessions. Nothing here commits.

A refused sign-in is an answer, not an exception: an exception would roll back the record of the attempt,
and with it the limit on guessing.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.staff.models import Employee, Role, SignInAttempt, WebSession

GUESSES_PER_LOGIN = 5
GUESSES_PER_ADDRESS = 20
"""An office sits behind one address."""
GUESSING_SPAN = timedelta(minutes=15)

_hasher = PasswordHasher()
_DUMMY_HASH = _hasher.hash(secrets.token_hex(16))
"""Checked when the login is unknown, so that the time of the answer does not tell which logins exist."""


class Account(Protocol):
    """An account as set-up gives it."""

    @property
    def login(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> Role: ...
    @property
    def password(self) -> str: ...
    @property
    def interface(self) -> str | None:
        """The queue member that is this person's phone."""
        ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token` goes into the cookie and is kept nowhere else; `csrf` into the forms."""

    employee: Employee
    token: str
    csrf: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """`retry_at` is set when the limit on guesses is reached: nothing is checked until then."""

    message: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionUser:
    """Who is signed in, and the session's CSRF secret."""

    employee: Employee
    csrf: str
    expires_at: datetime


async def ensure_accounts(
    session: AsyncSession, accounts: Iterable[Account], *, now: datetime, company_id: int = DEFAULT_COMPANY_ID
) -> None:
    """Creates the accounts of a company, or updates name, role, phone and password of existing ones.

    A changed password ends the sessions signed in with the old one. Accounts not named stay as they are.
    """
    for account in accounts:
        if account.interface is not None:  # a phone that changed hands must leave the old hand first
            await session.execute(
                update(Employee)
                .where(Employee.interface == account.interface, Employee.login != account.login)
                .values(interface=None)
            )
        employee = await session.scalar(select(Employee).where(Employee.login == account.login).with_for_update())
        if employee is None:
            employee = Employee(company_id=company_id, login=account.login, password_hash="", active=True)
            session.add(employee)
        employee.name = account.name
        employee.role = account.role
        employee.interface = account.interface
        if not await asyncio.to_thread(_is_password_correct, employee.password_hash, account.password):
            employee.password_hash = await asyncio.to_thread(_hasher.hash, account.password)
            await session.flush()
            await session.execute(delete(WebSession).where(WebSession.employee_id == employee.id))
        await session.flush()


async def sign_in(
    session: AsyncSession,
    login: str,
    password: str,
    address: str,
    now: datetime,
    *,
    session_lifetime: timedelta = timedelta(hours=13),
) -> SignedIn | SignInRefused:
    """Checks a password. Commit the session whatever the answer: it holds the record of the attempt."""
    login, address = login.strip()[:60], address[:60]
    # Guesses at one login, or from one address, are taken one after another: else a hundred sent at once
    # would all be checked before the first is counted. Always in this order, so no two can wait in a ring.
    await session.execute(select(func.pg_advisory_xact_lock(1, func.hashtext(login))))
    await session.execute(select(func.pg_advisory_xact_lock(2, func.hashtext(address))))
    retry_at = await _find_retry_at(session, login, address, now)
    if retry_at is not None:
        return SignInRefused("Слишком много попыток входа. Подождите и попробуйте снова.", retry_at)
    employee = await session.scalar(select(Employee).where(Employee.login == login, Employee.active))
    right = await asyncio.to_thread(_is_password_correct, employee.password_hash if employee else _DUMMY_HASH, password)
    if employee is None or not right:
        session.add(SignInAttempt(login=login, address=address, at=now))
        await session.flush()
        return SignInRefused("Неверное имя или пароль.")
    await session.execute(delete(SignInAttempt).where(SignInAttempt.login == login, SignInAttempt.address == address))
    opened = SignedIn(employee, secrets.token_urlsafe(32), secrets.token_urlsafe(32), now + session_lifetime)
    session.add(
        WebSession(
            token_hash=_hash_token(opened.token),
            employee_id=employee.id,
            csrf=opened.csrf,
            created_at=now,
            expires_at=opened.expires_at,
        )
    )
    await session.flush()
    return opened


async def find_session_user(session: AsyncSession, token: str, now: datetime) -> SessionUser | None:
    """Whose session this is; None when it is unknown, over, or its owner may not work any more."""
    row = (
        await session.execute(
            select(Employee, WebSession)
            .join(WebSession, WebSession.employee_id == Employee.id)
            .where(WebSession.token_hash == _hash_token(token), WebSession.expires_at > now, Employee.active)
        )
    ).first()
    return None if row is None else SessionUser(row[0], row[1].csrf, row[1].expires_at)


async def sign_out(session: AsyncSession, token: str) -> None:
    """Ends the session; an unknown one is no error."""
    await session.execute(delete(WebSession).where(WebSession.token_hash == _hash_token(token)))


async def forget_expired(session: AsyncSession, *, now: datetime) -> None:
    """Removes sessions that are over and attempts that no longer count."""
    await session.execute(delete(WebSession).where(WebSession.expires_at <= now))
    await session.execute(delete(SignInAttempt).where(SignInAttempt.at <= now - GUESSING_SPAN))


def _is_password_correct(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


async def _find_retry_at(session: AsyncSession, login: str, address: str, now: datetime) -> datetime | None:
    """The moment at which enough of the recent failures are forgotten; None when a guess is allowed now."""
    moments = []
    for column, value, limit in (
        (SignInAttempt.login, login, GUESSES_PER_LOGIN),
        (SignInAttempt.address, address, GUESSES_PER_ADDRESS),
    ):
        counted = (
            await session.scalars(
                select(SignInAttempt.at)
                .where(column == value, SignInAttempt.at > now - GUESSING_SPAN)
                .order_by(SignInAttempt.at.desc())
                .limit(limit)
            )
        ).all()
        if len(counted) == limit:
            moments.append(counted[-1] + GUESSING_SPAN)
    return max(moments, default=None)


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
