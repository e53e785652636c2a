"""Ordinary calls through the provider's trunk, as the callers hear them."""

import pytest

from callcenter.queues.models import TaskKind
from tests.live.town import DISPATCHER_TONE, Town

pytestmark = pytest.mark.live


async def test_keys_are_understood_however_they_are_sent(town: Town) -> None:
    by_packets, by_info = await town.call(), await town.call()
    for call in (by_packets, by_info):
        await town.hears(call, town.asks(), within=12)
    await by_packets.press("2")
    await by_info.press_by_info("2")
    for call in (by_packets, by_info):
        await town.hears(call, town.asks("2"))
