"""Identifiers that we choose ourselves, before asking anybody."""

import uuid


def new_id() -> str:
    """A fresh identifier: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def call_id_prefix(node_id: str) -> str:
    """What the call ids of a node begin with: `north_` for `north`, nothing for the only node of an installation.

    Behind it stand Asterisk's boot counter and the channel's uniqueid: `north_b17-1764000620.18`.
    """
    return f"{node_id}_" if node_id else ""
