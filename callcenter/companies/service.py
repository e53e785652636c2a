"""Determines the company of a call. Nothing here commits."""

from sqlalchemy import ScalarSelect, column, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.companies.models import DEFAULT_COMPANY_ID, Company
from callcenter.core.phone_numbers import parse_phone

_CALL = table("call", column("id"), column("company_id"))
"""The two columns needed here. The `Call` model cannot be imported: its package depends on this one."""


async def write_default_company(session: AsyncSession, *, name: str, number: str, time_zone: str) -> None:
    """Saves the company of the settings. Idempotent. `number` is E.164."""
    await session.merge(Company(id=DEFAULT_COMPANY_ID, name=name, number=number, time_zone=time_zone))


async def choose_company(session: AsyncSession, dialled: str) -> int:
    """The id of the company whose number was dialed; the default company for an unknown or missing number.

    Formats are equivalent: `88125550192` and `+78125550192` are the same number.
    """
    number = parse_phone(dialled)
    if number is None:
        return DEFAULT_COMPANY_ID
    found: int | None = await session.scalar(select(Company.id).where(Company.number == number))
    return DEFAULT_COMPANY_ID if found is None else found


def company_of_call(call_id: str) -> ScalarSelect[int]:
    """An SQL expression: the id of the call's company, for rows about the call that belong to the same company."""
    return select(_CALL.c.company_id).where(_CALL.c.id == call_id).scalar_subquery()
