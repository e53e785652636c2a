"""Times and dates as Russian words; steps of `spoken.spoken`, and deadlines for prompts."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callcenter.wording.numbers import cardinal, is_one, ordinal

_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_MONTH = "|".join(_MONTHS)
_TIME_OF_DAY = r"(?<![\d:.,])(?P<{0}hour>[01]?\d|2[0-4]):(?P<{0}minute>[0-5]\d)(?![\d:])"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_SUFFIX = "(?:-(?:го|е|ое|му|ого))?"
_GENITIVE = r"с|со|до|после|от|около|ранее|раньше|позже|позднее"

_SPAN = re.compile(
    r"(?:(?<!\w)[Сс]\s+)?" + _TIME_OF_DAY.format("a") + r"\s*(?:до|[-–—])\s*" + _TIME_OF_DAY.format("b"),
)
_ONE_TIME = re.compile(rf"(?:(?<!\w)(?P<preposition>{_GENITIVE}|к|ко)\s+)?" + _TIME_OF_DAY.format(""), re.IGNORECASE)
_FULL_DATE = re.compile(rf"(?<![\d.])({_DAY})\.(0[1-9]|1[0-2])\.((?:19|20)\d\d)(?![\d.]*\d)(?:\s*(?:года|г\.))?")
_ISO_DATE = re.compile(r"(?<![\d-])((?:19|20)\d\d)-(0[1-9]|1[0-2])-(3[01]|[12]\d|0[1-9])(?![\d-])")
_SHORT_DATE = re.compile(r"(?<![\d.,])(3[01]|[12]\d|0[1-9])\.(0[1-9]|1[0-2])(?![\d]|[.,]\d)")
_DAY_SPAN = re.compile(
    rf"(?<!\w)([Сс]о?)\s+({_DAY}){_SUFFIX}\s+(по|до)\s+({_DAY}){_SUFFIX}\s+(число|числа|{_MONTH})(?!\w)",
)
_DAY_DASH = re.compile(rf"(?<![\d.,])({_DAY})\s*[-–—]\s*({_DAY})\s+({_MONTH})(?!\w)")
_DAY_OF_MONTH = re.compile(rf"(?:(?<!\w)(к|по|на)\s+)?(?<![\d.,])({_DAY}){_SUFFIX}\s+({_MONTH})(?!\w)", re.IGNORECASE)
_CASES_BEFORE_DAYS = {"к": "d", "по": "n", "на": "n"}
_DAY_NUMBER = re.compile(rf"(?<![\d.,])({_DAY}){_SUFFIX}\s+(числ(?:о|а|у|ом|е))(?!\w)")
_YEAR = re.compile(r"(?<![\d.,])((?:19|20)\d\d)(?:-(?:й|го|м))?\s+(год|года|году|годом)(?!\w)")
_YEAR_CASES = {"год": "n", "года": "g", "году": "p", "годом": "i"}
_DAY_CASES = {"число": "n", "числа": "g", "числу": "d", "числом": "i", "числе": "p"}


def speak_times(text: str) -> str:
    """«с 9:00 до 18:00» -> «с девяти до восемнадцати»; «18:30» -> «восемнадцать тридцать»."""
    text = _SPAN.sub(_speak_span, text)
    return _ONE_TIME.sub(_speak_time, text)


def speak_dates(text: str) -> str:
    """«24.11.2026» -> «двадцать четвёртого ноября две тысячи двадцать шестого года»; also ISO dates, days and years."""
    text = _ISO_DATE.sub(lambda found: _date(found[3], found[2], found[1]), text)
    text = _FULL_DATE.sub(lambda found: _date(found[1], found[2], found[3]), text)
    text = _SHORT_DATE.sub(lambda found: _date(found[1], found[2], None), text)
    text = _DAY_SPAN.sub(_speak_day_span, text)
    text = _DAY_DASH.sub(
        lambda found: f"{_day(found[1], 'g')} — {_day(found[2], 'g')} {found[3]}",
        text,
    )
    text = _DAY_OF_MONTH.sub(_speak_day_of_month, text)
    text = _DAY_NUMBER.sub(lambda found: f"{_day(found[1], _DAY_CASES[found[2]])} {found[2]}", text)
    return _YEAR.sub(lambda found: f"{ordinal(int(found[1]), case=_YEAR_CASES[found[2]])} {found[2]}", text)


def spoken_moment(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """A deadline as spoken to a caller in time zone `zone`: «сегодня до восемнадцати часов тридцати минут».

    Days other than today and tomorrow are named by their date, with the year if it is not the current year. Seconds are
    dropped, never rounded up. `at` and `now` must be timezone-aware.
    """
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    until = f"до {hours_and_minutes(local.hour, local.minute)}"
    if local.date() == today:
        return f"сегодня {until}"
    if local.date() == today + timedelta(days=1):
        return f"завтра {until}"
    day = f"{ordinal(local.day, case='g', gender='n')} {_MONTHS[local.month - 1]}"
    if local.year != today.year:
        day += f" {ordinal(local.year, case='g')} года"
    return f"{day} {until}"


def hours_and_minutes(hour: int, minute: int) -> str:
    """A time in the genitive, as after «до»: «восемнадцати часов тридцати минут»; without minutes for a full hour."""
    hours = f"{_hour(hour, 'g')} {'часа' if is_one(str(hour)) else 'часов'}"
    if not minute:
        return hours
    minutes = cardinal(str(minute), case="g", gender="f")
    return f"{hours} {minutes} {'минуты' if is_one(str(minute)) else 'минут'}"


def _speak_span(found: re.Match[str]) -> str:
    begin = _bare_genitive(found["ahour"], found["aminute"])
    end = _bare_genitive(found["bhour"], found["bminute"])
    start = "С" if found[0].startswith("С") else "с"
    return f"{start} {begin} до {end}"


def _speak_time(found: re.Match[str]) -> str:
    hour, minute = int(found["hour"]), int(found["minute"])
    preposition = found["preposition"] or ""
    if re.fullmatch(_GENITIVE, preposition.lower()):
        return f"{preposition} {hours_and_minutes(hour, minute)}"
    if preposition:
        hours = f"{preposition} {_hour(hour, 'd')} {'часу' if is_one(str(hour)) else 'часам'}"
        if not minute:
            return hours
        minutes = cardinal(str(minute), case="d", gender="f")
        return f"{hours} {minutes} {'минуте' if is_one(str(minute)) else 'минутам'}"
    words = cardinal(str(hour))
    if not minute:
        last = "час" if is_one(str(hour)) else "часа" if hour % 20 in (2, 3, 4) else "часов"
        return f"{words} {last}"
    return f"{words} {cardinal(found['minute'])}"


def _bare_genitive(hour: str, minute: str) -> str:
    if minute == "00":
        return _hour(int(hour), "g")
    if minute.startswith("0"):
        return hours_and_minutes(int(hour), int(minute))
    return f"{_hour(int(hour), 'g')} {cardinal(minute, case='g')}"


def _hour(hour: int, case: str) -> str:
    if hour == 0:
        return {"g": "нуля", "d": "нулю"}[case]
    return cardinal(str(hour), case=case)


def _day(digits: str, case: str) -> str:
    return ordinal(int(digits), case=case, gender="n")


def _speak_day_of_month(found: re.Match[str]) -> str:
    preposition, day, month = found.groups()
    if preposition is None:
        return f"{_day(day, 'g')} {month}"
    return f"{preposition} {_day(day, _CASES_BEFORE_DAYS[preposition.lower()])} {month}"


def _date(day: str, month: str, year: str | None) -> str:
    words = f"{_day(day, 'g')} {_MONTHS[int(month) - 1]}"
    return f"{words} {ordinal(int(year), case='g')} года" if year else words


def _speak_day_span(found: re.Match[str]) -> str:
    preposition, first, until, last, noun = found.groups()
    case = "n" if until == "по" else "g"
    return f"{preposition} {_day(first, 'g')} {until} {_day(last, case)} {noun}"
