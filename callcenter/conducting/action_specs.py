"""What each action of the scripts needs and gives, for the checker. What it does stands in `actions.py`."""

from types import MappingProxyType

from callcenter.dialogue.script import ActionSpec

REGISTER_TICKET = "зарегистрировать заявку"
TICKET_STATUS = "статус заявки"
MARK_DANGER = "отметить опасность"
CHECK_CALLER = "проверить номер звонящего"

READY = "готово"
NO_DATABASE = "нет базы"
NO_TERM = "без срока"
ALREADY = "уже есть"
NOT_FOUND = "не найдена"
KNOWN = "известен"
WITHHELD = "скрыт"

CATEGORY = "категория"
CONTACT = "контакт"
DESCRIPTION = "описание"
DIGITS = "номер"
TICKET_NUMBER = "номер заявки"
TERM = "срок"
STATE = "состояние"

ACTIONS = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            ActionSpec(
                name=REGISTER_TICKET,
                needs=(CATEGORY,),
                may_take=(CONTACT, DESCRIPTION, TICKET_NUMBER),
                gives=MappingProxyType({READY: (TICKET_NUMBER, TERM), ALREADY: (), NO_DATABASE: ()}),
            ),
            ActionSpec(
                name=TICKET_STATUS,
                needs=(DIGITS,),
                gives=MappingProxyType({READY: (STATE, TERM), NO_TERM: (STATE,), NOT_FOUND: (), NO_DATABASE: ()}),
            ),
            ActionSpec(name=MARK_DANGER, needs=(CATEGORY,), gives=MappingProxyType({READY: ()})),
            ActionSpec(name=CHECK_CALLER, needs=(), gives=MappingProxyType({KNOWN: (CONTACT,), WITHHELD: ()})),
        )
    }
)
"""Every action a script may ask for, by its name. `номер заявки`, `срок` and `состояние` are ready to be spoken."""
