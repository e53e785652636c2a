"""`callcenter ear build|install`: the centre's own speech model, made of its words, or a ready-made one."""

import argparse
import re
import time
from pathlib import Path

from callcenter.commands.setup import say
from callcenter.hearing.installing import install, read_official
from callcenter.instance.ear_model import renew_model
from callcenter.instance.place import Instance, open_instance
from callcenter.settings import OWN_MODEL, settings_file

_TABLE = re.compile(r"(?m)^\[ear\]\s*$")
_MODEL = re.compile(r"(?m)^model\s*=.*$")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    does = parser.add_subparsers(dest="does", required=True, metavar="build|install")
    does.add_parser("build", help="make the centre's own model anew from its words: streets, staff, articles")
    known = "; ".join(f"{one.short}: {one.name}, {one.megabytes} MB {one.mark}" for one in read_official())
    get = does.add_parser("install", help="install a ready-made model and switch over to it")
    get.add_argument("source", metavar="NAME|URL|PATH", help=f"a known name ({known}), an address, an archive")
    get.add_argument("--sha256", default="", help="the sum that its publisher shows")


def run(arguments: argparse.Namespace) -> int:
    """Raises NotInstalled, NotBuilt, BrokenSettings."""
    instance = open_instance()
    if arguments.does == "build":
        begun = time.monotonic()
        words = renew_model(instance.layout, force=True)
        say(f"модель готова: {words} слов, {time.monotonic() - begun:.1f} с; {instance.layout.ear_model}")
        if instance.settings.ear.model != OWN_MODEL:
            say(f"но слушает не она: [ear] model = «{instance.settings.ear.model}» в {settings_file()}")
        else:
            say("ухо возьмёт её при следующем запуске: callcenter stop --keep-calls, затем callcenter run")
        return 0
    return _install(instance, arguments.source, arguments.sha256)


def _install(instance: Instance, source: str, sha256: str) -> int:
    model = install(source, instance.layout.home / "models", sha256=sha256, progress=say)
    say(model.describe())
    switch_over(settings_file(), model.directory)
    say(f"{settings_file()}: [ear] model = «{model.directory}»; прежняя настройка — в комментарии рядом")
    say("слушать она начнёт после: callcenter stop --keep-calls, затем callcenter run")
    return 0


def switch_over(file: Path, model: Path) -> None:
    """Sets `[ear] model` in the settings' text; what stood there stays beside it as a remark."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    line = f'model = "{model}"'
    table = _TABLE.search(text)
    if table is None:
        file.write_text(f"{text.rstrip()}\n\n[ear]\n{line}\n".lstrip(), encoding="utf-8")
        return
    head, body = text[: table.end()], text[table.end() :]
    following = re.search(r"(?m)^\[", body)
    own, rest = (body[: following.start()], body[following.start() :]) if following else (body, "")
    if (old := _MODEL.search(own)) is not None:
        own = own[: old.start()] + f"{line}  # было: {old[0]}" + own[old.end() :]
    else:
        own = f"\n{line}{own}"
    file.write_text(head + own + rest, encoding="utf-8")
