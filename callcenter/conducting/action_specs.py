"""The arguments, outcomes and facts of each script action, for the script checker. `actions.py` implements them."""

from types import MappingProxyType

from callcenter.dialogue.scripts.script import ActionSpec

REGISTER_TICKET = "зарегистрировать заявку"
TICKET_STATUS = "статус заявки"
MARK_DANGER = "отметить опасность"
CHECK_CALLER = "проверить номер звонящего"
CHECK_ADDRESS = "проверить адрес"
NOTE_ADDRESS = "записать адрес"
FIND_CAUSE = "узнать причину"
CHECK_READING = "проверить показание"
TAKE_READING = "принять показание"
CHOOSE_READING_STEP = "разобрать показания"
NEXT_TROUBLE = "следующая неисправность"
SKIP_ADDRESS_PART = "обойтись без части"
FIND_ARTICLE_TICKET = "заявка по справке"
RECALL_TICKET = "вспомнить заявку"
CHECK_HOUSE_OWNERSHIP = "чей дом"

READY = "готово"
NO_DATABASE = "нет базы"
NO_TERM = "без срока"
ALREADY = "уже есть"
NO_ADDRESS = "без адреса"
NOT_FOUND = "не найдена"
KNOWN = "известен"
WITHHELD = "скрыт"
COMPLETE = "полон"
NOTHING_SAID = "нет адреса"
NO_PLACE = "нет улицы и дома"
NO_STREET = "нет улицы"
GUESSED = "догадка"
NO_HOUSE = "нет дома"
NO_FLAT = "нет квартиры"
NO_ENTRANCE = "нет парадной"
SEVERAL = "несколько"
CONTRADICTS_LIST = "не сходится"
NOT_OURS = "не наш"
TOO_MANY_TRIES = "не выходит"
CAUSE_UNKNOWN = "неизвестна"
CAUSE_KNOWN = "известна"
NO_NUMBER = "нет номера"
BY_PHONE = "по телефону"
OVERDUE = "просрочена"
UNFINISHED = "не весь"
NEXT_FOUND = "есть"
NONE_LEFT = "нет"
MORE_TO_ANSWER = "справка"
NEEDED = "нужна"
OURS = "наш"
UNCERTAIN = "неясно"
NO_ACCOUNT = "нет счёта"
NOT_NAMED = "не названы"
NAMED = "названы"
LIKELY = "похоже"
DOUBTFUL = "сомнительно"

CATEGORY = "категория"
CONTACT = "контакт"
DESCRIPTION = "описание"
DIGITS = "номер"
TICKET_NUMBER = "номер заявки"
TERM = "срок"
STATE = "состояние"
PLACE = "место"
NAMED_HOUSE = "названный дом"
ADDRESS = "адрес"
ASKED = "спрошено"
TRIES = "попытки"
VARIANTS = "варианты"
CAUSE = "причина"
TROUBLE = "неисправность"
MORE = "ещё"
ARTICLE = "справка"
BY_ARTICLE = "по справке"
TICKETS = "заявки"
ADDRESS_QUESTION = "вопрос об адресе"
ACCOUNT = "лицевой счёт"
SPOKEN_ACCOUNT = "счёт"
METER = "счётчик"
READING = "показание"
READINGS = "показания"
DOUBT = "сомнение"
_ASKING = (PLACE, ASKED, TRIES)
_CHECKED = (READINGS, SPOKEN_ACCOUNT, METER, READING)

