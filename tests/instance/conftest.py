"""A directory for homes of instances, which the service user may enter."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def homes() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="cc-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)
