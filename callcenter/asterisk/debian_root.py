"""Builds a minimal Debian root file system with Asterisk, for Debian releases that have no Asterisk package.

mmdebstrap builds the root from Debian testing, or from sid when testing lacks the package. The root is cached outside
the work tree and used read-only. Signatures are always checked; only a Release file outside its validity period is
accepted, with a warning, because mirrors often lag behind.
"""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callcenter.core.errors import CallcenterError
from callcenter.core.progress import Progress

SUITES = ("testing", "sid")
_PACKAGES = "ca-certificates,asterisk"
_SPARE = ("usr/share/man", "usr/share/locale", "usr/share/info")
"""Directories left out of the root to keep it small."""
_EXPIRED = re.compile(r"Release file .*(is expired|is not valid yet|expired since)", re.IGNORECASE)
"""Error of apt: the mirror's Release file is outside its validity period."""
_LACKING = re.compile(r"(Unable to locate package|no installation candidate|has unmet dependencies)", re.IGNORECASE)
"""Error of apt: the suite has no installable package asterisk."""
_LENIENT = ('Acquire::Check-Valid-Until "false"', 'Acquire::Check-Date "false"')
"""apt options that accept a Release file outside its validity period; signatures are still checked."""


class RootBuildFailed(CallcenterError):
    """The Debian root with Asterisk could not be built."""


def cached_root() -> Path:
    """Path of the root, built or not: below `/var/cache/callcenter` for the user root or when it exists there, else in
    the user's cache."""
    shared = Path("/var/cache/callcenter/asterisk-root")
    if os.geteuid() == 0 or shared.exists():
        return shared
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "callcenter" / "asterisk-root"


def ensure_root(progress: Progress) -> Path:
    """Returns the path of the root and builds it when missing; a lock keeps two processes from building it at once.

    Raises RootBuildFailed.
    """
    root = cached_root()
    if not root.exists():
        with _alone(root):
            if not root.exists():
                _build(root, progress)
    return root


def renew_root(progress: Progress) -> Path:
    """Builds the root again, with the newest Asterisk of Debian testing, for the next start.

    The previous root is kept as `asterisk-root.old`, and a running Asterisk continues in it. Raises RootBuildFailed;
    the previous root then stays in use.
    """
    root = cached_root()
    with _alone(root):
        _build(root, progress)
    return root


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_name("asterisk-root.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(root: Path, progress: Progress) -> None:
    if shutil.which("mmdebstrap") is None:
        raise RootBuildFailed("mmdebstrap is not installed; run deploy/bootstrap.sh")
    making = root.with_name("asterisk-root.making")
    for suite in SUITES:
        shutil.rmtree(making, ignore_errors=True)  # left by an interrupted build: the lock excludes a parallel one
        making.mkdir()
        progress(f"Asterisk: готовлю корень Debian {suite} (около 170 МБ из сети, полминуты работы)")
        complaint = _bootstrap(suite, making, lenient=False)
        if complaint and _EXPIRED.search(complaint):
            progress(
                f"Asterisk: ВНИМАНИЕ: у Debian {suite} истёк срок файла Release; подпись проверяется и так, "
                "но на этом зеркале могут быть не самые новые пакеты"
            )
            complaint = _bootstrap(suite, making, lenient=True)
        if not complaint:
            _finish(making)
            if root.exists():
                old = root.with_name("asterisk-root.old")
                shutil.rmtree(old, ignore_errors=True)
                root.rename(old)
            making.rename(root)
            shutil.rmtree(root.with_name("asterisk-root.tmp"), ignore_errors=True)
            return
        if not _LACKING.search(complaint):
            raise RootBuildFailed(f"mmdebstrap failed for Debian {suite}:\n{_tail(complaint)}")
        progress(f"Asterisk: в Debian {suite} пакета asterisk сейчас нет")
    raise RootBuildFailed(
        f"no Debian suite of {', '.join(SUITES)} has an installable package asterisk:\n{_tail(complaint)}"
    )


def _bootstrap(suite: str, target: Path, *, lenient: bool) -> str:
    """Builds the root in `target`; returns an empty string, or mmdebstrap's log when the build failed.

    With `lenient`, a Release file outside its validity period is accepted. mmdebstrap writes a tar archive, so that an
    ordinary user owns the extracted files and can delete them.
    """
    words = [
        "mmdebstrap", "--variant=minbase", "--format=tar", f"--include={_PACKAGES}",
        '--aptopt=APT::Install-Recommends "false"', '--aptopt=APT::Install-Suggests "false"',
        '--aptopt=Acquire::Retries "5"',
        *(f"--aptopt={option}" for option in (*_LENIENT,) if lenient),
        *(f"--aptopt={option}" for option in _proxies()),
        *(f"--dpkgopt=path-exclude=/{path}/*" for path in _SPARE),
        suite, "-",
    ]  # fmt: skip
    archive = ["tar", "--extract", "--directory", str(target), "--no-same-owner", "--exclude=./dev/*"]
    environment = os.environ | {"TMPDIR": str(_workshop(target)), "LC_ALL": "C.UTF-8"}
    with (
        target.with_name("asterisk-root.log").open("w+", encoding="utf-8", errors="replace") as log,
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, env=environment, cwd="/") as build,
    ):
        extracted = subprocess.run(archive, stdin=build.stdout, stderr=log, check=False, cwd="/")
        if build.stdout:
            build.stdout.close()  # after a failure of tar, mmdebstrap must not wait for a reader
        built = build.wait()
        log.seek(0)
        return "" if built == 0 and extracted.returncode == 0 else log.read() or f"mmdebstrap exited with {built}"


def _workshop(target: Path) -> Path:
    """Returns mmdebstrap's temporary directory: not /tmp, which may be in memory, as a killed build leaves 300 MB.

    An ordinary user's build runs under other user ids of a user namespace, which may not be able to enter the home
    directory; it uses /var/tmp.
    """
    if os.geteuid() != 0:
        return Path("/var/tmp")  # noqa: S108
    directory = target.with_name("asterisk-root.tmp")
    shutil.rmtree(directory, ignore_errors=True)  # left by an interrupted build: the lock excludes a parallel one
    directory.mkdir(mode=0o711)
    return directory


def _finish(making: Path) -> None:
    """Creates the files that a launch method mounts over, and lets ordinary users enter the root.

    Raises RootBuildFailed when the root holds no Asterisk.
    """
    for name in ("hosts", "resolv.conf", "localtime"):
        (making / "etc" / name).unlink(missing_ok=True)
        (making / "etc" / name).touch(mode=0o644)
    making.chmod(0o755)
    if not (making / "usr/sbin/asterisk").exists():
        raise RootBuildFailed("the Debian root was built but holds no asterisk")


def _proxies() -> list[str]:
    """Returns apt options with the host's proxies, because mmdebstrap ignores the host's apt settings."""
    try:
        dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return []
    return [
        line.removesuffix(";")
        for line in dump.stdout.splitlines()
        if re.match(r"Acquire::https?::(.+::)?Proxy ", line, re.IGNORECASE) and '""' not in line
    ]


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-15:])