ACTIONS = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            ActionSpec(
                name=REGISTER_TICKET,
                needs=(CATEGORY,),
                may_take=(CONTACT, DESCRIPTION, ADDRESS, TICKET_NUMBER),
                gives=MappingProxyType(
                    {
                        **dict.fromkeys((NO_ADDRESS, READY, ALREADY), (TICKET_NUMBER, TERM)),
                        NO_DATABASE: (),
                    }
                ),
            ),
            ActionSpec(
                name=NEXT_TROUBLE,
                needs=(),
                may_take=(MORE,),
                gives=MappingProxyType(
                    {
                        NONE_LEFT: (MORE, DESCRIPTION),  # the first outcome: a call by keys reports only one trouble
                        NEXT_FOUND: (CATEGORY, TROUBLE, MORE),
                        MORE_TO_ANSWER: (ARTICLE, MORE),
                    }
                ),
            ),
            ActionSpec(
                name=FIND_ARTICLE_TICKET,
                needs=(),
                may_take=(BY_ARTICLE,),
                gives=MappingProxyType({NEXT_FOUND: (CATEGORY, TROUBLE, DESCRIPTION, BY_ARTICLE), NONE_LEFT: ()}),
            ),
            ActionSpec(
                name=RECALL_TICKET,
                needs=(),
                may_take=(TICKET_NUMBER, TERM),
                gives=MappingProxyType({NEXT_FOUND: (TICKET_NUMBER, TERM), NONE_LEFT: ()}),
            ),
            ActionSpec(
                name=SKIP_ADDRESS_PART,
                needs=(),
                may_take=(PLACE, ASKED),
                gives=MappingProxyType({READY: (PLACE,), NEEDED: ()}),
            ),
            ActionSpec(
                name=TICKET_STATUS,
                needs=(DIGITS,),
                may_take=(TICKETS,),
                gives=MappingProxyType(
                    {
                        READY: (STATE, TERM),
                        NO_TERM: (STATE,),
                        NOT_FOUND: (),
                        NO_NUMBER: (),
                        NO_DATABASE: (),
                        BY_PHONE: (TICKETS,),
                        OVERDUE: (TICKETS,),
                    }
                ),
            ),
            ActionSpec(
                name=CHECK_ADDRESS,
                needs=(),
                may_take=(PLACE, CATEGORY, ASKED, TRIES),
                gives=MappingProxyType(
                    {
                        COMPLETE: (ADDRESS, *_ASKING),
                        **dict.fromkeys((NOTHING_SAID, NO_PLACE, NO_STREET, NO_HOUSE, NO_FLAT, NO_ENTRANCE), _ASKING),
                        **dict.fromkeys((GUESSED, CONTRADICTS_LIST), (ADDRESS_QUESTION, *_ASKING)),
                        SEVERAL: (VARIANTS, *_ASKING),
                        NOT_OURS: (ADDRESS, *_ASKING),
                        TOO_MANY_TRIES: (),
                    }
                ),
            ),
            ActionSpec(
                name=NOTE_ADDRESS,
                needs=(),
                may_take=(PLACE, TRIES),
                gives=MappingProxyType(
                    {COMPLETE: (ADDRESS, *_ASKING), UNFINISHED: (ADDRESS_QUESTION, *_ASKING), TOO_MANY_TRIES: ()}
                ),
            ),
            ActionSpec(
                name=CHECK_HOUSE_OWNERSHIP,
                needs=(NAMED_HOUSE,),
                may_take=(PLACE,),
                gives=MappingProxyType({OURS: (ADDRESS, PLACE), NOT_OURS: (), UNCERTAIN: ()}),
            ),
            ActionSpec(
                name=FIND_CAUSE,
                needs=(PLACE, CATEGORY),
                may_take=(CAUSE,),
                gives=MappingProxyType({CAUSE_KNOWN: (CAUSE,), CAUSE_UNKNOWN: ()}),
            ),
            ActionSpec(
                name=CHOOSE_READING_STEP,
                needs=(),
                may_take=(ACCOUNT, READINGS),
                gives=MappingProxyType({NO_ACCOUNT: (), NOT_NAMED: (ACCOUNT,), NAMED: (ACCOUNT,)}),
            ),
            ActionSpec(
                name=CHECK_READING,
                needs=(ACCOUNT,),
                may_take=(METER, READING, READINGS),
                gives=MappingProxyType(
                    {LIKELY: _CHECKED, DOUBTFUL: (DOUBT, *_CHECKED), NOT_NAMED: (), SEVERAL: ()},
                ),
            ),
            ActionSpec(name=TAKE_READING, needs=(ACCOUNT, READINGS), gives=MappingProxyType({READY: (READINGS,)})),
            ActionSpec(name=MARK_DANGER, needs=(CATEGORY,), gives=MappingProxyType({READY: ()})),
            ActionSpec(name=CHECK_CALLER, needs=(), gives=MappingProxyType({KNOWN: (CONTACT,), WITHHELD: ()})),
        )
    }
)
"""Every action by name. The facts `номер заявки`, `срок` and `состояние` are ready to be spoken."""
