"""Column types shared by several packages."""

from enum import StrEnum

from sqlalchemy import Enum


def enum_column(kind: type[StrEnum], *, length: int) -> Enum:
    """A text column of at most `length` characters that stores the values of `kind` and returns its members."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=length,
        values_callable=lambda members: [member.value for member in members],
    )
