"""Equal alarms as one line of the board.

After a storm two hundred callbacks are overdue at once. Two hundred equal lines would hide everything else; the board
shows one line with their number and the oldest of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from callcenter.alarms.models import Alarm, AlarmKind


@dataclass(frozen=True, slots=True)
class AlarmGroup:
    """Alarms with the same kind and text. `oldest` stands for them; `newest_id` is the highest id among them."""

    oldest: Alarm
    count: int
    newest_id: int

    @property
    def raised_at(self) -> datetime:
        return self.oldest.raised_at


def group_alarms(alarms: Iterable[Alarm]) -> Sequence[AlarmGroup]:
    """The alarms in groups, in the order of each group's first alarm.

    A danger always stands alone: each one is another caller.
    """
    groups: dict[tuple[object, ...], list[Alarm]] = {}
    for alarm in alarms:
        key = (alarm.kind, alarm.message, alarm.seen_at is None, alarm.id if alarm.kind == AlarmKind.DANGER else None)
        groups.setdefault(key, []).append(alarm)
    return [
        AlarmGroup(
            oldest=min(equal, key=lambda alarm: (alarm.raised_at, alarm.id)),
            count=len(equal),
            newest_id=max(alarm.id for alarm in equal),
        )
        for equal in groups.values()
    ]
