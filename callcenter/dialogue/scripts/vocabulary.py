"""The words a script is written in, one spelling each; docs/scripts.md explains them to whoever writes scripts."""

from collections.abc import Mapping

SCRIPT, START, WORDS, USUALLY, STEPS = "сценарий", "начать с", "слова", "обычно", "шаги"
DANGERS = "опасные слова"
COMMON, AS_IN = "общие ответы", "как в"
ANYTIME = "на любой вопрос"
TELL, ANSWER, ASK, ACT, PUT_THROUGH, GOODBYE = "скажи", "ответ", "спроси", "сделай", "соедини", "попрощайся"
THEN, GIVE_UP, NO_ANSWER = "затем", "сдаться", "нет ответа"
HEAR_OUT, NOTICE, SERVED, DANGER = "дослушать", "уведомление", "готово", "опасность"
ANSWERS, DIGITS, MISSES, SILENCES, WAIT = "ответы", "цифры", "не понял", "молчит", "ждать"
PRESSED, HEARD, UNDERSTOOD, REMEMBER = "нажав", "услышав", "поняв", "запомни"
ALOUD, UNHEARD, ONLY_ALOUD = "вслух", "не расслышал", "только вслух"
LEFT = "ушёл"
LEAST, MOST = "от", "до"
OUTCOMES = "исходы"
REASON, SAYING, FAILED = "причина", "сказав", "сбой"
YES, NO = "да", "нет"
QUESTION = "вопрос"
"""`{вопрос}` in «не понял», «не расслышал» and «молчит» stands for the question itself."""

AGAIN, HOLD, REPLY = "повтори", "подожди", "ответь"

TOP_WORDS = (SCRIPT, START, WORDS, USUALLY, DANGERS, COMMON, ANYTIME, STEPS)
STEP_WORDS: Mapping[str, tuple[str, ...]] = {
    TELL: (THEN, HEAR_OUT, NOTICE, SERVED),
    ANSWER: (NO_ANSWER, THEN, HEAR_OUT, SERVED),
    ASK: (ALOUD, ONLY_ALOUD, ANSWERS, DIGITS, MISSES, UNHEARD, SILENCES, LEFT, GIVE_UP, WAIT, HEAR_OUT),
    ACT: (OUTCOMES, GIVE_UP),
    PUT_THROUGH: (REASON, MISSES, SILENCES, FAILED, SAYING, DANGER),
    GOODBYE: (SERVED,),
}
"""The word that makes a step of a kind -> the other words the kind knows."""
ANSWER_WORDS = (PRESSED, HEARD, UNDERSTOOD, REMEMBER, THEN)
ASIDE_WORDS = (HEARD, UNDERSTOOD, AGAIN, HOLD, SAYING, REPLY, THEN)
DANGER_WORDS = (HEARD, UNDERSTOOD, REMEMBER, THEN)
DIGITS_WORDS = (LEAST, MOST, REMEMBER, THEN)
USUAL_WORDS = (MISSES, UNHEARD, SILENCES)

CATEGORY, TROUBLE, PLACE, DESCRIPTION = "категория", "неисправность", "место", "описание"
ARTICLE, NUMBER = "справка", "номер"
CONTACT, ACCOUNT, READING = "контакт", "лицевой счёт", "показание"
NAMED_HOUSE = "названный дом"
"""The address of a house that was asked about, as `место`; nobody may have a trouble there."""
MORE = "ещё"
"""What else was told in the same breath, categories and articles: «ICOM_FAULT, KB08»; empty for none."""
BY_ARTICLE = "по справке"
"""The category of the ticket that whoever asked for an article may want next; empty for none."""
READINGS = "показания"
"""Every reading said so far: «холодная вода 212, горячая вода 103»."""
ASKED = "спрошено"
"""The part of an address that was just asked for: a bare number is that."""
GUESS = "guess"
"""What `спрошено` holds instead once the only house that fits was proposed: a yes takes it."""
_REPORT = (CATEGORY, TROUBLE, PLACE, DESCRIPTION, MORE)
DANGER_MEANING = "опасность"
PERSON, CONFIRMED, DENIED, STORY = "человек", "да", "нет", "рассказ"
ADDRESS = "адрес"
NUMBER_AGAIN = "номер ещё раз"
REMARKS = (NUMBER_AGAIN, "перезвонить", "кто вы", "запись", "цена", "не знает", "вопрос")
"""Meanings that a few words of `remarks.toml` have."""
ENOUGH, GRATITUDE, WISH = "хватит", "благодарность", "пожелание"
NO_LIGHT, NOT_OURS, OURS, CANCEL = "нет света", "связь", "наш ли дом", "отмена"
PAID, PRICE = "платная услуга", "цена услуги"

MEANINGS: Mapping[str, tuple[str, ...]] = {
    NO_LIGHT: _REPORT,
    NOT_OURS: _REPORT,
    TROUBLE: _REPORT,
    "отключение": _REPORT,
    PRICE: (*_REPORT, BY_ARTICLE),
    PAID: _REPORT,
    "жалоба": _REPORT,
    ARTICLE: (ARTICLE, MORE, BY_ARTICLE),
    OURS: (NAMED_HOUSE,),
    "статус": (NUMBER,),
    "показания": (READINGS, ACCOUNT),
    "показания названы": (READINGS,),
    CANCEL: (MORE,),
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
"""What «поняв» may name -> the facts it gives. `место` holds the address said so far, perhaps nothing of it."""
FACTS_OF_MEANING: Mapping[str, tuple[str, ...]] = {**MEANINGS, DANGER_MEANING: (CATEGORY,)}
"""The same, with the one of «опасные слова»."""
CLOSED_MEANINGS = frozenset({PERSON, CONFIRMED, DENIED})
"""Meanings with few words of their own: a recogniser can be told to expect them."""

QUEUES = ("диспетчеры",)
"""The queues a caller may be put through to."""

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
"""How a prompt names the keys."""

HEARING_WORDS = ("скажите", "назовите", "произнесите", "продиктуйте", "говорите", "ответьте голосом")
"""A prompt with one of these promises an ear."""
