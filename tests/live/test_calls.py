"""Ordinary calls through the provider's trunk, as the callers hear them."""

import pytest

from tests.live.town import Town

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]


async def test_keys_are_understood_however_they_are_sent(town: Town) -> None:
    by_packets, by_info = await town.call(), await town.call()
    for call in (by_packets, by_info):
        await town.hears(call, town.asks(), within=12)
    await by_packets.press("2")
    await by_info.press_by_info("2")
    for call in (by_packets, by_info):
        await town.hears(call, town.asks("2"))
