"""Lint rules for the control interfaces (HTTP, ARI, AMI, options, features) and the event logs (CEL, queue_log)."""

from collections.abc import Iterator

from callcenter.asterisk.lint.configuration_parser import Configuration, Section
from callcenter.asterisk.lint.sip_rules import check_password
from callcenter.core.problems import Problem

_LOOPBACK = ("127.0.0.1", "::1")
_AMI_RIGHTS = {"agent"}
"""Enough to list and pause queue members; every other right allows calls, file access or commands."""
_CEL = {
    "CHAN_START", "CHAN_END", "ANSWER", "HANGUP", "BRIDGE_ENTER", "BRIDGE_EXIT", "USER_DEFINED", "LINKEDID_END",
}  # fmt: skip
"""Channel events that must be logged: call records are made from them."""


def check_control(configuration: Configuration) -> Iterator[Problem]:
    """Yields the problems of the control interfaces and event logs (AST301-AST307, AST207 for passwords)."""
    yield from _check_http(configuration.one("http.conf", "general"))
    yield from _check_ari(configuration.of("ari.conf"))
    yield from _check_ami(configuration.of("manager.conf"))
    yield from _check_options(configuration.one("asterisk.conf", "options"))
    for name in ("featuremap", "applicationmap"):
        for entry in configuration.one("features.conf", name).entries:
            message = f"{entry.key}: звонящий сможет клавишами переводить или писать разговор; удалите"
            yield configuration.one("features.conf", name).problem("AST306", message, line=entry.line)
    yield from _check_truth(configuration)


def _check_http(general: Section) -> Iterator[Problem]:
    for key in ("bindaddr", "tlsbindaddr"):
        if _host(general.value(key, "0.0.0.0" if key == "bindaddr" else "127.0.0.1")) not in _LOOPBACK:  # noqa: S104
            message = f"{key}: через ARI можно позвонить куда угодно; только 127.0.0.1"
            yield general.problem("AST301", message, key=key)
    for key, default in (("enable_static", "no"), ("enable_status", "yes")):
        if general.value(key, default) != "no":
            yield general.problem("AST301", f"{key}: лишняя страница; напишите {key}=no", key=key)


def _host(address: str) -> str:
    """The address without its port: 127.0.0.1:8089 and [::1]:8089 have one, ::1 has none."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address if address.count(":") > 1 else address.partition(":")[0]


def _check_ari(sections: list[Section]) -> Iterator[Problem]:
    for section in sections:
        if section.name == "general":
            if section.value("allowed_origins"):
                yield section.problem("AST304", "allowed_origins: ARI не для браузеров; удалите", key="allowed_origins")
        elif section.value("type") == "user":
            yield from check_password(section, "password", section.name)
        else:
            message = (
                f"[{section.name}]: вызовы молчали бы, пока программа не вернётся; она подключается сама (type=user)"
            )
            yield section.problem("AST304", message, key="type")


def _check_ami(sections: list[Section]) -> Iterator[Problem]:
    for section in sections:
        if section.name == "general":
            if section.value("bindaddr", "0.0.0.0") not in _LOOPBACK:  # noqa: S104
                yield section.problem("AST302", "bindaddr: управление только с этой машины, 127.0.0.1", key="bindaddr")
            if section.value("webenabled", "no") != "no":
                yield section.problem("AST302", "webenabled: второй вход не нужен; напишите no", key="webenabled")
            continue
        yield from check_password(section, "secret", section.name)
        for key in ("read", "write"):
            extra = set(section.words(key)) - _AMI_RIGHTS
            if extra:
                message = f"{key}: права {', '.join(sorted(extra))} лишние: с ними звонят и выполняют команды; уберите"
                yield section.problem("AST303", message, key=key)
        if section.value("deny") != "0.0.0.0/0.0.0.0" or section.value("permit") != "127.0.0.1/255.255.255.255":
            message = f"[{section.name}]: сначала deny=0.0.0.0/0.0.0.0, затем permit=127.0.0.1/255.255.255.255"
            yield section.problem("AST302", message, key="permit")


def _check_options(options: Section) -> Iterator[Problem]:
    for key, wanted, why in (
        ("live_dangerously", "no", "функции номерного плана читали бы файлы и выполняли команды"),
        ("transmit_silence", "yes", "запись теряла бы время, а оператор рвал бы молчащий вызов"),
        ("execincludes", "no", "#exec выполнял бы команды"),
    ):
        if options.value(key, "no") != wanted:
            yield options.problem("AST305", f"{key}: {why}; напишите {key}={wanted}", key=key)


def _check_truth(configuration: Configuration) -> Iterator[Problem]:
    """CEL and queue_log must be complete, because call records are made from these files."""
    cel = configuration.one("cel.conf", "general")
    missing = _CEL - set(cel.words("events"))
    if cel.value("enable", "no") != "yes" or missing:
        names = ", ".join(sorted(missing)) or "enable=yes"
        yield cel.problem("AST307", f"без {names} от вызова не останется следа; добавьте", key="events")
    logger = configuration.one("logger.conf", "general")
    if logger.value("queue_log", "yes") != "yes" or logger.value("queue_log_to_file", "no") != "yes":
        message = "журнал очереди не пишется в файл; queue_log=yes и queue_log_to_file=yes"
        yield logger.problem("AST307", message, key="queue_log")
