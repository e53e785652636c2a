"""Identifiers that we choose ourselves, before asking anybody."""

import uuid


def new_id() -> str:
    """A fresh identifier: 32 hexadecimal digits."""
    return uuid.uuid4().hex
