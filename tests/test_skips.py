"""Nothing passes by not being run."""

import subprocess
import sys
from pathlib import Path

from callcenter.settings import TREE

SKIPPED = {
    "mark": "@pytest.mark.skip\ndef test_one(): pass",
    "inside": "def test_one(): pytest.skip('no telephone here')",
    "module": "pytest.skip('no telephone here', allow_module_level=True)",
    "import": "pytest.importorskip('no_such_module')",
}


def test_a_skipped_test_counts_as_failed(tmp_path: Path) -> None:
    for name, text in SKIPPED.items():
        (tmp_path / f"test_{name}.py").write_text(f"import pytest\n{text}\n", encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    words += ["--continue-on-collection-errors", "-c", str(TREE / "pyproject.toml"), str(tmp_path)]
    done = subprocess.run(words, cwd=TREE, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert done.stdout.count("a skipped test counts as failed") >= len(SKIPPED)
    assert "1 failed, 3 errors" in done.stdout
