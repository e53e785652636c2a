"""Nothing passes by not being run."""

import subprocess
import sys
from pathlib import Path

import pytest

from callcenter.settings import TREE


@pytest.mark.parametrize(
    "text",
    [
        "@pytest.mark.skip\ndef test_one(): pass",
        "def test_one(): pytest.skip('no telephone here')",
        "pytest.skip('no telephone here', allow_module_level=True)",
        "pytest.importorskip('no_such_module')",
    ],
)
def test_a_skipped_test_counts_as_failed(tmp_path: Path, text: str) -> None:
    file = tmp_path / "test_one.py"
    file.write_text(f"import pytest\n{text}\n", encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*words, "-c", str(TREE / "pyproject.toml"), str(file)], cwd=TREE, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "a skipped test counts as failed" in done.stdout
