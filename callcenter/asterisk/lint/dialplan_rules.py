"""Lint rules for the dialplan: no caller may dial out, no call may be lost, no call may enter Stasis without a lease.

"Outside" means every context that a caller can reach: the contexts for calls from outside, the contexts of the queue's
DTMF digits, the contexts to which the controller continues calls, and every context reachable from these by a jump,
an include or a switch.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from callcenter.asterisk.lint.configuration_parser import Configuration
from callcenter.asterisk.lint.dialplan import FILE, Context, Dialplan, DialplanStep, Extension, Jump, split, step_jumps
from callcenter.conducting.line import FALLBACK, GOODBYE, TO_QUEUE
from callcenter.core.problems import FileLocation, Problem
from callcenter.intake.log_events import DOORS

INSIDE = "internal"
"""The only context that may dial: it serves the dispatchers' phones, and no caller may reach it."""
STUDIO = "studio"
"""The only context that may write files other than call recordings: recordings of prompts. Reached from INSIDE only."""

_HARMLESS = {
    "answer", "celgenuserevent", "goto", "gotoif", "gotoiftime", "hangup", "mixmonitor", "noop", "playback", "queue",
    "read", "saydigits", "set", "stasis", "wait",
}  # fmt: skip
"""Applications that any context may use."""
_DIALS = {
    "dial", "retrydial", "originate", "page", "chanspy", "extenspy", "followme", "disa", "transfer", "channelredirect",
    "bridge", "pickup", "system", "trysystem", "exec", "tryexec", "execif", "agi", "eagi", "deadagi", "externalivr",
    "sms", "jack", "mp3player", "festival", "voicemail", "voicemailmain", "directory", "confbridge", "dictate",
}  # fmt: skip
"""Applications that dial, control other channels or run programs."""
_READS_OUTSIDE = re.compile(
    r"\$\{\s*(?:EXTEN\b|CALLERID\((?!num-pres\b|name-pres\b|pres\b)|DNID|RDNIS|REDIRECTING\(|CONNECTEDLINE\(|"
    r"PJSIP_HEADER\w*\(|CHANNEL\(pjsip|SIPURI|INVALID_EXTEN)"
)
"""Variables and functions whose value a caller or provider controls."""
_FORBIDDEN_FUNCTIONS = re.compile(
    r"\b(SHELL|CURL|FILE|FILE_COUNT_LINE|EVAL|ENV|STAT|AST_CONFIG|DB|ODBC\w*|LOCK|GLOBAL)\("
)
"""Functions that run commands, or read or write data outside the call."""
_UNSAFE_IN_FILTER = frozenset("$,;|&()[]{}\"'`\\/<> ")
"""Characters that may not pass FILTER: they separate arguments or start an expression or command."""
_LEASE = re.compile(r"TIMEOUT\(absolute\)=(.*)")
_RENEWAL = re.compile(r"CC_LEASE=(.*)")
"""Seconds to which the controller's next renewal sets the lease; 0 makes a late renewal harmless
(conducting/lease.py, telephony/ari/phone.py)."""
_TAKE = re.compile(r"CC_TAKE=/[^$]*/\$\{CC_TEXT\}-\$\{EPOCH\}")
"""File name of a studio recording: a fixed directory, the number of the text, the time in epoch seconds."""
_RINGING_OPTIONS = frozenset("CimRr")
"""Allowed options of Queue and Dial: the ringing options, and `i`, which stops a phone from forwarding the call to any
number."""
_ENDS = ("goto", "hangup")
"""Applications that may end an extension."""


def check_dialplan(configuration: Configuration, dialplan: Dialplan) -> list[Problem]:
    """Returns the problems of the dialplan (AST101-AST120), unsorted."""
    outside, problems = _reach(configuration, dialplan)
    for name in outside:
        for extension in dialplan.contexts[name].extensions:
            problems += _check_outside(extension)
    for context in dialplan.contexts.values():
        problems += _check_links(context)
        for extension in context.extensions:
            problems += _check_end(extension)
            problems += _check_targets(extension, dialplan)
            problems += _check_functions(extension)
            problems += _check_call_keeping(extension, dialplan)
    if INSIDE in dialplan.contexts:
        for extension in dialplan.contexts[INSIDE].extensions:
            problems += _check_inside(extension, configuration)
    if STUDIO in dialplan.contexts:
        for extension in dialplan.contexts[STUDIO].extensions:
            problems += _check_studio(extension)
    if not any(door in dialplan.contexts for door in DOORS):
        message = "позвонить в центр не может никто: нет ни линии оператора (telephony.trunk), ни тестового жителя"
        return [*problems, Problem(FileLocation(Path(FILE)), "AST119", message, fatal=False)]
    problems += [
        _problem(context.line, "AST114", f"в [{name}] никто не может попасть; удалите его или дайте сюда переход")
        for name, context in dialplan.contexts.items()
        if name not in outside and name not in (INSIDE, STUDIO)
    ]
    return problems


