"""Formats of times, durations, phone numbers and sizes on the pages; used as Jinja2 filters."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers

_MONTHS = (
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
)


def spell_span(span: timedelta | float) -> str:
    """Formats a duration, a timedelta or seconds: `1:05`, `1:02:03`. A negative one is `0:00`."""
    seconds = max(0, int(span.total_seconds() if isinstance(span, timedelta) else span))
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"


def spell_wait(span: timedelta) -> str:
    """Formats a running duration: `1:05`, `6 ч 05 мин`, `2 дн. 3 ч`. Must agree with `spell` in clocks.js."""
    seconds = max(0, int(span.total_seconds()))
    hours, minutes = divmod(seconds // 60, 60)
    if hours >= 24:
        return f"{hours // 24} дн. {hours % 24} ч"
    return f"{hours} ч {minutes:02d} мин" if hours else f"{minutes}:{seconds % 60:02d}"


def spell_time(at: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    return at.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def spell_moment(at: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """Formats a moment: `14:05` today, `3 мая, 14:05` on another day, `3 мая 2025, 14:05` in another year."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    time = local.strftime("%H:%M")
    if local.date() == today.date():
        return time
    day = f"{local.day} {_MONTHS[local.month - 1]}"
    return f"{day}, {time}" if local.year == today.year else f"{day} {local.year}, {time}"


def spell_full_moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M:%S}"


def spell_phone(number: str | None) -> str:
    """Formats an E.164 number: `+7 921 555-01-92`. Any other text is returned unchanged, None as an empty string."""
    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def spell_size(count: int) -> str:
    """Formats a number of bytes, with 1000 bytes in a kilobyte: `812 КБ`, `1,2 МБ`."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} КБ"
    return f"{count / 1_000_000:.1f} МБ".replace(".", ",")


def choose_form(count: int, one: str, few: str, many: str) -> str:
    """Chooses the plural form of a Russian noun: 1 звонок, 2 звонка, 5 звонков."""
    if count % 10 == 1 and count % 100 != 11:
        return one
    if count % 10 in {2, 3, 4} and count % 100 not in {12, 13, 14}:
        return few
    return many
