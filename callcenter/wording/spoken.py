"""Text normalization for speech synthesis: Russian text as words only, without digits and Latin letters.

The order of the steps matters. Patterns of their own (web addresses, ticket and phone numbers, times, dates, money) are
replaced before plain numbers. Replaced parts hold no digits, so later steps leave them alone.
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from callcenter.wording import moments
from callcenter.wording.latin import (
    drop_unspeakable,
    expand_abbreviations,
    speak_latin,
    speak_net_addresses,
    speak_signs,
    strip_accents,
)
from callcenter.wording.numbers import cardinal, counted, decimal, is_one, one_by_one, ordinal
from callcenter.wording.stress import to_plus

_TICKET = re.compile(r"(?<![\d-])(\d\d)-(\d{6})(?![\d-])")
_PHONE = re.compile(
    r"(?<![\d+])(?P<country>\+?7|8)[ -]?(?:\((?P<a>\d{3})\)|(?P<b>\d{3}))[ -]?"
    r"(?P<c>\d{3})[ -]?(?P<d>\d{2})[ -]?(?P<e>\d{2})(?!\d)",
)
_LOCAL_PHONE = re.compile(r"(?<![\d-])(\d{3})-(\d{2})-(\d{2})(?![\d-])")
_GROUPED = re.compile(r"(?<![\d,.])(\d{1,3}(?: \d{3})+)(?![\d])")
_MONEY = re.compile(
    r"(?:(?<!\w)(?P<before>от|до|около|более|менее|свыше|больше|меньше)\s+)?"
    r"(?<![\d,.])(?P<whole>\d{1,12})(?:[,.](?P<part>\d\d))?\s*(?:рублей|рубля|рубль|₽)(?!\w)",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"(?<![\d,.])(\d{1,12})(?:[,.](\d{1,9}))?\s*(?:%|процент(?:а|ов)?(?!\w))")
_DECIMAL = re.compile(r"(?<![\d,.])(\d{1,12})[,.](\d{1,9})(?![\d]|[,.]\d)")
_ORDINAL = re.compile(r"(?<![\d,.])(\d{1,6})-(й|го|му|м|я|ю|е|ый|ой|ая|ое|ые|ого|ому|ом|х)(?![\w])")
_ORDINAL_FORMS = {
    "й": ("n", "m"), "ый": ("n", "m"), "ой": ("g", "f"), "го": ("g", "m"), "ого": ("g", "m"), "му": ("d", "m"),
    "ому": ("d", "m"), "м": ("p", "m"), "ом": ("p", "m"), "я": ("n", "f"), "ая": ("n", "f"), "ю": ("a", "f"),
    "е": ("n", "n"), "ое": ("n", "n"),
}  # fmt: skip
_FLOOR = re.compile(
    r"(?<![\d,.-])(?P<number>\d{1,3})\s+(?P<noun>этаж|подъезд)(?P<ending>|а|у|ом|е)(?!\w)", re.IGNORECASE
)
_NOUN_CASES = {"": "n", "а": "g", "у": "d", "ом": "i", "е": "p"}
_DASHED = re.compile(r"(?<![\w-])(\d{1,6})\s*[–—-]\s*(\d{1,6})(?![\w-])")
_FRACTION = re.compile(r"(?<=\d)/(?=\d)")
_SIGNED = re.compile(r"(?<![\w)])([+−-])(?=\d)")
_GENITIVE_BEFORE = (
    r"до|от|около|после|более|менее|больше|меньше|свыше|позднее|позже|раньше|ранее|в течение|из|без|кроме|старше|младше"
)
_NUMBER = re.compile(
    rf"(?:(?<!\w)(?P<before>{_GENITIVE_BEFORE})\s+)?(?<!\d)(?P<digits>\d+)(?P<after>\s+[а-яё+]+)?", re.IGNORECASE
)
_LONGEST_NUMBER = 6
"""Most digits of a number read as a quantity. A longer one is an account or a meter number, read digit by digit."""
_FEMININE = re.compile(
    r"(?:минут|секунд|копе[ей]к|недел|тысяч|квартир|заявк|заявок|кнопк|кнопок|цифр|буд[ье]н|групп|страниц|комнат|парадн"
    r"|ступен|единиц|штук|стро[чк]|попыт|смен|бригад)",
    re.IGNORECASE,
)


def normalize_for_speech(text: str) -> str:
    """`text` as words. Punctuation stays, because the voice pauses at it. Stress marks become `+` before the vowel.

    Never raises; an empty text stays empty.
    """
    text = strip_accents(to_plus(text))
    text = re.sub(r"[\u2010-\u2012−]", "-", text)
    text = re.sub(r"°\s*[CС](?!\w)", " градусов", text)
    text = speak_net_addresses(text)
    text = expand_abbreviations(text)
    text = _TICKET.sub(lambda found: f" {spoken_ticket_number(found[0])} ", text)
    text = _PHONE.sub(_speak_phone, text)
    text = _LOCAL_PHONE.sub(lambda found: ", ".join(cardinal(part) for part in found.groups()), text)
    text = moments.speak_times(text)
    text = moments.speak_dates(text)
    text = _GROUPED.sub(lambda found: found[1].replace(" ", ""), text)
    text = _MONEY.sub(_speak_money, text)
    text = _PERCENT.sub(_speak_percent, text)
    text = _DECIMAL.sub(lambda found: decimal(found[1], found[2]), text)
    text = _ORDINAL.sub(_speak_ordinal, text)
    text = _FLOOR.sub(_speak_floor, text)
    text = _SIGNED.sub(lambda found: "плюс " if found[1] == "+" else "минус ", text)
    text = _DASHED.sub(r"\1 — \2", text)
    text = _FRACTION.sub(" дробь ", text)
    text = _NUMBER.sub(_speak_number, text)
    return drop_unspeakable(speak_latin(speak_signs(text)))


def spoken_phone(phone: str) -> str:
    """A phone number in groups: «восемь, восемьсот двенадцать, пятьсот пятьдесят пять, ноль один, девяносто два».

    Takes E.164 (`+78125550192`, read with the Russian trunk prefix 8) or any notation with 11 digits that begins with 7
    or 8. Other numbers are read digit by digit.
    """
    digits = re.sub(r"\D", "", strip_accents(phone))
    if len(digits) == 11 and digits[0] in "78":
        return _speak_groups("восемь", digits[1:])
    return one_by_one(digits)


def spoken_ticket_number(number: str) -> str:
    """`26-000123` -> «два шесть, ноль ноль ноль, один два три»: digit by digit, as callers enter it by keys."""
    year, _, rest = number.partition("-")
    return ", ".join(one_by_one(part) for part in (year, rest) if part)


def spoken_moment(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Same as `moments.spoken_moment`."""
    return moments.spoken_moment(at, now=now, zone=zone)