def longest_wait(dialplan: Dialplan) -> int:
    """Returns the longest timeout of all Queue steps in seconds; 0 when none has a timeout."""
    steps = [step for context in dialplan.contexts.values() for one in context.extensions for step in one.steps]
    waits = [step.words[4] for step in steps if step.app == "queue" and len(step.words) > 4]
    return max((int(wait) for wait in waits if wait.isdigit()), default=0)


def _reach(configuration: Configuration, dialplan: Dialplan) -> tuple[dict[str, str], list[Problem]]:
    """Returns the contexts that a caller can reach, each with the path to it, and the problems of forbidden jumps."""
    queues = {one.name: one.value("context") for one in configuration.of("queues.conf") if one.value("context")}
    doors = {one.value("context", "default") for one in configuration.typed("endpoint")} - {INSIDE}
    waiting = [(name, name) for name in (*DOORS, *sorted(doors), TO_QUEUE, GOODBYE, FALLBACK, *queues.values())]
    reached: dict[str, str] = {}
    problems = []
    while waiting:
        name, way = waiting.pop(0)
        if name in reached or name not in dialplan.contexts:
            continue
        reached[name] = way
        for jump in dialplan.jumps(dialplan.contexts[name], queues):
            if jump.open_end and not jump.context:
                message = f"куда ведёт этот переход из [{name}], решает переменная; напишите имя контекста целиком"
                problems.append(_problem(jump.line, "AST104", message))
                continue
            for context in dialplan.named(jump):
                if context.name in (INSIDE, STUDIO):
                    does = "звонит за ваш счёт" if context.name == INSIDE else "записывает фразы центра"
                    message = f"звонящий попадает отсюда в [{context.name}] и {does} ({way} → {context.name}); уберите"
                    problems.append(_problem(jump.line, "AST103", message))
                else:
                    waiting.append((context.name, f"{way} → {context.name}"))
    return reached, problems


def _check_outside(extension: Extension) -> Iterator[Problem]:
    for step in extension.steps:
        where = f"в [{extension.context}] попадает любой звонящий"
        if step.app in _DIALS or "Local/" in step.arguments:
            message = f"«{step.app}»: {where}, и это позволит ему звонить за ваш счёт или управлять машиной; уберите"
            yield _problem(step.line, "AST101", message)
        elif step.app not in _HARMLESS:
            message = f"«{step.app}»: {where}, а этого приложения нет в списке дозволенных; уберите"
            yield _problem(step.line, "AST102", message)
        for found in _READS_OUTSIDE.finditer(step.arguments):
            if not _is_filtered(step.arguments, found.start()):
                name = found[0].lstrip("${ ")
                message = f"«{name}» пишет звонящий; оберните в ${{FILTER(0-9a-zA-Z+,…)}}: запятая в нём — уже аргумент"
                yield _problem(step.line, "AST107", message)


def _is_filtered(text: str, at: int) -> bool:
    """Whether position `at` is inside `${FILTER(allowed,…)}`, and the allowed characters are harmless."""
    for found in re.finditer(r"\$\{FILTER\(", text[:at]):
        inside = text[found.end() : at]
        if inside.count("(") - inside.count(")") < 0 or "," not in inside:
            continue
        allowed = inside.partition(",")[0]
        return not _UNSAFE_IN_FILTER & set(allowed)
    return False


def _check_links(context: Context) -> Iterator[Problem]:
    for kind, argument, line in context.links:
        if kind != "include" and not argument.lower().startswith("loopback/"):
            message = f"«{kind} => {argument}»: чужой источник номеров; дозволен только Loopback/@контекст"
            yield _problem(line, "AST115", message)


def _check_end(extension: Extension) -> Iterator[Problem]:
    last = extension.steps[-1]
    if last.app not in _ENDS:
        message = (
            f"«{extension.pattern}» в [{extension.context}] кончается на «{last.app}»: вызов уйдёт в чужой шаблон; "
            "последним поставьте Goto или Hangup"
        )
        yield _problem(last.line, "AST106", message)


