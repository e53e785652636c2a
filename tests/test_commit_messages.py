"""The commit-msg hook: a subject that a list of commits can show."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from callcenter.settings import TREE


@pytest.mark.parametrize(("length", "fails"), [(1, 0), (72, 0), (73, 1), (200, 1)])
def test_a_subject_has_at_most_72_characters(tmp_path: Path, length: int, fails: int) -> None:
    message = tmp_path / "message"
    message.write_text(f"{'x' * length}\n\nA body may have longer lines: {'x' * 80}\n", encoding="utf-8")
    hooks = yaml.safe_load((TREE / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    (hook,) = [one for one in hooks if one.get("stages") == ["commit-msg"]]
    words = [sys.executable, "-m", "pre_commit.languages.pygrep", *hook["args"], hook["entry"], str(message)]
    assert subprocess.run(words, capture_output=True, check=False).returncode == fails
