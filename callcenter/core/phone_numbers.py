"""Telephone numbers: however one is written, shown or typed, it is kept as E.164 (`+78125550192`)."""

import re

import phonenumbers

_HOME_COUNTRY_CODE = "7"
"""The country whose numbers are written without a code."""
_PHONE_PATTERN = re.compile(r"\+?[0-9\s().\-–]+")
"""Anything else in it (a letter, a comma, «доб. 5») makes it no number: digits are never picked out of words."""
_INTERNATIONAL_PREFIXES = ("810", "00")
"""What is dialled before the code of another country: from Russia, and from most other places."""
_INVALID_AREA_DIGITS = "012"
"""No area or mobile code of the country code 7 begins with these digits (Russian numbering plan, ITU-T E.164)."""


def parse_phone(written: str) -> str | None:
    """E.164 of a telephone number; None for what is none.

    Read are `+` with a country code, `00` or `810` with a country code, `7` or `8` with ten digits, and ten digits.
    None for a withheld number, a word, an extension, and seven digits without their area code.

    A number counts when its length is possible in its country. Whether its range is assigned is not asked: ranges are
    opened faster than lists of them are updated, and a resident with a new number must be called back.
    """
    written = written.strip()
    if not _PHONE_PATTERN.fullmatch(written):
        return None
    digits = re.sub(r"[^0-9]", "", written)
    international = digits if written.startswith("+") else _add_country_code(digits)
    if international is None:
        return None
    try:
        number = phonenumbers.parse(f"+{international}")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None if e164.startswith(f"+{_HOME_COUNTRY_CODE}") and e164[2] in _INVALID_AREA_DIGITS else e164


def _add_country_code(digits: str) -> str | None:
    """The digits with a country code in front; None when none can be told."""
    if len(digits) == 11 and digits[0] in "78":
        return f"{_HOME_COUNTRY_CODE}{digits[1:]}"
    if len(digits) == 10 and not digits.startswith("00"):
        return f"{_HOME_COUNTRY_CODE}{digits}"
    for prefix in _INTERNATIONAL_PREFIXES:
        if digits.startswith(prefix) and len(digits) > 11:
            return digits.removeprefix(prefix)
    return None
