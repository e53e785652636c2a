"""Replaces what a Russian voice cannot read: abbreviations, e-mail and web addresses, Latin letters, symbols.

Steps of `spoken.spoken`, which calls them in order.
"""

import re
import unicodedata

from callcenter.wording.stress import drop_stray

_ABBREVIATIONS = {
    "ул": "улица",
    "пр": "проспект",
    "просп": "проспект",
    "пер": "переулок",
    "наб": "набережная",
    "пл": "площадь",
    "ш": "шоссе",
    "д": "дом",
    "корп": "корпус",
    "к": "корпус",
    "стр": "строение",
    "лит": "литера",
    "кв": "квартира",
    "пом": "помещение",
    "каб": "кабинет",
    "оф": "офис",
    "эт": "этаж",
    "под": "подъезд",
    "пар": "парадная",
    "г": "город",
    "тел": "телефон",
    "доб": "добавочный",
    "мин": "минут",
    "сек": "секунд",
    "руб": "рублей",
    "коп": "копеек",
    "п": "пункт",
    "ст": "статья",
    "обл": "область",
    "р-н": "район",
    "л/с": "лицевой счёт",
}
_FIXED_ABBREVIATIONS = {
    "т.е.": "то есть",
    "т.д.": "так далее",
    "т.п.": "тому подобное",
    "т.к.": "так как",
    "др.": "другие",
}
_LETTER_NAMES = {
    "а": "а", "б": "бэ", "в": "вэ", "г": "гэ", "д": "дэ", "е": "е", "ж": "жэ", "з": "зэ", "и": "и", "й": "ий",
    "к": "ка", "л": "эл", "м": "эм", "н": "эн", "о": "о", "п": "пэ", "р": "эр", "с": "эс", "т": "тэ", "у": "у",
    "ф": "эф", "х": "ха", "ц": "цэ", "ч": "че", "ш": "ша", "щ": "ща", "э": "э", "ю": "ю", "я": "я",
}  # fmt: skip
_SPELLED_ACRONYMS = frozenset({"УК", "УО", "АДС", "ОДН", "СОИ", "РСО", "ООО", "АО", "ЕИРЦ"})
_VOWELS = set("АЕЁИОУЫЭЮЯ")
_LATIN_WORDS = {
    "max": "Макс",
    "sms": "эс эм эс",
    "qr": "кью ар",
    "e-mail": "электронная почта",
    "email": "электронная почта",
    "wi-fi": "вай фай",
    "wifi": "вай фай",
    "telegram": "телеграм",
    "whatsapp": "вотсап",
    "app": "приложение",
    "ios": "айос",
    "android": "андроид",
    "ok": "окей",
    "ip": "ай пи",
}
_LATIN_GROUPS = (
    ("shch", "щ"), ("sch", "щ"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч"), ("sh", "ш"), ("yu", "ю"),
    ("ya", "я"), ("yo", "ё"), ("ye", "е"), ("iy", "ий"), ("ck", "к"), ("qu", "кв"), ("ph", "ф"), ("th", "т"),
)  # fmt: skip
_LATIN_LETTERS = {
    "a": "а", "b": "б", "c": "к", "d": "д", "e": "е", "f": "ф", "g": "г", "h": "х", "i": "и", "j": "дж", "k": "к",
    "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "q": "к", "r": "р", "s": "с", "t": "т", "u": "у", "v": "в",
    "w": "в", "x": "кс", "y": "и", "z": "з",
}  # fmt: skip
_WEB_ADDRESS_SYMBOLS = {"@": " собака ", ".": " точка ", "-": " дефис ", "_": " подчёркивание ", "/": " слэш "}
_SYMBOL_NAMES = {
    "№": " номер ",
    "&": " и ",
    "@": " собака ",
    "#": " решётка ",
    "*": " звёздочка ",
    "°": " градусов ",
    "§": " параграф ",
    "%": " процентов ",
    "₽": " рублей ",
    "$": " долларов ",
    "€": " евро ",
    "=": " равно ",
}
_ALLOWED = set(" .,!?;:—-«»()+\n")

_SHORT_PATTERN = re.compile(
    r"(?<![\w.])("
    + "|".join(re.escape(short) for short in sorted(_ABBREVIATIONS, key=len, reverse=True))
    + r")\.(?!\w*@)",
    re.IGNORECASE,
)
_NEED_A_NUMBER = {"д", "к", "стр", "под", "пар", "п", "ст", "мин", "г"}
"""Abbreviations expanded only before a number; «мин» after a number, «г» also before a capital letter."""
_WEB_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?"
    r"(?P<place>[\w.+-]*@?[a-zа-яё0-9-]+(?:\.[a-zа-яё0-9-]+)*\.(?:ru|com|org|net|su|info|рф|online)(?:/[\w./-]*)?)(?!\w)",
    re.IGNORECASE,
)


