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
SORT_READINGS = "разобрать показания"
NEXT_TROUBLE = "следующая неисправность"
DO_WITHOUT = "обойтись без части"
TICKET_OF_ARTICLE = "заявка по справке"
RECALL_TICKET = "вспомнить заявку"
WHOSE_HOUSE = "чей дом"

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
DIFFERS = "не сходится"
STRANGE = "не наш"
ENOUGH = "не выходит"
CAUSE_UNKNOWN = "неизвестна"
CAUSE_KNOWN = "известна"
NO_NUMBER = "нет номера"
BY_PHONE = "по телефону"
OVERDUE = "просрочена"
UNFINISHED = "не весь"
MORE_TO_TELL = "есть"
ALL_TOLD = "нет"
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
                        ALL_TOLD: (MORE, DESCRIPTION),  # the first outcome: a call by keys reports only one trouble
                        MORE_TO_TELL: (CATEGORY, TROUBLE, MORE),
                        MORE_TO_ANSWER: (ARTICLE, MORE),
                    }
                ),
            ),
            ActionSpec(
                name=TICKET_OF_ARTICLE,
                needs=(),
                may_take=(BY_ARTICLE,),
                gives=MappingProxyType({MORE_TO_TELL: (CATEGORY, TROUBLE, DESCRIPTION, BY_ARTICLE), ALL_TOLD: ()}),
            ),
            ActionSpec(
                name=RECALL_TICKET,
                needs=(),
                may_take=(TICKET_NUMBER, TERM),
                gives=MappingProxyType({MORE_TO_TELL: (TICKET_NUMBER, TERM), ALL_TOLD: ()}),
            ),
            ActionSpec(
                name=DO_WITHOUT,
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
                        **dict.fromkeys((GUESSED, DIFFERS), (ADDRESS_QUESTION, *_ASKING)),
                        SEVERAL: (VARIANTS, *_ASKING),
                        STRANGE: (ADDRESS, *_ASKING),
                        ENOUGH: (),
                    }
                ),
            ),
            ActionSpec(
                name=NOTE_ADDRESS,
                needs=(),
                may_take=(PLACE, TRIES),
                gives=MappingProxyType(
                    {COMPLETE: (ADDRESS, *_ASKING), UNFINISHED: (ADDRESS_QUESTION, *_ASKING), ENOUGH: ()}
                ),
            ),
            ActionSpec(
                name=WHOSE_HOUSE,
                needs=(NAMED_HOUSE,),
                may_take=(PLACE,),
                gives=MappingProxyType({OURS: (ADDRESS, PLACE), STRANGE: (), UNCERTAIN: ()}),
            ),
            ActionSpec(
                name=FIND_CAUSE,
                needs=(PLACE, CATEGORY),
                may_take=(CAUSE,),
                gives=MappingProxyType({CAUSE_KNOWN: (CAUSE,), CAUSE_UNKNOWN: ()}),
            ),
            ActionSpec(
                name=SORT_READINGS,
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
