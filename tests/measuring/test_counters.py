"""What the controller counts itself: how soon a key is answered, and leases that could not be renewed."""

from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry

from callcenter.conducting.lease import Lease
from callcenter.core.errors import AsteriskUnavailable
from callcenter.dialogue.engine import pending
from callcenter.measuring.counters import Counters
from callcenter.telephony.ari.phone import AriPhone
from callcenter.telephony.ari.router import Playbacks
from tests.stand_ins.ari import StandInAsterisk
from tests.stand_ins.centre import SmallCentre, run_centre
from tests.stand_ins.clock import FakeClock


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def centre(asterisk: StandInAsterisk, registry: CollectorRegistry) -> AsyncIterator[SmallCentre]:
    async with run_centre(asterisk, listen_seconds=0.3, measures=Counters(registry)) as centre:
        yield centre


def turns(registry: CollectorRegistry) -> tuple[float, float]:
    """How many, and their seconds."""
    count, seconds = (
        registry.get_sample_value(f"callcenter_turn_seconds_{name}", {"by": "key"}) for name in ("count", "sum")
    )
    assert count is not None
    assert seconds is not None
    return count, seconds


async def test_a_key_and_its_answer_are_a_turn(
    centre: SmallCentre, registry: CollectorRegistry, asterisk: StandInAsterisk
) -> None:
    asterisk.sound_seconds = 5
    asterisk.sound_lengths["sound:prompts/Здравствуйте, разговор записывается."] = 0.01
    caller = centre.call()
    await caller.hears("нажмите один")
    assert turns(registry) == (0, 0)
    caller.presses("2")
    await caller.hears("Паспортный стол открыт до пяти")
    await caller.waits_until(lambda: turns(registry)[0] == 1, 1, "the turn was not counted")
    assert 0 < turns(registry)[1] < 1


async def test_a_key_nobody_asked_for_begins_no_turn(
    centre: SmallCentre, registry: CollectorRegistry, asterisk: StandInAsterisk
) -> None:
    asterisk.sound_lengths["sound:prompts/Здравствуйте, разговор записывается."] = 0.3
    caller = centre.call()
    await caller.hears("разговор записывается")
    caller.presses("7")
    await caller.hears("нажмите один")
    await caller.hears("Нажмите кнопку")
    assert turns(registry)[0] == 0


async def test_what_answers_a_silence_does_not_answer_the_key_before_it(
    centre: SmallCentre, registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "BETWEEN_DIGITS_SECONDS", 0.2)
    caller = centre.call()
    await caller.hears("нажмите один")
    caller.presses("3")
    await caller.hears("Наберите номер заявки")
    await caller.hears_nothing()
    caller.presses("12")
    await caller.hears("Не получилось")
    assert turns(registry)[0] == 1, "the three alone was answered"


async def test_a_renewal_that_asterisk_does_not_hear_is_counted(
    registry: CollectorRegistry, asterisk: StandInAsterisk, clock: FakeClock
) -> None:
    async with run_centre(asterisk, reply_within=0.3) as centre:
        caller = centre.call()
        await caller.hears("разговор записывается")
        phone = AriPhone(centre.ari, Playbacks())
        lease = Lease(phone, caller.call_id, seconds=6, clock=clock, measures=Counters(registry))
        clock.advance(seconds=2)
        await lease.renew_if_due()
        assert registry.get_sample_value("callcenter_lease_renewals_failed_total") == 0
        clock.advance(seconds=2)
        asterisk.reply_delay = 1.0
        with pytest.raises(AsteriskUnavailable):
            await lease.renew_if_due()
    assert registry.get_sample_value("callcenter_lease_renewals_failed_total") == 1