def expand_abbreviations(text: str) -> str:
    """«ул. Садовая, д. 5, кв. 12» -> «улица Садовая, дом 5, квартира 12»; «ЖКХ» -> «жэ ка ха»."""
    for short, full in _FIXED_ABBREVIATIONS.items():
        text = re.sub(rf"(?<!\w){re.escape(short)}", full, text, flags=re.IGNORECASE)
    text = re.sub(r"(?<!\w)([Вв] (?:19|20)\d\d)\s*г\.(?=\W|$)", r"\1 году", text)
    text = re.sub(r"(?<!\d)((?:19|20)\d\d)\s*г\.(?=\W|$)", r"\1 года", text)
    text = _SHORT_PATTERN.sub(_expand, text)
    text = re.sub(r"(?<=[а-яё])\.(?=[А-ЯЁ])", " ", text)  # «Госуслуги.Дом» is one name.
    return re.sub(r"(?<![А-ЯЁа-яё])[А-ЯЁ]{2,5}(?![А-ЯЁа-яё])", _spell, text)


def _expand(found: re.Match[str]) -> str:
    short = found[1].lower()
    after = found.string[found.end() :].lstrip()
    before = found.string[: found.start()].rstrip()
    if short in _NEED_A_NUMBER:
        measure = short in ("мин",)
        near = before[-1:].isdigit() if measure else (after[:1].isdigit() or (short == "г" and after[:1].isupper()))
        if not near:
            return found[0]
    ends_sentence = not after or (after[:1].isupper() and short in ("руб", "коп", "мин", "сек"))
    return _ABBREVIATIONS[short] + ("." if ends_sentence else "")


def _spell(found: re.Match[str]) -> str:
    word = found[0]
    if word in _SPELLED_ACRONYMS or not _VOWELS & set(word):
        return " ".join(_LETTER_NAMES.get(letter, letter) for letter in word.lower().replace("ё", "е"))
    return word


def speak_net_addresses(text: str) -> str:
    """Spells out the signs and digits of e-mail and web addresses, before transliteration by `speak_latin`.

    `info@bereg.ru` -> `info собака bereg точка ru`.
    """

    def speak(found: re.Match[str]) -> str:
        place = "".join(_WEB_ADDRESS_SYMBOLS.get(sign, sign) for sign in found["place"])
        apart = re.sub(r"([0-9])", r" \1 ", place.replace("+", " плюс "))
        return f" {apart} "

    return _WEB_ADDRESS.sub(speak, text)


def speak_latin(text: str) -> str:
    """Transliterates Latin words: known words by their Russian sound, others letter by letter: «bereg» -> «берег»."""
    text = re.sub(r"[A-Za-z]+-[A-Za-z]+", lambda found: _LATIN_WORDS.get(found[0].lower(), found[0]), text)
    return re.sub(r"[A-Za-z]+", _sound_latin, text)


def _sound_latin(found: re.Match[str]) -> str:
    word = found[0].lower()
    if word in _LATIN_WORDS:
        return _LATIN_WORDS[word]
    for group, sound in _LATIN_GROUPS:
        word = word.replace(group, sound)
    return "".join(_LATIN_LETTERS.get(letter, letter) for letter in word)


def speak_signs(text: str) -> str:
    """Replaces symbols by their names: «№» -> «номер»."""
    return "".join(_SYMBOL_NAMES.get(sign, sign) for sign in text)


def strip_accents(text: str) -> str:
    """Replaces letters and digits by their plain forms: «é» -> e, «²» -> 2, «٣» -> 3; «й», «ё» and «№» stay."""
    plain = []
    for sign in unicodedata.normalize("NFC", text):
        if sign in "йЙёЁ№":
            plain.append(sign)
        elif sign.isdecimal():
            plain.append(str(unicodedata.decimal(sign)))
        else:
            parts = unicodedata.normalize("NFKD", sign)
            plain += [part for part in parts if not unicodedata.combining(part)]
    return "".join(plain)


def drop_unspeakable(text: str) -> str:
    """Drops everything except Russian letters, stress marks and punctuation, and normalizes spaces."""
    kept = "".join(sign if sign in _ALLOWED or "а" <= sign.lower() <= "я" or sign in "ёЁ" else " " for sign in text)
    kept = re.sub(r"\s+", " ", drop_stray(kept))
    return re.sub(r"\s+([,.!?;:»)])", r"\1", kept).strip()
