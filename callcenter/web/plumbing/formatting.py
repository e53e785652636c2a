"""How moments, spans, phones and sizes are written on the pages."""

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
    """`1:05`, `1:02:03`. Takes seconds too."""
    seconds = max(0, int(span.total_seconds() if isinstance(span, timedelta) else span))
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"


def spell_wait(span: timedelta) -> str:
    """A span that counts on: `1:05`, `6 ч 05 мин`, `2 дн. 3 ч`. The same as `spell` in clocks.js."""
    seconds = max(0, int(span.total_seconds()))
    hours, minutes = divmod(seconds // 60, 60)
    if hours >= 24:
        return f"{hours // 24} дн. {hours % 24} ч"
    return f"{hours} ч {minutes:02d} мин" if hours else f"{minutes}:{seconds % 60:02d}"


def spell_time(at: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    return at.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def spell_moment(at: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """Today only the time, else the day too, and the year when it is another one."""
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
    """`+7 921 555-01-92`; what is not a number stays as it is."""
    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def spell_size(count: int) -> str:
    """Bytes as `812 КБ`, `1,2 МБ`."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} КБ"
    return f"{count / 1_000_000:.1f} МБ".replace(".", ",")


def choose_form(count: int, one: str, few: str, many: str) -> str:
    """The noun that goes with a number: 1 звонок, 2 звонка, 5 звонков."""
    if count % 10 == 1 and count % 100 != 11:
        return one
    if count % 10 in {2, 3, 4} and count % 100 not in {12, 13, 14}:
        return few
    return many