def _speak_phone(found: re.Match[str]) -> str:
    country = {"8": "восемь", "7": "семь", "+7": "плюс семь"}[found["country"]]
    area = found["a"] or found["b"]
    return _speak_groups(country, area + found["c"] + found["d"] + found["e"])


def _speak_groups(first: str, ten: str) -> str:
    groups = (ten[:3], ten[3:6], ten[6:8], ten[8:])
    return ", ".join((first, *(cardinal(group) for group in groups)))


def _speak_money(found: re.Match[str]) -> str:
    whole, part, before = found["whole"], found["part"], found["before"]
    if before:
        words = f"{before} {cardinal(whole, case='g')} {'рубля' if is_one(whole) else 'рублей'}"
    else:
        words = f"{cardinal(whole)} {counted(whole, 'рубль', 'рубля', 'рублей')}"
    if part and int(part):
        coins = str(int(part))
        words += f" {cardinal(coins, gender='f')} {counted(coins, 'копейка', 'копейки', 'копеек')}"
    return words


def _speak_percent(found: re.Match[str]) -> str:
    if found[2]:
        return f"{decimal(found[1], found[2])} процента"
    return f"{cardinal(found[1])} {counted(found[1], 'процент', 'процента', 'процентов')}"


def _speak_ordinal(found: re.Match[str]) -> str:
    if found[2] in ("х", "ые"):
        return cardinal(found[1], case="g") if found[2] == "х" else f"{ordinal(int(found[1]))}е"
    case, gender = _ORDINAL_FORMS[found[2]]
    return ordinal(int(found[1]), case=case, gender=gender)


def _speak_floor(found: re.Match[str]) -> str:
    words = ordinal(int(found["number"]), case=_NOUN_CASES[found["ending"].lower()])
    return f"{words} {found['noun']}{found['ending']}"


def _speak_number(found: re.Match[str]) -> str:
    digits, after, before = found["digits"], found["after"] or "", found["before"]
    preposition = f"{before} " if before else ""
    if len(digits) > _LONGEST_NUMBER and not after.strip().startswith("рубл"):
        return f"{preposition} {one_by_one(digits)} {after}"
    feminine = bool(_FEMININE.match(after.strip().replace("+", "")))
    case = "g" if before else "n"
    if feminine and is_one(digits) and case == "n" and after.endswith(("у", "ю")):
        case = "a"
    return f"{preposition} {cardinal(digits, case=case, gender='f' if feminine else 'm')} {after}"
