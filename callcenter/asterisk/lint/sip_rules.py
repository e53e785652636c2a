"""Lint rules for pjsip.conf: endpoints, their identification, passwords and contacts, the provider's addresses."""

import re
from collections.abc import Iterator
from ipaddress import ip_network

from callcenter.asterisk.lint.configuration_parser import Configuration, Section
from callcenter.asterisk.lint.dialplan import Dialplan
from callcenter.asterisk.lint.dialplan_rules import INSIDE, longest_wait
from callcenter.core.problems import Problem
from callcenter.intake.log_events import DOORS

FILE = "pjsip.conf"
TRUNK_DOOR, RESIDENT_DOOR = DOORS
SHORTEST_PASSWORD = 12
_WIDEST_NETWORK = 16
"""Shortest prefix length of a network by which a provider is identified."""
_BUFFER = "JITTERBUFFER("
_ORDER = {"username", "ip"}
"""Accepted ways to identify an endpoint: other SIP headers can be forged, and `anonymous` admits everyone."""
_TYPES = {"global", "transport", "endpoint", "aor", "auth", "identify", "registration"}


def check_sip(configuration: Configuration, dialplan: Dialplan, *, production: bool) -> Iterator[Problem]:
    """Yields the problems of pjsip.conf (AST201-AST214)."""
    endpoints = configuration.typed("endpoint")
    inbound = {name for one in endpoints for name in one.words("auth")}
    yield from _check_global(configuration)
    for section in configuration.of(FILE):
        if not section.template and section.value("type") not in _TYPES:
            message = f"[{section.name}]: type={section.value('type')} центру не нужен; удалите"
            yield section.problem("AST213", message, key="type")
    for endpoint in endpoints:
        yield from _check_door(endpoint, dialplan, production=production)
        yield from _check_identity(endpoint, configuration)
        yield from _check_manners(endpoint, wait=longest_wait(dialplan))
        yield from _check_name(endpoint, dialplan)
    for identify in configuration.typed("identify"):
        yield from _check_identify(identify)
    for aor in configuration.typed("aor"):
        yield from _check_aor(aor, endpoints)
    for auth in configuration.typed("auth"):
        if auth.name in inbound:
            yield from check_password(auth, "password", auth.value("username"))


def check_password(section: Section, key: str, user: str) -> Iterator[Problem]:
    """Yields AST207 for a weak or missing password, which a SIP scanner could guess.

    Weak is: shorter than SHORTEST_PASSWORD, digits only, fewer than 6 different characters, or containing `user`.
    """
    password = section.value(key)
    complaint = ""
    if len(password) < SHORTEST_PASSWORD:
        complaint = f"короче {SHORTEST_PASSWORD} знаков"
    elif password.isdigit() or len(set(password)) < 6:
        complaint = "угадывается перебором"
    elif user and user.lower() in password.lower():
        complaint = "повторяет имя"
    if complaint:
        message = f"пароль [{section.name}] {complaint}; удалите его из secrets.toml, и при запуске появится новый"
        yield section.problem("AST207", message, key=key)


def _check_global(configuration: Configuration) -> Iterator[Problem]:
    section = next(iter(configuration.typed("global")), configuration.one(FILE, "global"))
    extra = set(section.words("endpoint_identifier_order")) ^ _ORDER
    if extra:
        message = "endpoint_identifier_order должен быть username,ip: по заголовку или анонимно не узнают никого"
        yield section.problem("AST203", message, key="endpoint_identifier_order")


def _check_door(endpoint: Section, dialplan: Dialplan, *, production: bool) -> Iterator[Problem]:
    context = endpoint.value("context", "default")
    if endpoint.name == "anonymous":
        yield endpoint.problem("AST202", "«anonymous» пускает кого угодно; удалите")
    if context not in (*DOORS, INSIDE) or context not in dialplan.contexts:
        known = ", ".join((*DOORS, INSIDE))
        message = f"[{endpoint.name}] входит в «{context}»; дверей только три: {known}, и дверь есть в extensions.conf"
        yield endpoint.problem("AST201", message, key="context")
    if production and context == RESIDENT_DOOR:
        message = f"[{endpoint.name}] — тестовый житель, в рабочем центре его не бывает; удалите"
        yield endpoint.problem("AST209", message)


