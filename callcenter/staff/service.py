"""Accounts, sign-in and web sessions. Nothing here commits.

A refused sign-in is a return value, not an exception: an exception would roll back the record of the attempt and so
defeat the limit on guessing.
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
"""Failed sign-ins of one login within GUESSING_SPAN after which further attempts are refused."""
GUESSES_PER_ADDRESS = 20
"""The same for one IP address; higher, because a whole office may share an address."""
GUESSING_SPAN = timedelta(minutes=15)
"""How long a failed sign-in counts."""

_hasher = PasswordHasher()
_DUMMY_HASH = _hasher.hash(secrets.token_hex(16))
"""Verified when the login is unknown, so that the response time does not reveal which logins exist."""


class Account(Protocol):
    """An account as defined by set-up."""

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
        """Queue member interface of this person's phone; None: no phone."""
        ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token` goes into the cookie and is not stored (only its hash is); `csrf` goes into the forms."""

    employee: Employee
    token: str
    csrf: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """`message` is Russian. `retry_at`: set when the limit is reached; until then no password is checked."""

    message: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionUser:
    """The signed-in employee and the CSRF secret of the session."""

    employee: Employee
    csrf: str
    expires_at: datetime


async def ensure_accounts(
    session: AsyncSession, accounts: Iterable[Account], *, now: datetime, company_id: int = DEFAULT_COMPANY_ID
) -> None:
    """Creates the accounts of a company, or updates name, role, phone and password of existing ones.

    A changed password ends the employee's sessions. Employees not listed stay unchanged.
    """
    for account in accounts:
        if account.interface is not None:  # `interface` is unique: first detach the phone from its old owner
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
    """Checks a password and opens a web session. The caller must commit in any case, to keep a failed attempt."""
    login, address = login.strip()[:60], address[:60]
    # Serializes attempts for one login and from one address; otherwise many parallel guesses would all be checked
    # before the first is counted. The fixed order of the two locks prevents deadlocks.
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
    """The user of a session; None when the session is unknown or expired, or the employee is not active."""
    row = (
        await session.execute(
            select(Employee, WebSession)
            .join(WebSession, WebSession.employee_id == Employee.id)
            .where(WebSession.token_hash == _hash_token(token), WebSession.expires_at > now, Employee.active)
        )
    ).first()
    return None if row is None else SessionUser(row[0], row[1].csrf, row[1].expires_at)


async def sign_out(session: AsyncSession, token: str) -> None:
    """Ends the session. An unknown token is no error."""
    await session.execute(delete(WebSession).where(WebSession.token_hash == _hash_token(token)))


async def forget_expired(session: AsyncSession, *, now: datetime) -> None:
    """Deletes expired sessions and attempts older than GUESSING_SPAN."""
    await session.execute(delete(WebSession).where(WebSession.expires_at <= now))
    await session.execute(delete(SignInAttempt).where(SignInAttempt.at <= now - GUESSING_SPAN))


def _is_password_correct(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


async def _find_retry_at(session: AsyncSession, login: str, address: str, now: datetime) -> datetime | None:
    """When the next attempt is allowed; None: now."""
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
