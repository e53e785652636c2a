"""The keywords, facts and meanings of the script language, one spelling each; docs/scripts.md explains them."""

from collections.abc import Mapping

SCRIPT, START, WORDS, DEFAULTS, STEPS = "сценарий", "начать с", "слова", "обычно", "шаги"
DANGERS = "опасные слова"
SHARED_ANSWERS, INCLUDE = "общие ответы", "как в"
ANYTIME = "на любой вопрос"
TELL, ANSWER, ASK, ACT, PUT_THROUGH, GOODBYE = "скажи", "ответ", "спроси", "сделай", "соедини", "попрощайся"
THEN, GIVE_UP, NO_ANSWER = "затем", "сдаться", "нет ответа"
UNINTERRUPTED, NOTICE, SERVED, DANGER = "дослушать", "уведомление", "готово", "опасность"
ANSWERS, DIGITS, MISSES, SILENCES, WAIT = "ответы", "цифры", "не понял", "молчит", "ждать"
PRESSED, HEARD, UNDERSTOOD, REMEMBER = "нажав", "услышав", "поняв", "запомни"
SPEECH_PROMPT, NO_MATCH_SPEECH, ONLY_ALOUD = "вслух", "не расслышал", "только вслух"
NO_INPUT_TARGET = "ушёл"
LEAST, MOST = "от", "до"
OUTCOMES = "исходы"
REASON, SAYING, FAILED = "причина", "сказав", "сбой"
YES, NO = "да", "нет"
QUESTION = "вопрос"
"""`{вопрос}` in «не понял», «не расслышал» and «молчит» is replaced by the question."""

AGAIN, HOLD, REPLY = "повтори", "подожди", "ответь"

TOP_WORDS = (SCRIPT, START, WORDS, DEFAULTS, DANGERS, SHARED_ANSWERS, ANYTIME, STEPS)
STEP_WORDS: Mapping[str, tuple[str, ...]] = {
    TELL: (THEN, UNINTERRUPTED, NOTICE, SERVED),
    ANSWER: (NO_ANSWER, THEN, UNINTERRUPTED, SERVED),
    ASK: (
        SPEECH_PROMPT,
        ONLY_ALOUD,
        ANSWERS,
        DIGITS,
        MISSES,
        NO_MATCH_SPEECH,
        SILENCES,
        NO_INPUT_TARGET,
        GIVE_UP,
        WAIT,
        UNINTERRUPTED,
    ),
    ACT: (OUTCOMES, GIVE_UP),
    PUT_THROUGH: (REASON, MISSES, SILENCES, FAILED, SAYING, DANGER),
    GOODBYE: (SERVED,),
}
"""Key that determines the kind of a step -> the other keys of that kind."""
ANSWER_WORDS = (PRESSED, HEARD, UNDERSTOOD, REMEMBER, THEN)
ASIDE_WORDS = (HEARD, UNDERSTOOD, AGAIN, HOLD, SAYING, REPLY, THEN)
DANGER_WORDS = (HEARD, UNDERSTOOD, REMEMBER, THEN)
DIGITS_WORDS = (LEAST, MOST, REMEMBER, THEN)
USUAL_WORDS = (MISSES, NO_MATCH_SPEECH, SILENCES)

CATEGORY, TROUBLE, PLACE, DESCRIPTION = "категория", "неисправность", "место", "описание"
ARTICLE, NUMBER = "справка", "номер"
CONTACT, ACCOUNT, READING = "контакт", "лицевой счёт", "показание"
NAMED_HOUSE = "названный дом"
"""The address of a house that the caller asked about, in the format of `место`; no trouble need be there."""
PENDING_ITEMS = "ещё"
"""Other troubles and questions not handled yet, as category codes and article ids: «ICOM_FAULT, KB08»; may be empty."""
BY_ARTICLE = "по справке"
"""The category of the ticket that a caller who asked for an article may want next; empty for none."""
READINGS = "показания"
"""Every meter reading told so far: «холодная вода 212, горячая вода 103»."""
ASKED_PART = "спрошено"
"""The part of the address that the robot has just asked for: a bare number in the reply is that part."""
STREET_GUESS = "guess"
"""Value of `спрошено` after the robot proposed the only house that fits; a «да» of the caller confirms it."""
_REPORT = (CATEGORY, TROUBLE, PLACE, DESCRIPTION, PENDING_ITEMS)
DANGER_MEANING = "опасность"
PERSON, CONFIRMED, DENIED, STORY = "человек", "да", "нет", "рассказ"
ADDRESS = "адрес"
NUMBER_AGAIN = "номер ещё раз"
REMARKS = (NUMBER_AGAIN, "перезвонить", "кто вы", "запись", "цена", "не знает", "вопрос")
"""Meanings recognized by the short phrases of `interpretation/remarks.toml`."""
ENOUGH, GRATITUDE, WISH = "хватит", "благодарность", "пожелание"
NO_LIGHT, OTHER_PROVIDER, ASKS_IF_OUR_HOUSE, CANCEL = "нет света", "связь", "наш ли дом", "отмена"
PAID, PRICE = "платная услуга", "цена услуги"

MEANINGS: Mapping[str, tuple[str, ...]] = {
    NO_LIGHT: _REPORT,
    OTHER_PROVIDER: _REPORT,
    TROUBLE: _REPORT,
    "отключение": _REPORT,
    PRICE: (*_REPORT, BY_ARTICLE),
    PAID: _REPORT,
    "жалоба": _REPORT,
    ARTICLE: (ARTICLE, PENDING_ITEMS, BY_ARTICLE),
    ASKS_IF_OUR_HOUSE: (NAMED_HOUSE,),
    "статус": (NUMBER,),
    "показания": (READINGS, ACCOUNT),
    "показания названы": (READINGS,),
    CANCEL: (PENDING_ITEMS,),
    PERSON: (),
    "не туда": (),
    ADDRESS: (PLACE,),
    CONFIRMED: (),
    DENIED: (),
    ENOUGH: (),
    GRATITUDE: (),
    WISH: (DESCRIPTION,),
    **dict.fromkeys(REMARKS, ()),
    STORY: (DESCRIPTION,),
}
"""Meaning that «поняв» may name -> the facts it gives. `место` is the address told so far and may be empty."""
FACTS_OF_MEANING: Mapping[str, tuple[str, ...]] = {**MEANINGS, DANGER_MEANING: (CATEGORY,)}
"""MEANINGS, and the meaning of «опасные слова»."""
CLOSED_MEANINGS = frozenset({PERSON, CONFIRMED, DENIED})
"""Meanings expressed by few words. A question with no other meanings lets the recognizer expect only those words."""

QUEUES = ("диспетчеры",)
"""The queues that «соедини» may name."""

KEY_NAMES: Mapping[str, str] = {
    "ноль": "0",
    "один": "1",
    "два": "2",
    "три": "3",
    "четыре": "4",
    "пять": "5",
    "шесть": "6",
    "семь": "7",
    "восемь": "8",
    "девять": "9",
    "звёздочку": "*",
    "звездочку": "*",
    "решётку": "#",
    "решетку": "#",
}
"""Word of a prompt -> the DTMF key that it names."""

SPEECH_REQUEST_WORDS = ("скажите", "назовите", "произнесите", "продиктуйте", "говорите", "ответьте голосом")
"""Words by which a prompt asks the caller to speak (IVR309)."""