def _check_targets(extension: Extension, dialplan: Dialplan) -> Iterator[Problem]:
    for step in extension.steps:
        for jump in step_jumps(step, extension):
            if not jump.open_end and not _exists(jump, extension, dialplan):
                name = ",".join(filter(None, (jump.context, jump.extension, jump.priority)))
                yield _problem(step.line, "AST105", f"перехода «{name}» нет; вызов оборвётся здесь. Исправьте имя")


def _exists(jump: Jump, extension: Extension, dialplan: Dialplan) -> bool:
    context = dialplan.contexts.get(jump.context)
    if context is None:
        return False
    name = jump.extension
    targets = [extension] if name is None else [one for one in context.extensions if one.matches(name)]
    if name is not None and "${" in name:
        return True
    if jump.priority.isdigit():
        return any(len(one.steps) >= int(jump.priority) for one in targets)
    return any(step.label == jump.priority for one in targets for step in one.steps)


def _check_functions(extension: Extension) -> Iterator[Problem]:
    for step in extension.steps:
        for found in _FORBIDDEN_FUNCTIONS.finditer(step.arguments):
            message = f"{found[1]}() читает или выполняет чужое; в номерном плане ей нечего делать, уберите"
            yield _problem(step.line, "AST108", message)


def _check_call_keeping(extension: Extension, dialplan: Dialplan) -> Iterator[Problem]:
    """Checks the order of lease, recording, Stasis and Queue in an extension, so that no call is lost."""
    lease: str | None = None
    renewal: str | None = None
    recorded = answered = False
    for step in extension.steps:
        assigned = step.arguments if step.app == "set" else ""
        if found := _RENEWAL.fullmatch(assigned):
            renewal = found[1].strip()
        elif found := _LEASE.fullmatch(assigned):
            lease = found[1].strip()
            yield from _check_lease_end(step, dialplan.contexts[extension.context])
            if lease == "0" and renewal != "0":
                message = "запоздалое продление вернёт аренду и оборвёт разговор; перед этим нужно Set(CC_LEASE=0)"
                yield _problem(step.line, "AST118", message)
        elif step.app == "answer":
            answered = True
        elif step.app == "mixmonitor":
            recorded = True
            yield from _check_recording(step, answered=answered)
        elif step.app == "queue":
            yield from _check_queue(step, lease)
        elif step.app == "stasis":
            yield from _check_stasis(step, lease, renewal, recorded=recorded)
            yield from _check_way_to_people(dialplan.contexts[extension.context], extension, step, dialplan)


def _check_lease_end(step: DialplanStep, context: Context) -> Iterator[Problem]:
    """Requires `exten => T` in a context that sets or removes the lease: the lease may run out there, even at the
    moment of its removal."""
    if not any(extension.pattern == "T" for extension in context.extensions):
        message = f"в [{context.name}] нет «exten => T»: по концу аренды вызов оборвётся; добавьте"
        yield _problem(step.line, "AST117", message)


def _check_recording(step: DialplanStep, *, answered: bool) -> Iterator[Problem]:
    words = [*step.words, "", ""]
    if answered:
        message = "запись начинается после Answer, и первых секунд в ней не будет; поставьте MixMonitor раньше"
        yield _problem(step.line, "AST111", message)
    if words[1] != "D" or not words[0].endswith(".raw"):
        message = "стороны разговора пишутся порознь: файл .raw и ключ D; иначе запись не разобрать"
        yield _problem(step.line, "AST116", message)
    if words[2]:
        yield _problem(step.line, "AST101", f"MixMonitor запускает команду «{words[2]}»; уберите третий аргумент")


def _check_queue(step: DialplanStep, lease: str | None) -> Iterator[Problem]:
    words = step.words
    if lease != "0":
        message = "перед Queue аренда не снята, и разговор оборвётся посреди слова; добавьте Set(TIMEOUT(absolute)=0)"
        yield _problem(step.line, "AST109", message)
    yield from _check_options(step, words[1] if len(words) > 1 else "")
    if any(words[5:7]):
        yield _problem(step.line, "AST113", "Queue запускает AGI или подпрограмму на телефоне диспетчера; уберите")


