"""Finds or creates the instance of this work tree: its home directory, ports and secrets."""

import errno
import fcntl
import hashlib
import json
import os
import re
import socket
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path

from callcenter.core.errors import CallcenterError
from callcenter.instance.secrets import Secrets, ensure_secrets
from callcenter.instance.service_user import service_user
from callcenter.layout import Layout, Ports
from callcenter.settings import TREE, Settings, read_settings

_BLOCKS = 30
_METRICS = 9410
_RTP_FIRST = 20000
_RTP_BLOCK = 400
_RTP_LAST = 32767  # above are the kernel's ephemeral ports
_PORTS_A_CALL = 4  # RTP and RTCP for the caller's and the queue member's leg


class InstanceHomeUnavailable(CallcenterError):
    """The home directory or the ports of the instance cannot be used."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A centre on this machine, running or not."""

    settings: Settings
    layout: Layout
    ports: Ports
    secrets: Secrets


def open_instance(*, home: Path | None = None, settings: Settings | None = None) -> Instance:
    """Opens the instance of this work tree; creates its directories, ports and secrets when they are missing.

    `home` defaults to find_home(), `settings` to read_settings(). Raises InstanceHomeUnavailable, BrokenSettings,
    BrokenSecrets.
    """
    settings = settings or read_settings()
    layout = Layout(home or find_home())
    prepare_directories(layout)
    # Tests pass `home`, and many of them may choose ports at once: each begins at the block given by its path.
    first = zlib.crc32(os.fsencode(home)) % _BLOCKS if home else 0
    ports = ensure_ports(layout, calls=settings.telephony.max_calls, first=first)
    secrets = ensure_secrets(layout, dispatchers=settings.queue.dispatchers)
    return Instance(settings=settings, layout=layout, ports=ports, secrets=secrets)


def find_home() -> Path:
    """Returns `$CALLCENTER_HOME`, else a directory named after the work tree.

    That directory is in `/var/lib/callcenter` for root, in `$XDG_DATA_HOME/callcenter` for other users.
    """
    chosen = os.environ.get("CALLCENTER_HOME")
    if chosen:
        return Path(chosen).absolute()
    name = re.sub(r"[^a-z0-9]+", "-", TREE.name.lower()).strip("-")[:20] or "tree"
    return _homes() / f"{name}-{_tree_mark()}"


def test_home() -> Path:
    """Home directory of this work tree's tests, beside the default home of the instance."""
    return _homes() / f"test-{_tree_mark()}"


test_home.__test__ = False  # type: ignore[attr-defined]  # pytest would collect a function of this name


def prepare_directories(layout: Layout) -> None:
    """Creates the directories of an instance with their owners and modes; idempotent.

    The service user owns what PostgreSQL and Asterisk write, the user who starts the centre the rest. Raises
    InstanceHomeUnavailable.
    """
    user = service_user()
    try:
        layout.home.mkdir(parents=True, exist_ok=True)
        layout.home.chmod(0o711 if user.drops else 0o700)
        for path in (layout.log_directory, layout.pid_directory, layout.journal, layout.prompts):
            path.mkdir(exist_ok=True)
            path.chmod(0o755 if path == layout.prompts else 0o700)
        for path in (
            layout.socket_directory,
            layout.asterisk,
            layout.asterisk_etc,
            layout.asterisk_logs,
            layout.asterisk / "run",
            layout.asterisk / "db",
            layout.asterisk / "cache",
            layout.asterisk / "spool",
            layout.raw_recordings,
            layout.studio_takes,
            layout.sounds.parent,
            layout.sounds,
            layout.music_on_hold,
        ):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o700)
            user.own(path)
    except OSError as error:
        raise InstanceHomeUnavailable(
            f"{error.filename}: {error.strerror}; set CALLCENTER_HOME to a directory you may write"
        ) from error
    closed = [path for path in layout.home.parents if user.drops and not path.stat().st_mode & stat.S_IXOTH]
    if closed:
        raise InstanceHomeUnavailable(
            f"{closed[-1]}: user «{user.name}», who runs PostgreSQL and Asterisk, cannot enter it; "
            "set CALLCENTER_HOME to a directory below /var/lib/callcenter"
        )


def ensure_ports(layout: Layout, *, calls: int, first: int = 0) -> Ports:
    """Returns the ports of the instance, which are chosen once and stored in `HOME/ports.json`.

    A block of ports is taken when no sibling instance keeps it, running or not, and when all of it can be
    bound now; `first` is the block to begin with. `calls` sizes the RTP range: a kept range that has become too small
    grows, or moves where it cannot grow; the other ports stay. Raises InstanceHomeUnavailable when no block is free.
    """
    with _alone(layout.home.parent / ".ports.lock"):
        siblings = [_read_ports(file) for file in layout.home.parent.glob("*/ports.json") if file != layout.ports_file]
        if layout.ports_file.exists():
            kept = _read_ports(layout.ports_file)
            fitting = _fit_rtp(kept, calls, siblings)
            if fitting != kept:
                _write_ports(layout, fitting)
            return fitting
        for number in (*range(first, _BLOCKS), *range(first)):
            ports = _block(number, calls)
            if ports.rtp_end <= _RTP_LAST and not any(_overlap(ports, other) for other in siblings) and _free(ports):
                _write_ports(layout, ports)
                return ports
    raise InstanceHomeUnavailable(f"no block of free ports is left; remove old instances from {layout.home.parent}")


