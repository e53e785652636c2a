"""Launch methods for Asterisk under an unprivileged user, in order of preference; each is tested before it is chosen.

1. `native`: the machine's own Asterisk, 22.8 or later (the first release with JSON messages in chan_websocket);
2. `bubblewrap`: the Debian root's Asterisk in a mount namespace that shows little besides the root's files;
3. `loader`: the same Asterisk started by the root's own dynamic loader, for machines that allow no namespaces;
4. `chroot`: the same Asterisk by `unshare` and `chroot`, for the user root only.

With every method, the instance's Asterisk directory has the same absolute path, so the rendered configuration
differs only in the module directory.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from callcenter.asterisk.debian_root import ensure_root
from callcenter.core.errors import CallcenterError
from callcenter.core.progress import Progress
from callcenter.instance.processes import run_quietly
from callcenter.instance.service_user import ServiceUser
from callcenter.layout import Layout

OLDEST = (22, 8)
"""Oldest accepted version of Asterisk."""
TESTED = ("22.10.1",)
"""Versions that have passed the live tests; any other version is used with a warning."""

NATIVE_PREFIX = Path("/usr")
"""Prefix of the modules and shared files of the machine's own Asterisk."""

LAUNCH_METHODS = ("native", "bubblewrap", "loader", "chroot")

_EMPTY = ("/tmp", "/run", "/var/tmp")  # noqa: S108 - private empty tmpfs mounts inside the namespace
_SHARED = ("documentation", "rest-api", "static-http", "phoneprov", "firmware")
"""Directories of Asterisk's package that must appear in its data directory."""


class AsteriskLaunchFailed(CallcenterError):
    """Asterisk cannot be run."""


@dataclass(frozen=True, slots=True)
class LaunchMethod:
    """A launch method that works on this machine. `version` comes from `asterisk -V`, e.g. `22.10.1+dfsg…`.

    `wrap(words, tied)` returns the command that runs `words`, whose absolute paths are those inside the launch
    method's file system; with `tied`, the command ends together with its parent.
    """

    name: str
    version: str
    program: tuple[str, ...]
    module_directory: Path
    shared_directory: Path
    wrap: Callable[[list[str], bool], list[str]]

    @property
    def tested(self) -> bool:
        return re.split(r"[^0-9.]", self.version)[0] in TESTED

    def link_data(self, layout: Layout) -> None:
        """Links this method's shared files into Asterisk's data directory.

        Among them is Asterisk's documentation, without which Asterisk does not start.
        """
        for name in _SHARED:
            link = layout.sounds.parent / name
            if link.is_symlink() or link.exists():
                link.unlink()
            link.symlink_to(self.shared_directory / name)


@dataclass(frozen=True, slots=True)
class _Offer:
    """A launch method before its trial; the version of Asterisk is not known yet."""

    name: str
    program: tuple[str, ...]
    module_directory: Path
    shared_directory: Path
    wrap: Callable[[list[str], bool], list[str]]


def choose_launch_method(
    layout: Layout, user: ServiceUser, *, progress: Progress, allowed: tuple[str, ...] = LAUNCH_METHODS
) -> LaunchMethod:
    """Returns the first of the `allowed` methods that runs Asterisk on this machine.

    Builds the Debian root when a method needs it. Raises AsteriskLaunchFailed when no method works; its message gives
    the reason for each.
    """
    refusals = []
    for offer in _offers(layout, user, allowed, progress):
        # The probe checks write access to Asterisk's run directory and loads the libraries Asterisk links to.
        probe = f'test -w "{layout.asterisk}/run" && exec "$@" -V'
        tried = run_quietly(offer.wrap(["/bin/sh", "-c", probe, "probe", *offer.program], False), seconds=30.0)
        found = re.match(r"Asterisk (\S+)", tried.stdout)
        if tried.returncode != 0 or found is None:
            refusals.append(f"{offer.name}: {(tried.stderr or tried.stdout).strip() or f'exit {tried.returncode}'}")
        elif _number(found.group(1)) < OLDEST:
            refusals.append(f"{offer.name}: version {found.group(1)} is older than {'.'.join(map(str, OLDEST))}")
        else:
            for refusal in refusals:
                progress(f"Asterisk: не подошло: {refusal}")
            return LaunchMethod(
                name=offer.name,
                version=found.group(1),
                program=offer.program,
                module_directory=offer.module_directory,
                shared_directory=offer.shared_directory,
                wrap=offer.wrap,
            )
    raise AsteriskLaunchFailed("no way to run Asterisk works here:\n  " + "\n  ".join(refusals or ["none was allowed"]))


