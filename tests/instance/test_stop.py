"""A centre is stopped whatever is wrong with its settings and its ports: a mistake in them is why people stop it."""

import os
import subprocess
import sys
from pathlib import Path

from callcenter.instance.instance import open_instance
from callcenter.operations.postgres import PostgresCluster
from callcenter.settings import TREE, Settings


def test_stop_needs_no_valid_settings_and_no_ports_file(homes: Path, tmp_path: Path) -> None:
    instance = open_instance(home=homes / "one", settings=Settings())
    cluster = PostgresCluster(instance.layout, instance.ports, durable=False)
    cluster.ensure_running()
    instance.layout.ports_file.unlink()
    broken = tmp_path / "callcenter.toml"
    broken.write_text("[telephony]\nmax_calls = 9000\n", encoding="utf-8")
    stopped = subprocess.run(
        [sys.executable, "-m", "callcenter", "stop"],
        cwd=TREE,
        env=os.environ | {"CALLCENTER_HOME": str(instance.layout.home), "CALLCENTER_SETTINGS_FILE": str(broken)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (stopped.returncode, stopped.stderr) == (0, "")
    assert "остановлен: postgres" in stopped.stdout
    assert cluster.running() is None


def test_stop_of_a_centre_that_was_never_made_says_nothing(homes: Path) -> None:
    stopped = subprocess.run(
        [sys.executable, "-m", "callcenter", "stop"],
        cwd=TREE,
        env=os.environ | {"CALLCENTER_HOME": str(homes / "never")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (0, "", "")