def describe_port_conflict(address: str, port: int, kind: socket.SocketKind) -> str:
    """Returns why a program cannot listen on the port now; an empty string when it can."""
    name = f"{address}:{port}/{'udp' if kind is socket.SOCK_DGRAM else 'tcp'}"
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:  # else TIME_WAIT of a closed connection would count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"{name} is taken by another program (ss -lntup names it)"
            if error.errno == errno.EADDRNOTAVAIL:
                return f"{name}: this machine has no address {address}; mend bind_address in the settings"
            return f"{name}: {error.strerror}"
    return ""


def suggest_port_change(layout: Layout) -> str:
    """Advice for a person when a port is taken."""
    return f"end that program; or stop the centre, remove {layout.ports_file} and run it again: it chooses other ports"


def address_for_people(bound: IPv4Address) -> str:
    """The address that people enter to reach a program bound to `bound`; for 0.0.0.0, an address of this machine."""
    if not bound.is_unspecified:
        return str(bound)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; the kernel chooses the source address
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])


def _homes() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/callcenter")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "callcenter"


def _tree_mark() -> str:
    return hashlib.sha256(os.fsencode(TREE)).hexdigest()[:8]


def _block(number: int, calls: int) -> Ports:
    start = _RTP_FIRST + _RTP_BLOCK * number
    return Ports(
        sip=5060 + 10 * number,
        asterisk_http=8088 + 10 * number,
        ami=5038 + 10 * number,
        desk=8080 + 10 * number,
        postgres=54320 + 10 * number,
        rtp_start=start,
        rtp_end=start + max(_RTP_BLOCK, _PORTS_A_CALL * calls) - 1,
        metrics=_METRICS + 10 * number,
    )


def _single(ports: Ports) -> set[int]:
    return {ports.sip, ports.asterisk_http, ports.ami, ports.desk, ports.postgres, ports.metrics}


def _overlap(one: Ports, other: Ports) -> bool:
    return bool(_single(one) & _single(other)) or (one.rtp_start <= other.rtp_end and other.rtp_start <= one.rtp_end)


def _free(ports: Ports) -> bool:
    """Whether every port can be bound on 0.0.0.0 now, except the PostgreSQL port, which only names a UNIX socket."""
    stream = (ports.sip, ports.asterisk_http, ports.ami, ports.desk, ports.metrics)
    datagram = (ports.sip, *range(ports.rtp_start, ports.rtp_end + 1))
    everywhere = "0.0.0.0"  # noqa: S104 - bound for an instant, as a test
    return not any(describe_port_conflict(everywhere, port, socket.SOCK_STREAM) for port in stream) and not any(
        describe_port_conflict(everywhere, port, socket.SOCK_DGRAM) for port in datagram
    )


def _read_ports(file: Path) -> Ports:
    try:
        ports = Ports(**json.loads(file.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise InstanceHomeUnavailable(f"{file}: {error}; remove the file and ports are chosen anew") from error
    if ports.metrics:
        return ports
    block = _block(0, calls=0)  # a file from before metrics: use the port of its block
    return replace(ports, metrics=block.metrics + ports.desk - block.desk)


def _write_ports(layout: Layout, ports: Ports) -> None:
    fresh = layout.ports_file.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(ports), indent=2) + "\n", encoding="utf-8")
    fresh.replace(layout.ports_file)


def _fit_rtp(kept: Ports, calls: int, siblings: list[Ports]) -> Ports:
    """The kept ports with an RTP range for so many calls: as it is, longer, or elsewhere.

    Growing in place is preferred, because a firewall may name the range. Ports that the range has already are not
    tried: our own Asterisk may be using them.
    """
    wanted = _PORTS_A_CALL * calls
    if kept.rtp_end - kept.rtp_start + 1 >= wanted:
        return kept
    grown = replace(kept, rtp_end=kept.rtp_start + wanted - 1)
    if _is_rtp_free(grown, range(kept.rtp_end + 1, grown.rtp_end + 1), siblings):
        return grown
    for start in range(_RTP_FIRST, _RTP_LAST, _RTP_BLOCK):
        moved = replace(kept, rtp_start=start, rtp_end=start + wanted - 1)
        if _is_rtp_free(moved, range(moved.rtp_start, moved.rtp_end + 1), siblings):
            return moved
    raise InstanceHomeUnavailable(
        f"telephony.max_calls = {calls} needs {wanted} free UDP ports in a row between {_RTP_FIRST} and {_RTP_LAST} "
        "(four a call), and there are none; lower it, or remove old instances beside this one"
    )


def _is_rtp_free(ports: Ports, new: range, siblings: list[Ports]) -> bool:
    everywhere = "0.0.0.0"  # noqa: S104 - bound for an instant, to see that nobody else is
    return (
        ports.rtp_end <= _RTP_LAST
        and not any(ports.rtp_start <= other.rtp_end and other.rtp_start <= ports.rtp_end for other in siblings)
        and not any(describe_port_conflict(everywhere, port, socket.SOCK_DGRAM) for port in new)
    )


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
