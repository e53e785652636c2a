"""Numbers as Russian words. Cases and genders as in num2words: n, g, d, a, i, p (nominative, genitive, dative,
accusative, instrumental, prepositional) and m, f, n."""

from num2words import num2words

_DIGITS = ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять")
_FRACTIONS = {1: ("десятая", "десятых"), 2: ("сотая", "сотых"), 3: ("тысячная", "тысячных")}
_LONGEST_CARDINAL = 12
"""Most digits of a number read as a whole."""


def cardinal(digits: str, *, case: str = "n", gender: str = "m") -> str:
    """`21`, feminine -> «двадцать одна». Leading zeros, and numbers of more than 12 digits, are read digit by digit.

    Raises ValueError when `digits` is not a row of ASCII digits.
    """
    if not digits.isdecimal() or not digits.isascii():
        raise ValueError(f"not a number: {digits!r}")
    if len(digits) > _LONGEST_CARDINAL:
        return one_by_one(digits)
    zeros = len(digits) - len(digits.lstrip("0"))
    if zeros == len(digits):
        zeros -= 1
    words = ["ноль"] * zeros + [str(num2words(int(digits), lang="ru", case=case, gender=gender))]
    return " ".join(words)


def ordinal(number: int, *, case: str = "n", gender: str = "m") -> str:
    """`25`, genitive -> «двадцать пятого»."""
    return str(num2words(number, lang="ru", to="ordinal", case=case, gender=gender))


def one_by_one(digits: str, *, group: int = 3) -> str:
    """`0123` -> «ноль один два, три»: digit by digit, with a comma (a pause) after every `group` digits."""
    words = [_DIGITS[int(digit)] for digit in digits]
    return ", ".join(" ".join(words[start : start + group]) for start in range(0, len(words), group))


def decimal(whole: str, part: str) -> str:
    """`0`, `15` -> «ноль целых пятнадцать сотых»; more than three decimal places are read digit by digit."""
    if len(part) not in _FRACTIONS:
        return f"{cardinal(whole)} запятая {one_by_one(part)}"
    one, many = _FRACTIONS[len(part)]
    singular = is_one(part)
    whole_word = "целая" if is_one(whole) else "целых"
    parts = cardinal(str(int(part)), gender="f")
    return f"{cardinal(whole, gender='f')} {whole_word} {parts} {one if singular else many}"


def is_one(digits: str) -> bool:
    """Whether the number takes a singular noun: 1, 21, 101, but not 11."""
    return int(digits[-2:]) % 10 == 1 and int(digits[-2:]) != 11


def counted(digits: str, one: str, few: str, many: str) -> str:
    """The form of a noun after a number in the nominative: 1 рубль (`one`), 2 рубля (`few`), 5 рублей (`many`)."""
    if is_one(digits):
        return one
    last = int(digits[-2:])
    return few if last % 10 in (2, 3, 4) and last not in (12, 13, 14) else many