def _check_identity(endpoint: Section, configuration: Configuration) -> Iterator[Problem]:
    known_by = set(endpoint.words("identify_by"))
    if known_by == {"ip"}:
        if endpoint.value("context") != TRUNK_DOOR:
            message = f"[{endpoint.name}] узнан по одному адресу, а он не линия оператора; нужны имя и пароль"
            yield endpoint.problem("AST204", message, key="identify_by")
        return
    if known_by != {"username"}:
        message = (
            f"[{endpoint.name}] узнаётся по «{endpoint.value('identify_by', 'username,ip')}»; напишите identify_by=ip "
            "линии и identify_by=username телефону: заголовки пишет кто угодно"
        )
        yield endpoint.problem("AST203", message, key="identify_by")
        return
    auths = {one.name for one in configuration.typed("auth")}
    if not endpoint.words("auth") or not set(endpoint.words("auth")) <= auths:
        yield endpoint.problem("AST204", f"у [{endpoint.name}] нет пароля; добавьте auth", key="auth")


def _check_manners(endpoint: Section, *, wait: int) -> Iterator[Problem]:
    if endpoint.value("allow_transfer", "yes") != "no":
        message = f"[{endpoint.name}] может перевести вызов куда угодно; напишите allow_transfer=no"
        yield endpoint.problem("AST205", message, key="allow_transfer")
    if endpoint.value("allow_subscribe", "yes") != "no":
        message = f"[{endpoint.name}] может следить за телефонами; напишите allow_subscribe=no"
        yield endpoint.problem("AST205", message, key="allow_subscribe")
    if endpoint.value("direct_media", "yes") != "no":
        message = f"звук [{endpoint.name}] пойдёт мимо нас и не запишется; напишите direct_media=no"
        yield endpoint.problem("AST211", message, key="direct_media")
    if any(entry.value.startswith(_BUFFER) for entry in endpoint.all("set_var")):
        message = f"за JITTERBUFFER звук [{endpoint.name}] после паузы пакетов иногда не пишется; уберите set_var"
        yield endpoint.problem("AST214", message, key="set_var")
    patience = int(endpoint.value("rtp_timeout", "0"))
    if not patience:
        message = f"пропавший без слова [{endpoint.name}] займёт линию навсегда; напишите rtp_timeout={wait + 180}"
        yield endpoint.problem("AST212", message, key="rtp_timeout")
    elif patience <= wait and endpoint.value("context") in DOORS:
        message = f"молчащий в очереди {wait} с [{endpoint.name}] будет сброшен; напишите rtp_timeout={wait + 180}"
        yield endpoint.problem("AST212", message, key="rtp_timeout")
    if endpoint.value("trust_id_inbound", "no") != "no" and endpoint.value("context") != TRUNK_DOOR:
        message = f"[{endpoint.name}] сам называет номер звонящего; trust_id_inbound=yes только у линии оператора"
        yield endpoint.problem("AST210", message, key="trust_id_inbound")


def _check_name(endpoint: Section, dialplan: Dialplan) -> Iterator[Problem]:
    if endpoint.value("context") == TRUNK_DOOR:
        return
    inside = dialplan.contexts.get(INSIDE)
    numbers = {one.pattern for one in inside.extensions} if inside else set()
    shown = re.search(r"<(.*)>", endpoint.value("callerid"))
    if endpoint.name.isdigit() or endpoint.name in numbers or (shown and shown[1] == endpoint.name):
        message = f"имя [{endpoint.name}] — это его внутренний номер, и сканер его угадает; имя должно быть случайным"
        yield endpoint.problem("AST208", message)


def _check_identify(identify: Section) -> Iterator[Problem]:
    for entry in identify.entries:
        if entry.key in ("match_header", "match_request_uri"):
            message = f"{entry.key}: заголовок пишет тот, кто его шлёт; узнавайте линию по match=адрес"
            yield identify.problem("AST203", message, line=entry.line)
        if entry.key == "match" and re.fullmatch(r"[\d.:a-f/]+", entry.value):
            network = ip_network(entry.value, strict=False)
            if network.prefixlen < _WIDEST_NETWORK:
                message = f"{entry.value}: по такому адресу линией назовётся и чужой; сети не шире /{_WIDEST_NETWORK}"
                yield identify.problem("AST203", message, line=entry.line)


def _check_aor(aor: Section, endpoints: list[Section]) -> Iterator[Problem]:
    users = [one for one in endpoints if aor.name in one.words("aors")]
    if len(users) != 1:
        names = ", ".join(one.name for one in users) or "никого"
        yield aor.problem("AST206", f"адрес [{aor.name}] — один на один телефон, а у него: {names}")
    if aor.value("contact"):
        return
    if aor.value("max_contacts") != "1":
        message = f"два телефона на [{aor.name}] звонят и считаются как один; напишите max_contacts=1"
        yield aor.problem("AST206", message, key="max_contacts")
    if aor.value("remove_existing") != "yes":
        message = f"перезапущенный телефон не войдёт, пока не истечёт его тень; [{aor.name}]: remove_existing=yes"
        yield aor.problem("AST206", message, key="remove_existing")
