"""`callcenter ear build|install`: builds the centre's own speech model from its words, or installs a published one."""

import argparse
import asyncio
import json
import re
import time
import tomllib
from pathlib import Path

from callcenter.commands.setup import say
from callcenter.core.errors import CallcenterError, DatabaseUnavailable
from callcenter.hearing.model_factory.installing import InstallFailed, install, read_official
from callcenter.instance.instance import Instance, find_home, open_instance
from callcenter.layout import Layout
from callcenter.operations.postgres import PostgresCluster
from callcenter.operations.speech_model import read_people, renew_model
from callcenter.settings import OWN_MODEL, read_settings, settings_file

_EAR_SECTION = re.compile(r"(?m)^[ \t]*\[[ \t]*ear[ \t]*\][ \t]*(?:#.*)?$")
_MODEL_LINE = re.compile(r"(?m)^[ \t]*model[ \t]*=.*$")
_OLD_VALUE_COMMENT = "  # было: "


class ModelSwitchFailed(CallcenterError):
    """The settings file could not be changed; its text is unchanged."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    does = parser.add_subparsers(dest="does", required=True, metavar="build|install")
    does.add_parser("build", help="собрать свою модель заново из слов компании: улицы, сотрудники, статьи")
    known = "; ".join(
        f"{one.short_name}: {one.name}, {one.megabytes} МБ {one.verification_mark}" for one in read_official()
    )
    get = does.add_parser("install", help="установить готовую модель и слушать ею; own — вернуться к своей")
    get.add_argument(
        "source",
        metavar="NAME|URL|PATH",
        help=f"{OWN_MODEL}: снова своя модель центра; известная готовая ({known}); адрес, архив или каталог",
    )
    get.add_argument("--sha256", default="", help="сумма архива, как её показывает издатель")


def run(arguments: argparse.Namespace) -> int:
    """Raises InstallFailed, ModelSwitchFailed, ModelBuildFailed, BrokenSettings."""
    return _build() if arguments.does == "build" else _install(arguments.source, arguments.sha256)


def _build() -> int:
    instance = open_instance()
    begun = time.monotonic()
    people = _read_employee_names(instance)
    if people is None:
        say("база не отвечает: сотрудники — те, что были при прошлой сборке")
    words = renew_model(instance.layout, people, force=True)
    say(f"модель готова: {words} слов, {time.monotonic() - begun:.1f} с; {instance.layout.built_speech_model}")
    if instance.settings.ear.model != OWN_MODEL:
        say(f"но слушает не она: [ear] model = «{instance.settings.ear.model}» в {settings_file()}")
    else:
        say("ухо возьмёт её при следующем запуске: callcenter stop --keep-calls, затем callcenter run")
    return 0


def _read_employee_names(instance: Instance) -> list[str] | None:
    """Names of the current employees; None when the database is unavailable."""
    try:
        return asyncio.run(read_people(PostgresCluster(instance.layout, instance.ports).address()))
    except DatabaseUnavailable:
        return None


def _install(source: str, sha256: str) -> int:
    read_settings()  # invalid settings raise BrokenSettings before a download
    if source == OWN_MODEL:
        if sha256:
            raise InstallFailed("--sha256 — сумма архива, а своя модель собирается на месте; уберите --sha256")
        model = OWN_MODEL
    else:
        installed = install(source, Layout(find_home()).home / "models", sha256=sha256, progress=say)
        say(installed.describe())
        model = str(installed.directory)
    switch_over(settings_file(), model)
    say(f"{settings_file()}: [ear] model = «{model}»; прежняя настройка — в комментарии рядом")
    if str(read_settings().ear.model) != model:
        say("но действует не она: в окружении задано CALLCENTER_EAR__MODEL; уберите его")
    say("слушать она начнёт после: callcenter stop --keep-calls, затем callcenter run")
    return 0


def switch_over(file: Path, model: str) -> None:
    """Sets `[ear] model` in the settings file; keeps the previous value, but no older one, in a comment on that line.

    Raises ModelSwitchFailed, and leaves the file unchanged, when the edited text would not set this model.
    """
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if _read_model(text) == model:
            return
        changed = _set_model(text, f"model = {json.dumps(model, ensure_ascii=False)}")
        if _read_model(changed) != model:
            raise ValueError("таблица [ear] записана непривычно")
        file.write_text(changed, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ModelSwitchFailed(
            f"{file}: настройку не изменить ({error}); впишите сами: [ear] model = «{model}»"
        ) from error


def _read_model(text: str) -> object:
    table = tomllib.loads(text).get("ear", {})
    return table.get("model") if isinstance(table, dict) else None


def _set_model(text: str, line: str) -> str:
    table = _EAR_SECTION.search(text)
    if table is None:
        return f"{text.rstrip()}\n\n[ear]\n{line}\n".lstrip()
    head, body = text[: table.end()], text[table.end() :]
    following = re.search(r"(?m)^[ \t]*\[", body)
    own, rest = (body[: following.start()], body[following.start() :]) if following else (body, "")
    if (old := _MODEL_LINE.search(own)) is None:
        return f"{head}\n{line}{own}{rest}"
    was = old[0].partition(_OLD_VALUE_COMMENT)[0].strip()
    return head + own[: old.start()] + f"{line}{_OLD_VALUE_COMMENT}{was}" + own[old.end() :] + rest
