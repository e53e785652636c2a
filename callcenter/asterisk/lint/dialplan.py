"""Parses extensions.conf into a graph for the lint: contexts, extensions, steps, and the jumps between them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from callcenter.asterisk.lint.configuration_parser import Configuration, Section

FILE = "extensions.conf"
_OPENING = {"{": "}", "[": "]", "(": ")"}


@dataclass(frozen=True, slots=True)
class DialplanStep:
    """`same => n(label),app(arguments)`."""

    app: str
    arguments: str
    label: str
    line: int

    @property
    def words(self) -> list[str]:
        """The arguments, split at commas outside brackets and quotes."""
        return split(self.arguments, ",")


@dataclass(slots=True)
class Extension:
    context: str
    pattern: str
    line: int
    steps: list[DialplanStep] = field(default_factory=list)

    def matches(self, dialled: str) -> bool:
        """Whether the literal extension `dialled` matches this extension's name or pattern."""
        if not self.pattern.startswith("_"):
            return self.pattern == dialled
        return re.fullmatch(_as_expression(self.pattern[1:]), dialled) is not None


@dataclass(slots=True)
class Context:
    name: str
    line: int
    extensions: list[Extension] = field(default_factory=list)
    links: list[tuple[str, str, int]] = field(default_factory=list)
    """(kind, argument, line) of `include`, `switch` and `eswitch`."""


@dataclass(frozen=True, slots=True)
class Jump:
    """The target of a step. With `open_end`, a variable completes the name, and `context` is its fixed beginning."""

    context: str
    extension: str | None
    priority: str
    line: int
    open_end: bool = False


@dataclass(frozen=True, slots=True)
class Dialplan:
    contexts: dict[str, Context]

    def jumps(self, context: Context, queue_contexts: dict[str, str]) -> Iterator[Jump]:
        """Yields every jump out of a context; `queue_contexts` maps a queue to the context of its DTMF digits."""
        for kind, argument, line in context.links:
            if kind == "include":
                yield _jump(argument.partition(",")[0], None, "1", line)
            else:
                yield _jump(argument.partition("@")[2].partition("/")[0], None, "1", line)
        for extension in context.extensions:
            for step in extension.steps:
                yield from step_jumps(step, extension)
                if step.app == "queue":
                    keys = queue_contexts.get(step.words[0], "")
                    if keys:
                        yield _jump(keys, None, "1", step.line)

    def named(self, jump: Jump) -> list[Context]:
        """Returns the contexts that are possible targets of a jump."""
        if jump.open_end:
            return [one for name, one in self.contexts.items() if name.startswith(jump.context)]
        return [self.contexts[jump.context]] if jump.context in self.contexts else []


def read_dialplan(configuration: Configuration) -> Dialplan:
    """Builds the graph of extensions.conf; sections with the same name form one context."""
    contexts: dict[str, Context] = {}
    for section in configuration.of(FILE):
        if section.name not in ("general", "globals") and not section.template:
            _fill(contexts.setdefault(section.name, Context(section.name, section.line)), section)
    return Dialplan(contexts)


def step_jumps(step: DialplanStep, extension: Extension) -> list[Jump]:
    """Returns the possible targets of a step besides the following step."""
    words = step.words
    if step.app == "goto":
        return [_target(words, step, extension)]
    if step.app in ("gotoif", "gotoiftime", "gosubif"):
        branches = split(split(step.arguments, "?")[-1], ":")
        return [_target(split(branch, ","), step, extension) for branch in branches if branch]
    if step.app == "gosub":
        return [_target(words, step, extension)]
    if step.app == "queue" and len(words) > 6 and words[6]:
        return [_jump(words[6], "s", "1", step.line)]
    if step.app == "background" and len(words) > 3:
        return [_jump(words[3], None, "1", step.line)]
    return []


def split(text: str, separator: str) -> list[str]:
    """Splits at separators outside brackets and quotes, as Asterisk does."""
    parts = [""]
    closing: list[str] = []
    quoted = False
    for sign in text:
        quoted ^= sign == '"'
        if sign == separator and not closing and not quoted:
            parts.append("")
            continue
        if closing and sign == closing[-1]:
            closing.pop()
        elif sign in _OPENING:
            closing.append(_OPENING[sign])
        parts[-1] += sign
    return [part.strip() for part in parts]


def _fill(context: Context, section: Section) -> None:
    for entry in section.entries:
        if entry.key in ("include", "switch", "eswitch"):
            context.links.append((entry.key, entry.value, entry.line))
        elif entry.key == "exten":
            pattern, _, rest = entry.value.partition(",")
            context.extensions.append(Extension(context.name, pattern.strip(), entry.line))
            _add_step(context.extensions[-1], rest, entry.line)
        elif entry.key == "same" and context.extensions:
            _add_step(context.extensions[-1], entry.value, entry.line)


def _add_step(extension: Extension, text: str, line: int) -> None:
    priority, _, call = text.partition(",")
    label = priority.partition("(")[2].rstrip(") ")
    app, _, arguments = call.strip().partition("(")
    extension.steps.append(DialplanStep(app.strip().lower(), arguments.rstrip().removesuffix(")"), label, line))


def _target(words: list[str], step: DialplanStep, extension: Extension) -> Jump:
    priority = words[-1].partition("(")[0]
    name = words[-2] if len(words) > 1 else extension.pattern
    context = words[-3] if len(words) > 2 else extension.context
    if len(words) < 3 and "${" in ",".join(words):
        context = "${…}"  # the value of a variable may contain commas and so name a context too
    same_extension = len(words) < 2
    return _jump(context, None if same_extension and name.startswith("_") else name, priority, step.line)


def _jump(context: str, extension: str | None, priority: str, line: int) -> Jump:
    fixed = re.split(r"\$[{\[]", context)[0]
    return Jump(fixed.strip(), extension, priority, line, open_end=fixed != context)


def _as_expression(pattern: str) -> str:
    parts = []
    inside = False
    for sign in pattern:
        inside = sign == "[" or (inside and sign != "]")
        parts.append(sign if inside or sign == "]" else _SIGNS.get(sign.upper(), re.escape(sign)))
    return "".join(parts)


_SIGNS = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*", "-": ""}
