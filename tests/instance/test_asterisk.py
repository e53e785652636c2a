"""Asterisk of an instance: run in each way for real, found again, numbered, stopped."""

import json
import os
import time
from pathlib import Path

import pytest

from callcenter.instance.asterisk import Asterisk, Boot
from callcenter.instance.asterisk_ways import NoAsterisk
from callcenter.instance.place import Instance, open_instance
from callcenter.settings import Settings

MODULES = (
    "res_sorcery_config", "res_sorcery_memory", "res_http_websocket", "res_websocket_client", "res_stasis",
    "res_ari", "res_ari_model", "res_ari_asterisk",
    "res_timing_timerfd", "pbx_config",
)  # fmt: skip


def write_least(instance: Instance, boot: Boot) -> list[str]:
    """The least configuration with which ARI answers."""
    home = instance.layout.asterisk
    directories = {
        "astetcdir": instance.layout.asterisk_etc,
        "astmoddir": boot.module_directory,
        "astvarlibdir": boot.data_directory,
        "astdatadir": boot.data_directory,
        "astdbdir": home / "db",
        "astkeydir": boot.data_directory,
        "astagidir": boot.data_directory,
        "astspooldir": home / "spool",
        "astrundir": home / "run",
        "astlogdir": instance.layout.asterisk_logs,
    }
    files = {
        "asterisk.conf": "[directories]\n"
        + "".join(f"{name} = {path}\n" for name, path in directories.items())
        + f"[options]\nsystemname = {boot.system_name}\n",
        "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {name}.so\n" for name in MODULES),
        "http.conf": f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = {instance.ports.asterisk_http}\n",
        "ari.conf": "[general]\nenabled = yes\n[callcenter]\ntype = user\n"
        f"password = {instance.secrets.ari_password}\n",
        "extensions.conf": "[nowhere]\n",
        "logger.conf": "[logfiles]\nmessages.log = notice,warning,error\n",
    }
    for name, text in files.items():
        (instance.layout.asterisk_etc / name).write_text(text, encoding="utf-8")
    return sorted(files)


@pytest.fixture
def instance(homes: Path) -> Instance:
    return open_instance(home=homes / "one", settings=Settings())


@pytest.mark.parametrize("way", ["bubblewrap", "loader", "chroot"])
def test_asterisk_runs_unprivileged_in_every_way(instance: Instance, way: str) -> None:
    said: list[str] = []
    asterisk = Asterisk(instance, configure=write_least, die_with_parent=True, ways=(way,), progress=said.append)
    try:
        assert asterisk.ensure_running()
        running = asterisk.running()
        assert running is not None
        assert "asterisk" in Path(f"/proc/{running.pid}/cmdline").read_text()
        assert Path(f"/proc/{running.pid}").stat().st_uid != 0
        assert "System uptime" in asterisk.run_cli("core show uptime")
        assert asterisk.count_calls() == 0
        record = json.loads(asterisk.record_file.read_text())
        assert (record["way"], record["boot"]) == (way, "b1")
        assert record["version"].startswith("22.")
        assert any(f"({way})" in line for line in said)
    finally:
        asterisk.stop()
    assert asterisk.running() is None


def test_a_running_asterisk_is_adopted_and_a_dead_one_gets_the_next_number(instance: Instance) -> None:
    first = Asterisk(instance, configure=write_least, die_with_parent=True)
    second = Asterisk(instance, configure=write_least, die_with_parent=True)
    try:
        assert first.ensure_running()
        before = first.running()
        assert not second.ensure_running()
        assert second.running() == before
        assert before is not None
        os.kill(before.pid, 9)
        assert before.wait(5)
        assert second.ensure_running()
        assert json.loads(second.record_file.read_text())["boot"] == "b2"
    finally:
        second.stop()


def test_an_asterisk_that_cannot_start_says_why(instance: Instance) -> None:
    def write_broken(instance: Instance, boot: Boot) -> list[str]:
        names = write_least(instance, boot)
        (instance.layout.asterisk_etc / "modules.conf").write_text("[modules]\nautoload=no\nrequire = no_such.so\n")
        return names

    begun = time.monotonic()
    asterisk = Asterisk(instance, configure=write_broken, die_with_parent=True)
    with pytest.raises(NoAsterisk, match=r"no_such"):
        asterisk.ensure_running()
    assert asterisk.running() is None
    assert time.monotonic() - begun < 20


def test_no_way_at_all_lists_the_refusals(instance: Instance) -> None:
    with pytest.raises(NoAsterisk, match=r"no way to run Asterisk works here"):
        Asterisk(instance, configure=write_least, ways=("native",)).ensure_running()
