"""Who calls: the number the trunk shows, made E.164. It proves nothing: a number can be forged."""

import re
from dataclasses import dataclass
from datetime import datetime

import phonenumbers

_ALLOWED = re.compile(r"\+?[\d\s().\-]+")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call as it comes to us."""

    call_id: str
    dialled: str
    caller_shown: str
    """As the trunk gave it; may be empty, a word, or forged."""
    caller_number: str | None
    """E.164, None when withheld or not a number."""
    at: datetime


def normalise_number(shown: str) -> str | None:
    """The E.164 number for +7…, 7…, 8… or ten digits, and for foreign numbers with a plus.

    None for a withheld number, a word, an extension, or digits that no telephone can have.
    """
    shown = shown.strip()
    if not _ALLOWED.fullmatch(shown):
        return None
    digits = re.sub(r"\D", "", shown)
    if not shown.startswith("+"):
        digits = _complete_russian(digits)
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _complete_russian(digits: str) -> str:
    """With the country's code: 8… and 7… of eleven digits, or the ten of a subscriber; `810…` dials abroad."""
    if digits.startswith("810") and len(digits) > 11:
        return digits[3:]
    if len(digits) == 11 and digits[0] in "78":
        return f"7{digits[1:]}"
    if len(digits) == 10:
        return f"7{digits}"
    return digits
