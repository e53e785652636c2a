"""A real Asterisk of the tests' own, with AudioSocket loaded beside what the centre loads, and a caller in it."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from callcenter.asterisk.asterisk import Asterisk
from callcenter.instance.instance import Instance, open_instance
from callcenter.settings import Settings
from tests.telephony.audio.real_line import Line, configure, open_line


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    home = Path(tempfile.mkdtemp(prefix="cc-"))
    home.chmod(0o711)
    instance = open_instance(home=home / "one", settings=Settings())
    asterisk = Asterisk(instance, configure=configure, die_with_parent=True)
    try:
        asterisk.ensure_running()
        yield instance
    finally:
        asterisk.stop()
        shutil.rmtree(home)


@pytest.fixture
async def line(instance: Instance) -> AsyncIterator[Line]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(open_line(instance))
