"""What each action of the scripts needs and gives, for the checker. What it does stands in `actions.py`."""

from types import MappingProxyType

from callcenter.dialogue.script import ActionSpec

REGISTER_TICKET = "зарегистрировать заявку"
TICKET_STATUS = "статус заявки"
MARK_DANGER = "отметить опасность"
CHECK_CALLER = "проверить номер звонящего"
CHECK_ADDRESS = "проверить адрес"
NOTE_ADDRESS = "записать адрес"
FIND_CAUSE = "узнать причину"
CHECK_READING = "проверить показание"
TAKE_READING = "принять показание"

READY = "готово"
NO_DATABASE = "нет базы"
NO_TERM = "без срока"
ALREADY = "уже есть"
NO_ADDRESS = "без адреса"
NOT_FOUND = "не найдена"
KNOWN = "известен"
WITHHELD = "скрыт"
COMPLETE = "полон"
NO_STREET = "нет улицы"
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
LIKELY = "похоже"
LESS = "меньше прежнего"
MUCH = "слишком много"

CATEGORY = "категория"
CONTACT = "контакт"
DESCRIPTION = "описание"
DIGITS = "номер"
TICKET_NUMBER = "номер заявки"
TERM = "срок"
STATE = "состояние"
PLACE = "место"
ADDRESS = "адрес"
ASKED = "спрошено"
TRIES = "попытки"
VARIANTS = "варианты"
CAUSE = "причина"
ACCOUNT = "лицевой счёт"
METER = "счётчик"
READING = "показание"
_ASKING = (PLACE, ASKED, TRIES)

ACTIONS = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            ActionSpec(
                name=REGISTER_TICKET,
                needs=(CATEGORY,),
                may_take=(CONTACT, DESCRIPTION, ADDRESS, TICKET_NUMBER),
                gives=MappingProxyType(
                    {NO_ADDRESS: (TICKET_NUMBER, TERM), READY: (TICKET_NUMBER, TERM), ALREADY: (), NO_DATABASE: ()}
                ),
            ),
            ActionSpec(
                name=TICKET_STATUS,
                needs=(DIGITS,),
                gives=MappingProxyType(
                    {READY: (STATE, TERM), NO_TERM: (STATE,), NOT_FOUND: (), NO_NUMBER: (), NO_DATABASE: ()}
                ),
            ),
            ActionSpec(
                name=CHECK_ADDRESS,
                needs=(PLACE,),
                may_take=(CATEGORY, TRIES),
                gives=MappingProxyType(
                    {
                        COMPLETE: (ADDRESS, *_ASKING),
                        **dict.fromkeys((NO_STREET, NO_HOUSE, NO_FLAT, NO_ENTRANCE, DIFFERS), _ASKING),
                        SEVERAL: (VARIANTS, *_ASKING),
                        STRANGE: (ADDRESS, *_ASKING),
                        ENOUGH: (),
                    }
                ),
            ),
            ActionSpec(name=NOTE_ADDRESS, needs=(PLACE,), gives=MappingProxyType({READY: ()})),
            ActionSpec(
                name=FIND_CAUSE,
                needs=(PLACE, CATEGORY),
                gives=MappingProxyType({CAUSE_KNOWN: (CAUSE,), CAUSE_UNKNOWN: ()}),
            ),
            ActionSpec(
                name=CHECK_READING,
                needs=(ACCOUNT, METER, READING),
                gives=MappingProxyType({LIKELY: (), LESS: (), MUCH: ()}),
            ),
            ActionSpec(name=TAKE_READING, needs=(ACCOUNT, METER, READING), gives=MappingProxyType({READY: ()})),
            ActionSpec(name=MARK_DANGER, needs=(CATEGORY,), gives=MappingProxyType({READY: ()})),
            ActionSpec(name=CHECK_CALLER, needs=(), gives=MappingProxyType({KNOWN: (CONTACT,), WITHHELD: ()})),
        )
    }
)
"""Every action a script may ask for, by its name. `номер заявки`, `срок` and `состояние` are ready to be spoken."""
