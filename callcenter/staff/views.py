"""Queries about employees. Read-only."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.staff.models import Employee


async def employees(session: AsyncSession) -> Sequence[Employee]:
    """The active employees of all companies, by name."""
    return (await session.scalars(select(Employee).where(Employee.active).order_by(Employee.name))).all()


async def names_by_interface(session: AsyncSession, company_id: int) -> dict[str, str]:
    """Queue member interface -> employee name, within a company: `PJSIP/d-4f1a9c` -> name."""
    rows = await session.execute(
        select(Employee.interface, Employee.name).where(
            Employee.company_id == company_id, Employee.interface.is_not(None)
        )
    )
    return {interface: name for interface, name in rows if interface is not None}


async def foreign_interfaces(session: AsyncSession, company_id: int) -> frozenset[str]:
    """Interfaces of queue members that belong to employees of other companies."""
    query = select(Employee.interface).where(Employee.company_id != company_id, Employee.interface.is_not(None))
    return frozenset(interface for interface in await session.scalars(query) if interface is not None)


async def names_by_login(session: AsyncSession, company_id: int) -> dict[str, str]:
    """Login -> name of the active employees of a company."""
    return {employee.login: employee.name for employee in await employees(session) if employee.company_id == company_id}
