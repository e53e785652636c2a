"""Ordinary calls through the provider's trunk, as the callers hear them."""

from functools import partial

import pytest

from callcenter.intake.cel import parse_cel_line
from tests.live.records import Record
from tests.live.running_centre import RunningCentre
from tests.live.town import Town

pytestmark = [pytest.mark.live, pytest.mark.timeout(90, func_only=True)]


async def test_keys_are_understood_however_they_are_sent(town: Town, centre: RunningCentre) -> None:
    by_packets, by_info = await town.call(), await town.call()
    for call in (by_packets, by_info):
        await town.hears(call, town.asks(), within=12)
    await by_packets.press("2")
    await by_info.press_by_info("2")
    for call in (by_packets, by_info):
        await town.hears(call, town.asks("2"))
    await by_info.press_by_info(town.keys_to_end("2").removeprefix("2"))
    await by_info.ended(within=30)
    town.expect(by_info, partial(was_ended_by_the_dialplan, centre))


def was_ended_by_the_dialplan(centre: RunningCentre, record: Record) -> None:
    """The robot lets go of a call that is over: a channel that it hung up itself might by then be in a conversation."""
    lines = centre.layout.cel_file.read_text(encoding="utf-8").splitlines()
    events = [event for event in map(parse_cel_line, lines) if event is not None]
    (end,) = [event for event in events if event.kind == "HANGUP" and event.channel_id == record.call.id]
    assert end.context == "goodbye"
