"""Column types that several rooms share."""

from enum import StrEnum

from sqlalchemy import Enum


def enum_column(kind: type[StrEnum], *, length: int) -> Enum:
    """A text column of at most `length` letters that holds the values of `kind` and gives back its members."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=length,
        values_callable=lambda members: [member.value for member in members],
    )
