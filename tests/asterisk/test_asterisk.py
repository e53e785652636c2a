"""Asterisk of an instance: run in each way for real, found again, numbered, stopped."""

import json
import os
import socket
import time
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from callcenter.asterisk import launch_methods
from callcenter.asterisk.asterisk import Asterisk, BootParameters
from callcenter.asterisk.launch_methods import AsteriskLaunchFailed
from callcenter.instance.instance import Instance, open_instance
from callcenter.settings import Settings, TelephonySettings

MODULES = (
    "res_sorcery_config", "res_sorcery_memory", "res_http_websocket", "res_websocket_client", "res_stasis",
    "res_ari", "res_ari_model", "res_ari_asterisk",
    "res_timing_timerfd", "pbx_config",
)  # fmt: skip


def write_least(instance: Instance, boot: BootParameters) -> list[str]:
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


def test_a_new_address_waits_for_the_next_start_and_says_so(instance: Instance) -> None:
    elsewhere = Settings(telephony=TelephonySettings(bind_address=IPv4Address("127.0.0.2")))
    said: list[str] = []
    first = Asterisk(instance, configure=write_least, die_with_parent=True)
    second = Asterisk(replace(instance, settings=elsewhere), configure=write_least, progress=said.append)
    try:
        first.ensure_running()
        first.refresh()
        second.refresh()
        assert any(f"остаётся на 127.0.0.1:{instance.ports.sip}, на 127.0.0.2" in line for line in said)
    finally:
        first.stop()


def test_an_asterisk_that_cannot_start_says_why(instance: Instance) -> None:
    def write_broken(instance: Instance, boot: BootParameters) -> list[str]:
        names = write_least(instance, boot)
        (instance.layout.asterisk_etc / "modules.conf").write_text("[modules]\nautoload=no\nrequire = no_such.so\n")
        return names

    begun = time.monotonic()
    asterisk = Asterisk(instance, configure=write_broken, die_with_parent=True)
    with pytest.raises(AsteriskLaunchFailed, match=r"no_such"):
        asterisk.ensure_running()
    assert asterisk.running() is None
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(("kind", "port"), [("SOCK_DGRAM", "sip"), ("SOCK_STREAM", "asterisk_http")])
def test_a_port_of_somebody_else_is_named_before_anything_is_started(instance: Instance, kind: str, port: str) -> None:
    with socket.socket(socket.AF_INET, getattr(socket, kind)) as stranger:
        stranger.bind(("127.0.0.1", 0))
        number = stranger.getsockname()[1]
        robbed = replace(instance, ports=replace(instance.ports, **{port: number}))
        with pytest.raises(AsteriskLaunchFailed, match=rf"{number}/(udp|tcp) is taken by another program"):
            Asterisk(robbed, configure=write_least, die_with_parent=True).ensure_running()
    assert not (instance.layout.home / "boots").exists()


def test_an_address_that_is_not_ours_is_named(instance: Instance) -> None:
    elsewhere = Settings(telephony=TelephonySettings(bind_address=IPv4Address("192.0.2.1")))
    with pytest.raises(AsteriskLaunchFailed, match=r"no address 192\.0\.2\.1; mend bind_address"):
        Asterisk(replace(instance, settings=elsewhere), configure=write_least).ensure_running()


def test_the_machines_own_asterisk_is_used_unless_it_is_too_old(
    instance: Instance, homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program on the PATH that tells its version, and nothing more."""
    native = homes / "bin" / "asterisk"
    native.parent.mkdir()
    modules = homes / "usr" / "lib" / "asterisk" / "modules"
    modules.mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{native.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(launch_methods, "NATIVE_PREFIX", homes / "usr")
    said: list[str] = []
    asterisk = Asterisk(instance, ways=("native",), progress=said.append)
    for version, refused in (("20.9.1", True), ("22.7.0", True), ("22.8.0", False), ("23.0.0", False)):
        native.write_text(f'#!/bin/sh\necho "Asterisk {version}"\n')
        native.chmod(0o755)
        if refused:
            with pytest.raises(AsteriskLaunchFailed, match=rf"version {version} is older than 22\.8"):
                asterisk.choose()
        else:
            way = asterisk.choose()
            assert (way.name, way.version, way.program, way.module_directory) == (
                "native", version, (str(native),), modules,
            )  # fmt: skip
            assert not way.tested


def test_a_version_nobody_has_tested_is_used_with_a_warning(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch_methods, "TESTED", ("18.0.0",))
    said: list[str] = []
    asterisk = Asterisk(instance, configure=write_least, die_with_parent=True, progress=said.append)
    try:
        assert asterisk.ensure_running()
        assert any("ВНИМАНИЕ: версия 22." in line for line in said)
        assert json.loads(asterisk.record_file.read_text())["tested"] is False
        assert asterisk.describe().endswith("(bubblewrap)")
    finally:
        asterisk.stop()


def test_no_way_at_all_lists_the_refusals(instance: Instance) -> None:
    with pytest.raises(AsteriskLaunchFailed, match=r"no way to run Asterisk works here"):
        Asterisk(instance, configure=write_least, ways=("native",)).ensure_running()
