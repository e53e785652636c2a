"""Alarms as the board asks for them: those nobody has seen first, each trouble once."""

from datetime import timedelta

import pytest

from callcenter.alarms.errors import AlarmNotFound
from callcenter.alarms.models import AlarmKind
from callcenter.alarms.service import clear_alarm, mark_seen, raise_alarm
from callcenter.alarms.views import one_alarm, open_alarms
from callcenter.companies.models import DEFAULT_COMPANY_ID
from callcenter.core.database import Database
from tests.helpers.asterisk_reading import CALL
from tests.stand_ins.clock import MORNING


async def test_the_board_shows_unseen_alarms_first_and_each_trouble_once(database: Database) -> None:
    async with database.begin() as session:
        for number, subject in enumerate(("first", "second", "third", "first")):
            new = await raise_alarm(
                session,
                kind=AlarmKind.TELEPHONY,
                subject=subject,
                message="Сбой.",
                now=MORNING + timedelta(seconds=number),
            )
            assert new == (number < 3)
        await raise_alarm(session, kind=AlarmKind.DANGER, subject=CALL, message="Газ.", now=MORNING)
        by_subject = {alarm.subject: alarm.id for alarm in await open_alarms(session, DEFAULT_COMPANY_ID)}
        for subject in ("third", CALL):
            await mark_seen(session, by_subject[subject], company_id=DEFAULT_COMPANY_ID, by="anna", now=MORNING)
            await mark_seen(session, by_subject[subject], company_id=DEFAULT_COMPANY_ID, by="igor", now=MORNING)
        assert [alarm.subject for alarm in await open_alarms(session, DEFAULT_COMPANY_ID)] == [
            "second",
            "first",
            "third",
        ]
        danger = await one_alarm(session, by_subject[CALL])
        assert danger is not None
        assert (danger.seen_by, danger.cleared_at) == ("anna", MORNING), "one event: seen is settled"
        assert await clear_alarm(session, kind=AlarmKind.TELEPHONY, subject="third", now=MORNING)
        assert not await clear_alarm(session, kind=AlarmKind.TELEPHONY, subject="third", now=MORNING)
        with pytest.raises(AlarmNotFound):
            await mark_seen(session, 10**9, company_id=DEFAULT_COMPANY_ID, by="anna", now=MORNING)
