"""Fixtures of a stand-in Asterisk and a small centre that answers its calls; a room's conftest takes what it needs."""

from collections.abc import AsyncIterator

import pytest

from tests.stand_ins.ari import StandInAsterisk, run_asterisk
from tests.stand_ins.centre import Caller, SmallCentre, run_centre


@pytest.fixture
async def asterisk() -> AsyncIterator[StandInAsterisk]:
    async with run_asterisk() as asterisk:
        yield asterisk


@pytest.fixture
async def centre(asterisk: StandInAsterisk) -> AsyncIterator[SmallCentre]:
    async with run_centre(asterisk) as centre:
        yield centre


@pytest.fixture
async def caller(centre: SmallCentre) -> Caller:
    return centre.call()