def _offers(layout: Layout, user: ServiceUser, allowed: tuple[str, ...], progress: Progress) -> Iterator[_Offer]:
    if "native" in allowed:
        native = shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        modules = next(iter(sorted(NATIVE_PREFIX.glob("lib*/**/asterisk/modules"))), None) if native else None
        if native and modules:
            shared = NATIVE_PREFIX / "share" / "asterisk"
            yield _Offer(
                "native",
                (native,),
                modules,
                shared if shared.exists() else Path("/var/lib/asterisk"),
                lambda words, tied: _as_user(user, words, tied=tied),
            )
    if not set(allowed) - {"native"}:
        return
    root = ensure_root(progress)
    inside = Path("/", (_modules(root)).relative_to(root))
    program = ("/usr/sbin/asterisk",)
    if "bubblewrap" in allowed and shutil.which("bwrap"):
        yield _Offer(
            "bubblewrap",
            program,
            inside,
            Path("/usr/share/asterisk"),
            lambda words, tied: user.command(_bubblewrap(root, layout, words, tied=tied)),
        )
    loader = next(iter(sorted(root.glob("usr/lib*/ld-linux*.so.*"))), None)
    if "loader" in allowed and loader is not None:
        libraries = f"{_modules(root).parent.parent}:{root}/usr/lib"
        yield _Offer(
            "loader",
            (str(loader), "--library-path", libraries, f"{root}/usr/sbin/asterisk"),
            _modules(root),
            root / "usr/share/asterisk",
            lambda words, tied: _as_user(user, words, tied=tied),
        )
    if "chroot" in allowed and user.drops:
        yield _Offer(
            "chroot",
            program,
            inside,
            Path("/usr/share/asterisk"),
            lambda words, tied: _chroot(root, layout, _as_user(user, words, tied=tied)),
        )


def _as_user(user: ServiceUser, words: list[str], *, tied: bool) -> list[str]:
    """Lets `setpriv` set the parent-death signal after changing the user: a later change would clear the signal."""
    death = ["--pdeathsig=KILL"] if tied else []
    if user.drops:
        return ["setpriv", *death, f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups", "--", *words]
    return ["setpriv", *death, "--", *words] if tied else words


def _bubblewrap(root: Path, layout: Layout, words: list[str], *, tied: bool) -> list[str]:
    """Binds parts of the Debian root into a new tree, so that the instance can be mounted at any path.

    Process ids stay those of the host, because the pid file is written inside and read outside.
    """
    return [
        "bwrap",
        "--ro-bind", f"{root}/usr", "/usr",
        *(part for name in ("bin", "sbin", "lib", "lib64") if (root / name).is_symlink()
          for part in ("--symlink", os.readlink(root / name), f"/{name}")),
        "--ro-bind", f"{root}/etc", "/etc",
        "--dev", "/dev", "--proc", "/proc",
        *(part for path in _EMPTY for part in ("--tmpfs", path)),
        *(part for file in ("hosts", "resolv.conf", "localtime") if (root / "etc" / file).exists()
          for part in ("--ro-bind-try", f"/etc/{file}", f"/etc/{file}")),
        "--bind", str(layout.asterisk), str(layout.asterisk),
        "--ro-bind", str(layout.prompts), str(layout.prompts),
        "--chdir", "/",
        *(["--die-with-parent"] if tied else []),
        *words,
    ]  # fmt: skip


def _chroot(root: Path, layout: Layout, words: list[str]) -> list[str]:
    """Mounts the instance into the Debian root; only this Asterisk sees the mounts. Empty mount points remain there."""
    empty = "\n".join(f'mount -t tmpfs tmpfs "{root}{path}"' for path in _EMPTY)
    mounts = "\n".join(
        f'mkdir -p "{root}{path}"; mount --bind "{path}" "{root}{path}"' for path in (layout.asterisk, layout.prompts)
    )
    script = (
        f'set -e\nmount -t proc proc "{root}/proc"; mount --rbind /dev "{root}/dev"\n{empty}\n{mounts}\n'
        f'exec chroot "{root}" "$@"'
    )
    return ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, "chroot", *words]


def _modules(root: Path) -> Path:
    found = sorted(root.glob("usr/lib/*/asterisk/modules"))
    if not found:
        raise AsteriskLaunchFailed(f"{root} holds no Asterisk modules; remove it, and it is built again")
    return found[0]


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
