"""Two instances on one machine do not collide, and keep what they were given."""

import json
import socket
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from callcenter.instance.instance import (
    InstanceHomeUnavailable,
    address_for_people,
    ensure_ports,
    open_instance,
    prepare_directories,
)
from callcenter.layout import Layout, Ports
from callcenter.settings import QueueSettings, Settings, TelephonySettings


def all_ports(ports: Ports) -> set[int]:
    return {
        ports.sip, ports.asterisk_http, ports.ami, ports.desk, ports.postgres, ports.metrics,
        *range(ports.rtp_start, ports.rtp_end + 1),
    }  # fmt: skip


def test_siblings_get_different_ports_and_keep_them(homes: Path) -> None:
    one = open_instance(home=homes / "one", settings=Settings())
    two = open_instance(home=homes / "two", settings=Settings())
    assert not all_ports(one.ports) & all_ports(two.ports)
    assert open_instance(home=homes / "one", settings=Settings()).ports == one.ports
    assert open_instance(home=homes / "two", settings=Settings()).ports == two.ports


def test_a_port_somebody_listens_on_is_passed_over(homes: Path) -> None:
    first = open_instance(home=homes / "one", settings=Settings()).ports
    (homes / "one" / "ports.json").unlink()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as busy:
        busy.bind(("127.0.0.1", first.sip))
        assert open_instance(home=homes / "one", settings=Settings()).ports.sip != first.sip


def test_the_ports_of_a_running_instance_are_kept(homes: Path) -> None:
    kept = open_instance(home=homes / "one", settings=Settings()).ports
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind(("127.0.0.1", kept.sip))
        assert open_instance(home=homes / "one", settings=Settings()).ports == kept


def with_calls(max_calls: int) -> Settings:
    return Settings(telephony=TelephonySettings(max_calls=max_calls))


def test_the_rtp_range_grows_with_the_calls_and_everything_else_stays(homes: Path) -> None:
    before = open_instance(home=homes / "one", settings=Settings()).ports
    after = open_instance(home=homes / "one", settings=with_calls(120)).ports
    assert after == replace(before, rtp_end=before.rtp_start + 479)
    assert open_instance(home=homes / "one", settings=Settings()).ports == after, "and does not shrink again"


def test_a_range_that_cannot_grow_moves_alone(homes: Path) -> None:
    before = open_instance(home=homes / "one", settings=Settings()).ports
    other = open_instance(home=homes / "two", settings=Settings()).ports
    after = open_instance(home=homes / "one", settings=with_calls(300)).ports
    assert after == replace(before, rtp_start=after.rtp_start, rtp_end=after.rtp_end)
    assert after.rtp_end - after.rtp_start + 1 >= 1200
    assert not all_ports(after) & all_ports(other)


def test_more_calls_than_there_are_ports_are_refused_with_the_number_to_lower(homes: Path) -> None:
    open_instance(home=homes / "one", settings=Settings())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as busy:
        busy.bind(("127.0.0.1", 26_000))  # in the middle: no 8,000 in a row are left
        with pytest.raises(InstanceHomeUnavailable, match=r"max_calls = 2000 needs 8000"):
            ensure_ports(Layout(homes / "one"), calls=2000)


def test_ports_kept_before_there_were_metrics_get_their_block_s_own(homes: Path) -> None:
    one, two = (open_instance(home=homes / name, settings=Settings()) for name in ("one", "two"))
    for instance in (one, two):
        kept = json.loads(instance.layout.ports_file.read_text())
        del kept["metrics"]
        instance.layout.ports_file.write_text(json.dumps(kept))
        assert ensure_ports(instance.layout, calls=30) == instance.ports


def test_people_are_told_an_address_they_can_enter() -> None:
    assert address_for_people(IPv4Address("192.0.2.7")) == "192.0.2.7"
    everywhere = address_for_people(IPv4Address("0.0.0.0"))  # noqa: S104
    assert everywhere
    assert everywhere != "0.0.0.0"  # noqa: S104


def test_a_spoilt_ports_file_is_named(homes: Path) -> None:
    layout = Layout(homes / "one")
    prepare_directories(layout)
    layout.ports_file.write_text("{")
    with pytest.raises(InstanceHomeUnavailable, match=r"ports\.json"):
        ensure_ports(layout, calls=30)


def test_a_home_the_service_user_cannot_enter_is_refused(homes: Path) -> None:
    closed = homes / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(InstanceHomeUnavailable, match=r"closed.*cannot enter"):
        open_instance(home=closed / "one", settings=Settings())


def test_secrets_are_private_random_and_stable(homes: Path) -> None:
    settings = Settings(queue=QueueSettings(dispatchers=2))
    first = open_instance(home=homes / "one", settings=settings)
    other = open_instance(home=homes / "two", settings=settings)
    assert first.layout.secrets_file.stat().st_mode & 0o777 == 0o600
    assert open_instance(home=homes / "one", settings=settings).secrets == first.secrets
    assert first.secrets.ari_password != other.secrets.ari_password
    words = [first.secrets.ari_password, first.secrets.ami_password, first.secrets.resident.password]
    words += [device.password for device in first.secrets.devices]
    words += [account.password for account in first.secrets.web_accounts]
    assert len(set(words)) == len(words)


def test_a_device_is_not_called_like_its_extension(homes: Path) -> None:
    secrets = open_instance(home=homes / "one", settings=Settings(queue=QueueSettings(dispatchers=3))).secrets
    assert [device.extension for device in secrets.devices] == ["201", "202", "203"]
    for device in (*secrets.devices, secrets.resident):
        assert device.extension not in device.name
    assert [account.role.value for account in secrets.web_accounts] == [
        "administrator", "director", "dispatcher", "dispatcher", "dispatcher",
    ]  # fmt: skip
    assert [account.interface for account in secrets.web_accounts][2:] == [
        f"PJSIP/{device.name}" for device in secrets.devices
    ]


def test_more_dispatchers_leave_the_first_ones_alone_and_fewer_lose_nothing(homes: Path) -> None:
    def devices(number: int) -> list[str]:
        settings = Settings(queue=QueueSettings(dispatchers=number))
        secrets = open_instance(home=homes / "one", settings=settings).secrets
        assert sum(account.interface is not None for account in secrets.web_accounts) == number
        return [device.name for device in secrets.devices]

    two, four = devices(2), devices(4)
    assert four[:2] == two
    assert devices(1) == two[:1]
    assert devices(4) == four


def test_nothing_secret_is_readable_by_others(homes: Path) -> None:
    layout = open_instance(home=homes / "one", settings=Settings()).layout
    secret = json.dumps(str(layout.secrets_file.read_text().split('"')[1]))[1:-1]
    for file in layout.home.rglob("*"):
        if file.is_file() and secret in file.read_text(errors="replace"):
            assert file.stat().st_mode & 0o077 == 0, file
    for directory in (layout.asterisk_etc, layout.asterisk, layout.pid_directory, layout.log_directory, layout.journal):
        assert directory.stat().st_mode & 0o077 == 0, directory
