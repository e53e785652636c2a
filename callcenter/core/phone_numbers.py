"""Converts phone numbers, as written, displayed or keyed in, to E.164 (`+78125550192`)."""

import re

import phonenumbers

_HOME_COUNTRY_CODE = "7"
"""Country code assumed for national numbers."""
_PHONE_PATTERN = re.compile(r"\+?[0-9\s().\-–]+")
"""Characters of a phone number. Any other character (a letter, a comma, «доб. 5») makes the text no phone number."""
_INTERNATIONAL_PREFIXES = ("810", "00")
"""International call prefixes before a country code: `810` in Russia, `00` in most other countries."""
_INVALID_AREA_DIGITS = "012"
"""No area or mobile code under country code 7 begins with these digits (Russian numbering plan, ITU-T E.164)."""


def parse_phone(written: str) -> str | None:
    """The E.164 form of a phone number; None when the text is no phone number.

    Accepted: `+`, `00` or `810` with a country code; `7` or `8` with ten digits; ten digits alone. None for a withheld
    number, a word, an extension, or seven digits without an area code.

    The length must be possible in the country. Whether the range is assigned is not checked: new ranges are opened
    faster than the lists are updated, and a resident with a new number must be called back.
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
    """The digits with a country code; None when the country cannot be determined."""
    if len(digits) == 11 and digits[0] in "78":
        return f"{_HOME_COUNTRY_CODE}{digits[1:]}"
    if len(digits) == 10 and not digits.startswith("00"):
        return f"{_HOME_COUNTRY_CODE}{digits}"
    for prefix in _INTERNATIONAL_PREFIXES:
        if digits.startswith(prefix) and len(digits) > 11:
            return digits.removeprefix(prefix)
    return None
