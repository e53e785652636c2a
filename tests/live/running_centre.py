"""A whole centre of the tests' own: a copy of the work tree, a home, ports, and all its programs, started as people do.

The copy lets a test break a script or the dialplan without harm to anybody; nothing of it is a stand-in.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from callcenter.asterisk.asterisk import Asterisk
from callcenter.instance.instance import Instance, open_instance, prepare_directories, test_home
from callcenter.instance.processes import RunningProcess, find_running, record_self
from callcenter.layout import Layout
from callcenter.operations.postgres import PostgresCluster
from callcenter.operations.supervisor import CLERK, CONTROLLER, DESK, SUPERVISOR
from callcenter.settings import TREE, read_settings
from tests.live.records import Ledger

TRUNK_ADDRESS = "127.0.0.2"
LINES = 20
"""How many calls the centre takes at once."""
SETTINGS = f"""
[telephony]
max_calls = {LINES}

[telephony.trunk]
kind = "address"
host = "{TRUNK_ADDRESS}"
port = 5999
addresses = ["{TRUNK_ADDRESS}/32"]

[queue]
dispatchers = 4
ring_seconds = 5
wrap_up_seconds = 1
callback_after_seconds = 9
longest_wait_seconds = 30
position_every_seconds = 15

[recordings]
directory = "{{recordings}}"
"""
_START_SUPERVISOR = """
from callcenter.instance.instance import open_instance
from callcenter.operations.supervisor import SUPERVISOR, own_program
own_program(open_instance().layout, SUPERVISOR).start()
"""
DEAF = """
[ear]
model = "off"
"""
_COPIED = (
    "callcenter",
    "ivr_scripts",
    "asterisk_conf",
    "knowledge_base",
    "meaning_model",
    "migrations",
    "speech_model",
)
_PREFIX = "live-"
_OWNER = "tests"


class RunningCentre:
    """`instance` tells its ports, paths and secrets; `tree` is its copy of the work tree."""

    def __init__(self, *, settings: str = "") -> None:
        """`settings`: lines put before the usual ones."""
        homes = test_home().parent
        homes.mkdir(parents=True, exist_ok=True)
        end_leftovers(homes)
        fresh = Path(tempfile.mkdtemp(prefix=f"new-{_PREFIX}", dir=homes))
        record_self(fresh / _OWNER)
        self.home = fresh.rename(homes / fresh.name.removeprefix("new-"))  # without an owner it would be a leftover
        self.tree = Path(tempfile.mkdtemp(prefix="callcenter-tree-"))
        self.recordings = self.home / "filed"
        for name in _COPIED:
            shutil.copytree(TREE / name, self.tree / name, ignore=shutil.ignore_patterns(".cache"))
        shutil.copy(TREE / "alembic.ini", self.tree)
        self.settings_file = self.tree / "callcenter.toml"
        ear = "" if "[ear]" in settings else DEAF
        lines = settings + SETTINGS.format(recordings=self.recordings) + ear
        self.settings_file.write_text(lines, encoding="utf-8")
        self._take_sounds()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")},
            "CALLCENTER_HOME": str(self.home),
            "PYTHONPATH": str(self.tree),
        }
        self.instance = self._open()
        self.layout = self.instance.layout
        self.asterisk = Asterisk(self.instance)
        self.cluster = PostgresCluster(self.layout, self.instance.ports)
        self.ledger = Ledger(self.recordings)
        self.provoked: set[str] = set()
        """What the logs may tell of errors, for a test has made them."""
        self.kills: Counter[str] = Counter()
        """How often tests have killed each program."""

    def command(self, *words: str, seconds: float = 80.0) -> "subprocess.CompletedProcess[str]":
        """Runs `callcenter WORDS` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "callcenter", *words],
            cwd=self.tree,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """Starts `callcenter WORDS`."""
        return subprocess.Popen(
            [sys.executable, "-m", "callcenter", *words],
            cwd=self.tree,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *, seconds: float = 180.0) -> None:
        """`callcenter run`: starts what does not run, adopts what does."""
        done = self.command("run", seconds=seconds)
        assert done.returncode == 0, done.stdout + done.stderr

    def start_supervisor(self) -> None:
        """Only a new supervisor; it adopts and starts the others."""
        subprocess.run(
            [sys.executable, "-c", _START_SUPERVISOR],
            cwd=self.tree,
            env=self.environment,
            timeout=80,
            check=True,
        )

    def program(self, name: str) -> RunningProcess:
        """One of supervisor, controller, clerk, desk, ear, which must be running."""
        running = find_running(self.layout.pid_directory / name)
        assert running is not None, f"{name} does not run"
        return running

    def kill(self, name: str) -> RunningProcess:
        """Kills a program as `program` names them, and remembers it: to the supervisor some kills are a loop."""
        running = self.program(name)
        running.send(signal.SIGKILL)
        self.kills[name] += 1
        return running

    def await_program(self, name: str, *, seconds: float = 15.0) -> RunningProcess:
        """Waits until the supervisor has started a program that ended."""
        begun = time.monotonic()
        while (running := find_running(self.layout.pid_directory / name)) is None:
            assert time.monotonic() - begun < seconds, f"no {name} after {seconds:.0f} s"
            time.sleep(0.05)
        return running

    def await_controller(self, *, seconds: float = 15.0) -> float:
        """Waits until a controller is at ARI; how long it took."""
        begun = time.monotonic()
        while not self.asterisk.serves("callcenter"):
            assert time.monotonic() - begun < seconds, f"no controller after {seconds:.0f} s"
            time.sleep(0.05)
        return time.monotonic() - begun

    def mend(self) -> None:
        """Brings everything back that a test froze or ended."""
        for name in (SUPERVISOR, CONTROLLER, CLERK, DESK):
            running = find_running(self.layout.pid_directory / name)
            if running is not None:
                running.send(signal.SIGCONT)
        alive = [find_running(self.layout.pid_directory / name) for name in (SUPERVISOR, CONTROLLER, CLERK, DESK)]
        if None in alive or self.cluster.running() is None or not self.asterisk.serves("callcenter"):
            self.run()

    def stop(self) -> None:
        """Ends everything and removes it. With CALLCENTER_KEEP_LIVE set it goes on, to be looked at; the next tests
        end it."""
        if "CALLCENTER_KEEP_LIVE" in os.environ:
            print(f"CALLCENTER_HOME={self.home} CALLCENTER_SETTINGS_FILE={self.settings_file}")
            return
        for name in (SUPERVISOR, CONTROLLER, CLERK, DESK):
            running = find_running(self.layout.pid_directory / name)
            if running is not None:
                running.send(signal.SIGCONT)
        stopped = self.command("stop")
        assert stopped.returncode == 0, stopped.stdout + stopped.stderr
        shutil.rmtree(self.home)
        shutil.rmtree(self.tree)

    def _take_sounds(self) -> None:
        """What `callcenter setup --for-tests` has rendered before; anything missing is rendered at the start."""
        source, target = Layout(test_home()), Layout(self.home)
        prepare_directories(target)
        for kept, place in (
            (source.prompts, target.prompts),
            (source.sounds, target.sounds),
            (source.music_on_hold, target.music_on_hold),
            (source.built_speech_model, target.built_speech_model),
        ):
            if kept.exists():
                # The studio's are links into a centre's prompts; this centre makes its own.
                shutil.copytree(kept, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("studio"))

    def _open(self) -> Instance:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CALLCENTER_SETTINGS_FILE", str(self.settings_file))
            patch.delenv("CALLCENTER_EAR__MODEL", raising=False)
            return open_instance(home=self.home, settings=read_settings())


def end_leftovers(homes: Path) -> None:
    """Ends and removes centres of tests that were killed before they could."""
    for home in homes.glob(f"{_PREFIX}*"):
        if find_running(home / _OWNER) is None:
            stopped = subprocess.run(
                [sys.executable, "-m", "callcenter", "stop"],
                env=os.environ | {"CALLCENTER_HOME": str(home)},
                capture_output=True,
                timeout=60,
                check=False,
            )
            if stopped.returncode == 0:  # else something still runs in it, and could not be found again without it
                shutil.rmtree(home, ignore_errors=True)
