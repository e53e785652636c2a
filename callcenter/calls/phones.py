"""Caller numbers as trunks give them, made one."""

import phonenumbers

_HOME = "RU"


def read_phone(shown: str) -> str | None:
    """E.164 of a number written +7…, 7…, 8…, as ten digits, or in full with the code of another country.

    None for a withheld number and for anything that is no telephone number: an extension, a name, a stray sign.
    """
    digits = "".join(sign for sign in shown if sign.isascii() and sign.isdigit())
    international = shown.strip().startswith(("+", "00"))
    if len(digits) == 11 and digits[0] in "78" and not international:
        digits, international = "7" + digits[1:], True
    if shown.strip().startswith("00"):
        digits = digits.lstrip("0")
    try:
        number = phonenumbers.parse("+" + digits if international else digits, _HOME)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or len(digits) < 10:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
