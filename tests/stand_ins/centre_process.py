"""The small centre as a process of its own, to be killed, frozen and thawed.

python -m tests.stand_ins.centre_process ADDRESS LEASE_SECONDS
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.stand_ins.ari import StandInAsterisk
from tests.stand_ins.centre import run_centre


@asynccontextmanager
async def start_centre(address: str, *, lease_seconds: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """A running child; killed at the end."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.stand_ins.centre_process",
        address,
        str(lease_seconds),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        while b"ready" not in await child.stdout.readline():
            assert child.returncode is None
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def main(address: str, lease_seconds: int) -> None:
    async with run_centre(StandInAsterisk(), address=address, lease_seconds=lease_seconds):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
