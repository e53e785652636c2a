"""Lint rules for media and the queue: enough RTP ports for all calls, existing queue members, music from files only."""

import re
from collections.abc import Iterator

from callcenter.asterisk.lint.configuration_parser import Configuration
from callcenter.asterisk.lint.dialplan import FILE as DIALPLAN
from callcenter.asterisk.lint.dialplan import Dialplan
from callcenter.core.problems import Problem

PORTS_A_CALL = 4
"""RTP and RTCP ports of the caller's leg and of the queue member's leg."""


def check_media(configuration: Configuration, dialplan: Dialplan) -> Iterator[Problem]:
    """Yields the problems of RTP ports, queues and music on hold (AST501-AST504)."""
    yield from _check_ports(configuration)
    yield from _check_queues(configuration, dialplan)
    for music in configuration.of("musiconhold.conf"):
        if music.value("mode", "files") != "files":
            message = f"[{music.name}]: mode={music.value('mode')} запускает чужую программу; напишите mode=files"
            yield music.problem("AST504", message, key="mode")


def _check_ports(configuration: Configuration) -> Iterator[Problem]:
    rtp = configuration.one("rtp.conf", "general")
    first, last = (int(rtp.value(key)) if rtp.value(key).isdigit() else 0 for key in ("rtpstart", "rtpend"))
    calls = max((int(found) for found in _find_limits(configuration)), default=0)
    if not 1024 <= first < last <= 65535:
        message = f"порты звука {first}–{last}: нужны rtpstart и rtpend между 1024 и 65535"
        yield rtp.problem("AST501", message, key="rtpstart")
    elif last - first + 1 < PORTS_A_CALL * calls:
        message = (
            f"портов звука {last - first + 1}, а на {calls} вызовов нужно {PORTS_A_CALL * calls}; раздвиньте rtpend"
        )
        yield rtp.problem("AST501", message, key="rtpend")
    if rtp.value("strictrtp", "yes") not in ("yes", "seqno"):
        yield rtp.problem("AST502", "strictrtp: чужой сможет говорить в разговор; напишите yes", key="strictrtp")


def _find_limits(configuration: Configuration) -> Iterator[str]:
    for section in configuration.of(DIALPLAN):
        for entry in section.entries:
            yield from re.findall(r"GROUP_COUNT\([^)]*\)\}\s*>=\s*(\d+)", entry.value)


def _check_queues(configuration: Configuration, dialplan: Dialplan) -> Iterator[Problem]:
    devices = {f"PJSIP/{one.name}" for one in configuration.typed("endpoint")}
    for queue in configuration.of("queues.conf"):
        if queue.name == "general":
            continue
        seen: set[str] = set()
        for entry in queue.all("member"):
            interface = entry.value.split(",")[0]
            if interface not in devices or interface in seen:
                message = f"{interface}: очередь звонит телефону из pjsip.conf, каждому один раз; исправьте"
                yield queue.problem("AST503", message, line=entry.line)
            seen.add(interface)
        keys = queue.value("context")
        if keys and keys not in dialplan.contexts:
            yield queue.problem("AST503", f"контекста [{keys}] в extensions.conf нет; исправьте", key="context")
