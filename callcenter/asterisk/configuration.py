"""Renders the templates of `asterisk_conf/` into the Asterisk configuration of this instance.

The templates hold what is common to all instances, with the reasons; settings, ports and secrets fill them in.
The rendered files contain passwords, so only Asterisk's user may read them.
"""

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callcenter.asterisk.configuration_lint import lint_configuration
from callcenter.core.errors import CallcenterError
from callcenter.core.problems import FileLocation, Problem
from callcenter.instance.secrets import STUDIO_EXTENSION, Secrets
from callcenter.instance.service_user import service_user
from callcenter.layout import Layout, Ports
from callcenter.settings import TREE, Settings, TrunkKind

TEMPLATES = TREE / "asterisk_conf"
_ENDING = ".j2"
_UNFIT = frozenset(";[]<>,\"'\\\r\n\t")
"""Characters with a meaning in configuration files; a setting that contains one is refused."""


class BrokenConfiguration(CallcenterError):
    """Asterisk's configuration cannot be rendered."""


def render_configuration(
    settings: Settings,
    layout: Layout,
    ports: Ports,
    secrets: Secrets,
    *,
    data_directory: Path,
    module_directory: Path,
    system_name: str,
) -> dict[str, str]:
    """Returns the text of every configuration file by file name.

    `data_directory` is Asterisk's astdatadir (its `sounds/` must be `layout.sounds`), `module_directory` holds
    the modules; both are paths as Asterisk sees them. `system_name` prefixes channel ids and differs at every start.
    Raises BrokenConfiguration when a setting contains characters that a configuration file cannot hold, or the
    trunk's password cannot be read.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - not HTML; `plain` refuses characters that could break a line
    )
    environment.filters["plain"] = _plain
    environment.filters["verbatim"] = _verbatim
    facts: dict[str, object] = {
        "settings": settings,
        "layout": layout,
        "ports": ports,
        "secrets": secrets,
        "data_directory": data_directory,
        "module_directory": module_directory,
        "system_name": _plain(system_name),
        "doors": _doors(settings),
        "studio_extension": STUDIO_EXTENSION,
        "trunk_password": _trunk_password(settings),
    }
    return {
        file.name.removesuffix(_ENDING): environment.get_template(file.name).render(facts)
        for file in sorted(TEMPLATES.glob(f"*.conf{_ENDING}"))
    }


def write_configuration(
    settings: Settings,
    layout: Layout,
    ports: Ports,
    secrets: Secrets,
    *,
    data_directory: Path,
    module_directory: Path,
    system_name: str,
) -> list[str]:
    """Renders the files as `render_configuration` does, checks them and writes them to `layout.asterisk_etc`.

    Returns the names of the files that changed; when none changed, no reload is needed. Raises BrokenConfiguration,
    and writes nothing, when the lint finds a fatal problem.
    """
    files = render_configuration(
        settings,
        layout,
        ports,
        secrets,
        data_directory=data_directory,
        module_directory=module_directory,
        system_name=system_name,
    )
    problems = find_problems(files, production=settings.production)
    if any(problem.fatal for problem in problems):
        raise BrokenConfiguration("\n".join(str(problem) for problem in problems if problem.fatal))
    return write_files(files, layout.asterisk_etc)


def find_problems(files: Mapping[str, str], *, production: bool) -> list[Problem]:
    """Returns the lint's problems in the rendered files, each located at the template line it comes from."""
    return sorted(
        {
            replace(problem, position=_find_source(files.get(problem.position.file.name, ""), problem.position))
            for problem in lint_configuration(files, production=production)
        }
    )


def write_files(files: Mapping[str, str], directory: Path) -> list[str]:
    """Writes each configuration file atomically, readable for Asterisk's user only; deletes all other `*.conf` files.

    Returns the names of the files that were changed or deleted. The directory itself is never replaced, because it may
    be bind-mounted into Asterisk's root.
    """
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    service_user().own(directory)
    changed = [name for name, text in files.items() if _replace(directory / name, text)]
    for stranger in set(directory.glob("*.conf")) - {directory / name for name in files}:
        stranger.unlink()
        changed.append(stranger.name)
    return sorted(changed)


def _find_source(rendered: str, place: FileLocation) -> FileLocation:
    """Returns the template line that can produce the rendered line; of several candidates, the nearest one."""
    template = TEMPLATES / f"{place.file.name}{_ENDING}"
    if not template.exists():
        return FileLocation(template)
    sources, lines = template.read_text(encoding="utf-8").splitlines(), rendered.splitlines()
    if not 0 < place.line <= len(lines):
        return FileLocation(template)
    near = _align(sources, lines, place.line - 1)
    line = lines[place.line - 1]
    fits = [
        at
        for at, source in enumerate(sources)
        if not source.strip().startswith("{%") and _as_expression(source).fullmatch(line)
    ]
    return FileLocation(template, 1 + min(fits, key=lambda at: abs(at - near), default=near))


def _align(sources: Sequence[str], lines: Sequence[str], at: int) -> int:
    """Estimates the index in `sources` that corresponds to index `at` in `lines`."""
    for _, begin, end, rendered_begin, rendered_end in difflib.SequenceMatcher(None, sources, lines).get_opcodes():
        if rendered_begin <= at < rendered_end:
            return min(begin + at - rendered_begin, max(end - 1, begin), len(sources) - 1)
    return 0


def _as_expression(source: str) -> re.Pattern[str]:
    """A pattern of the lines that a template line can produce."""
    return re.compile(".*".join(re.escape(part) for part in re.split(r"\{[{%].*?[}%]\}", source)))


def _doors(settings: Settings) -> list[str]:
    """The dialplan contexts in which calls from outside arrive."""
    doors = ["from-trunk"] if settings.telephony.trunk.kind is not TrunkKind.NONE else []
    return [*doors, "from-resident"] if settings.test_resident else doors


def _plain(value: object) -> str:
    text = str(value)
    if text != text.strip() or not text or any(sign in _UNFIT or ord(sign) < 32 for sign in text):
        raise BrokenConfiguration(
            f"«{text}» не может стоять в конфигурации Asterisk: "
            "без пробелов по краям, кавычек, запятых, скобок, точек с запятой и переводов строки"
        )
    return text


def _verbatim(value: str) -> str:
    """Escapes the provider's password so that Asterisk reads back the same characters.

    Raises BrokenConfiguration for control characters.
    """
    if any(ord(sign) < 32 for sign in value):
        raise BrokenConfiguration("telephony.trunk.password_file: в пароле нет места управляющим знакам")
    return value.replace(";", "\\;")


def _trunk_password(settings: Settings) -> str:
    file = settings.telephony.trunk.password_file
    if settings.telephony.trunk.kind is not TrunkKind.REGISTRATION or file is None:
        return ""
    try:
        first, *_ = file.read_text(encoding="utf-8").splitlines() or [""]
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenConfiguration(f"telephony.trunk.password_file = {file}: файл не читается: {error}") from error
    if not first.strip():
        raise BrokenConfiguration(f"telephony.trunk.password_file = {file}: в первой строке должен быть пароль")
    return first.strip()


def _replace(file: Path, text: str) -> bool:
    with suppress(OSError, UnicodeDecodeError):
        if file.read_text(encoding="utf-8") == text:
            file.chmod(0o600)
            service_user().own(file)
            return False
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    service_user().own(fresh)
    fresh.replace(file)
    return True