def _check_stasis(step: DialplanStep, lease: str | None, renewal: str | None, *, recorded: bool) -> Iterator[Problem]:
    if lease is None or not lease.isdigit() or not int(lease):
        message = "вызов отдан программе без аренды: зависнет она — зависнет и он. Добавьте Set(TIMEOUT(absolute)=6)"
        yield _problem(step.line, "AST110", message)
    elif renewal != lease:
        message = f"продлить аренду нечем, и она кончится посреди разговора с роботом; добавьте Set(CC_LEASE={lease})"
        yield _problem(step.line, "AST118", message)
    if not recorded:
        message = "вызов отдан программе без записи; поставьте MixMonitor в начало"
        yield _problem(step.line, "AST111", message)


def _check_way_to_people(
    context: Context, extension: Extension, step: DialplanStep, dialplan: Dialplan
) -> Iterator[Problem]:
    """Requires a path to Queue after Stasis: both when the controller releases the call and when the lease ends."""
    ends = [one for one in context.extensions if one.pattern == "T"]
    after = Extension(context.name, extension.pattern, step.line, extension.steps[extension.steps.index(step) + 1 :])
    for one in (after, *ends):
        if not _leads_to_queue(one, dialplan):
            message = f"от «{one.pattern}» в [{context.name}] нет пути в Queue: программа умрёт, и вызов пропадёт"
            yield _problem(one.line, "AST110", message)


def _leads_to_queue(extension: Extension, dialplan: Dialplan) -> bool:
    waiting, seen = [extension], {extension.context}
    while waiting:
        one = waiting.pop()
        if any(step.app == "queue" for step in one.steps):
            return True
        for jump in (jump for step in one.steps for jump in step_jumps(step, one)):
            for context in dialplan.named(jump):
                if context.name not in seen:
                    seen.add(context.name)
                    waiting += context.extensions
    return False


def _check_inside(extension: Extension, configuration: Configuration) -> Iterator[Problem]:
    endpoints = {one.name for one in configuration.typed("endpoint")}
    for step in extension.steps:
        if step.app != "dial":
            if step.app not in _HARMLESS:
                message = f"«{step.app}»: [{INSIDE}] только звонит; этого приложения нет в списке дозволенных"
                yield _problem(step.line, "AST102", message)
            continue
        words = [*step.words, "", ""]
        for target in split(words[0], "&"):
            yield from _check_dialled(target, extension, step, endpoints)
        yield from _check_options(step, words[2])


def _check_studio(extension: Extension) -> Iterator[Problem]:
    for step in extension.steps:
        if step.app not in {*_HARMLESS, "record"}:
            message = (
                f"«{step.app}»: [{STUDIO}] только проигрывает и записывает; этого приложения нет в списке дозволенных"
            )
            yield _problem(step.line, "AST102", message)
        elif step.app == "record" and not step.arguments.startswith("${CC_TAKE}"):
            message = "Record пишет файл: только под именем ${CC_TAKE}, которое составлено из цифр"
            yield _problem(step.line, "AST120", message)
        elif step.arguments.startswith("CC_TAKE=") and not _TAKE.fullmatch(step.arguments):
            message = "имя записи составляют из папки, ${CC_TEXT} и ${EPOCH}: иначе запишут в любой файл"
            yield _problem(step.line, "AST120", message)


def _check_options(step: DialplanStep, options: str) -> Iterator[Problem]:
    extra = set(options) - _RINGING_OPTIONS
    if extra:
        message = f"ключи «{''.join(sorted(extra))}» дают переводить, парковать, писать или запускать лишнее; уберите"
        yield _problem(step.line, "AST113", message)
    if "i" not in options:
        message = "без ключа i телефон с переадресацией пошлёт вызов на любой номер за ваш счёт; добавьте i"
        yield _problem(step.line, "AST113", message)


def _check_dialled(
    target: str, extension: Extension, step: DialplanStep, endpoints: Iterable[str]
) -> Iterator[Problem]:
    technology, _, rest = target.partition("/")
    number, _, endpoint = rest.rpartition("@")
    if technology != "PJSIP" or endpoint not in endpoints:
        message = f"Dial({target}): такого телефона в pjsip.conf нет; звонить можно только PJSIP/имя или …@trunk"
        yield _problem(step.line, "AST112", message)
    elif number and extension.pattern.startswith("_") and (extension.pattern[-1] in ".!" or len(extension.pattern) < 4):
        message = f"«{extension.pattern}» пускает в город любой номер, и заграничный тоже; задайте длину и начало"
        yield _problem(step.line, "AST112", message)


def _problem(line: int, code: str, message: str) -> Problem:
    return Problem(FileLocation(Path(FILE), line), code, message)
