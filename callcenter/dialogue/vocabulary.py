"""The words a script is written in, one spelling each; docs/scripts.md explains them to whoever writes scripts."""

from collections.abc import Mapping

SCRIPT, START, WORDS, USUALLY, STEPS = "сценарий", "начать с", "слова", "обычно", "шаги"
DANGERS = "опасные слова"
TELL, ANSWER, ASK, ACT, PUT_THROUGH, GOODBYE = "скажи", "ответ", "спроси", "сделай", "соедини", "попрощайся"
THEN, GIVE_UP, NO_ANSWER = "затем", "сдаться", "нет ответа"
HEAR_OUT, NOTICE, SERVED, DANGER = "дослушать", "уведомление", "готово", "опасность"
ANSWERS, DIGITS, MISSES, SILENCES, WAIT = "ответы", "цифры", "не понял", "молчит", "ждать"
PRESSED, HEARD, REMEMBER = "нажав", "услышав", "запомни"
ALOUD, UNHEARD = "вслух", "не расслышал"
LEAST, MOST = "от", "до"
OUTCOMES = "исходы"
REASON, SAYING = "причина", "сказав"
YES, NO = "да", "нет"
QUESTION = "вопрос"
"""`{вопрос}` in «не понял», «не расслышал» and «молчит» stands for the question itself."""

TOP_WORDS = (SCRIPT, START, WORDS, USUALLY, DANGERS, STEPS)
STEP_WORDS: Mapping[str, tuple[str, ...]] = {
    TELL: (THEN, HEAR_OUT, NOTICE, SERVED),
    ANSWER: (NO_ANSWER, THEN, HEAR_OUT, SERVED),
    ASK: (ALOUD, ANSWERS, DIGITS, MISSES, UNHEARD, SILENCES, GIVE_UP, WAIT, HEAR_OUT),
    ACT: (OUTCOMES, GIVE_UP),
    PUT_THROUGH: (REASON, SAYING, DANGER),
    GOODBYE: (SERVED,),
}
"""The word that makes a step of a kind -> the other words the kind knows."""
ANSWER_WORDS = (PRESSED, HEARD, REMEMBER, THEN)
DANGER_WORDS = (HEARD, REMEMBER, THEN)
DIGITS_WORDS = (LEAST, MOST, REMEMBER, THEN)
USUAL_WORDS = (MISSES, UNHEARD, SILENCES)

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
