"""Settling with Asterisk on connect."""

from callcenter.telephony.ari.adoption import Adoption
from callcenter.telephony.audio.taps import Taps
from tests.stand_ins.ari import StandInAsterisk
from tests.stand_ins.centre import Caller, run_centre
from tests.telephony.audio.stand_in_line import StandInLine


async def test_leftovers_of_ours_are_removed_and_callers_never_are(asterisk: StandInAsterisk) -> None:
    asterisk.bridges.add("left-over")
    snoop = asterisk.arrive(name="Snoop/b1-1764000000.1-00000001")
    caller = Caller(asterisk, asterisk.arrive())
    async with run_centre(asterisk) as centre:
        await caller.is_in("fallback")
        await caller.waits_until(lambda: snoop.deleted, 1, "the snoop stayed")
        assert not caller.channel.deleted
        assert asterisk.removed_bridges == ["left-over"]
        assert centre.notes.kinds(snoop.id) == []


async def test_a_call_that_is_just_coming_in_is_not_taken_for_a_stranger(asterisk: StandInAsterisk) -> None:
    channel = asterisk.arrive()
    async with run_centre(asterisk) as centre:
        asterisk.emit("StasisStart", args=["inbound", "78125550192"], channel=channel.model)
        caller = Caller(asterisk, channel)
        await caller.hears("нажмите один")
        assert "adopted" not in centre.notes.kinds(channel.id)
        caller.presses("2")
        await caller.is_in("goodbye")


async def test_a_caller_who_leaves_during_the_adoption_is_no_error(asterisk: StandInAsterisk) -> None:
    caller = Caller(asterisk, asterisk.arrive())
    async with run_centre(asterisk) as centre:
        caller.hangs_up()
        await caller.is_in("hung up")
        again = centre.call()
        await again.hears("разговор записывается")
        assert asterisk.connections == 1


async def test_what_taps_are_made_of_is_left_to_the_taps(asterisk: StandInAsterisk) -> None:
    """Without taps it is what an earlier controller left."""
    asterisk.bridges.update(("tap-1-bridge", "left-over"))
    async with run_centre(asterisk) as centre:
        caller = centre.call()
        await caller.waits_until(lambda: len(asterisk.removed_bridges) == 2, 2, "the bridges stayed")
        asterisk.bridges.update(("tap-1-bridge", "left-over"))
        asterisk.removed_bridges.clear()
        line = StandInLine()
        line.things.add("tap-0-snoop")
        await Adoption(centre.ari, centre.switchboard, taps=Taps(line, line)).reconcile_channels()
        assert asterisk.removed_bridges == ["left-over"]
        assert line.things == set()
