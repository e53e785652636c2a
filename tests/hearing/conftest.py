"""A real ear, in a process of its own, and a client that is connected to it."""

from collections.abc import AsyncIterator

import pytest

from callcenter.hearing.client.client import RecognitionClient
from tests.hearing.running_server import RunningEar, client_of, ear_program

__all__ = ["ear_program"]


@pytest.fixture
async def ear(ear_program: RunningEar) -> AsyncIterator[RecognitionClient]:
    async with client_of(ear_program.address) as client:
        await client.wait_for_connection(within=10)
        yield client
