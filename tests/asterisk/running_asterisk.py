"""A real Asterisk with the configuration that ships, and short prompts that no ear can confuse."""

import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from callcenter.asterisk.asterisk import Asterisk
from callcenter.instance.instance import Instance, open_instance
from callcenter.settings import Settings
from callcenter.speech.dialplan_sounds import write_sounds
from callcenter.speech.sound import write_wav
from tools.softphone.g711 import RATE

ASKED_FOR_AWAY = (
    # no controller is connected in these tests: that is how the way past it is walked
    r"Stasis app 'callcenter' doesn't exist",
    r"Failed to find outbound websocket per-call config for app 'callcenter'",
    # nobody is logged in: what the caller hears then is the point of the test
    r"Unable to join queue 'dispatch'",
)
"""WARNINGs that are another word for what a test does on purpose."""


class NoisyVoice:
    """Renders every text as a quarter of a second of noise of its own: quick to play, never like another."""

    name = "noise-1"

    async def render(self, text: str, file: Path) -> None:
        noise = np.random.default_rng(zlib.crc32(text.encode())).uniform(-0.4, 0.4, RATE // 4)
        write_wav(file, noise)

    async def close(self) -> None:
        """Nothing runs."""


@contextmanager
def running(settings: Settings) -> Iterator[tuple[Instance, Asterisk]]:
    """Asterisk with the rendered configuration of these settings, in a home of its own."""
    home = Path(tempfile.mkdtemp(prefix="cc-"))
    home.chmod(0o711)
    instance = open_instance(home=home / "one", settings=settings)
    asterisk = Asterisk(instance, die_with_parent=True, progress=lambda _: None)
    try:
        yield instance, asterisk
    finally:
        asterisk.stop()
        shutil.rmtree(home, ignore_errors=True)


async def render_words(instance: Instance) -> None:
    await write_sounds(instance.layout, NoisyVoice(), progress=lambda _: None)


def complaints(instance: Instance, *, expected: Sequence[str] = ()) -> list[str]:
    """The ERRORs and WARNINGs of Asterisk's log that no `expected` pattern explains."""
    log = (instance.layout.asterisk_logs / "messages.log").read_text(encoding="utf-8")
    return [
        line
        for line in log.splitlines()
        if re.search(r"\] (WARNING|ERROR)\[", line) and not any(re.search(words, line) for words in expected)
    ]
