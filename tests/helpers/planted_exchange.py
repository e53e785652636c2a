"""An Asterisk that holds what a test put there, as the search for lost calls asks it."""

from collections.abc import Sequence

from callcenter.core.errors import AsteriskUnavailable
from callcenter.intake.asterisk_state import SeenChannel
from tests.stand_ins.clock import MORNING


class PlantedExchange:
    """Asterisk in its start `mark`, with the channels that the test put there; None: it does not answer."""

    def __init__(self) -> None:
        self.mark: str | None = "b1"
        self.held: list[str] = []
        self.number = ""
        self.context = "inbound"
        self.asked = 0

    async def read_boot_id(self) -> str:
        if self.mark is None:
            raise AsteriskUnavailable
        return self.mark

    async def list_channels(self) -> Sequence[SeenChannel]:
        self.asked += 1
        if self.mark is None:
            raise AsteriskUnavailable
        return [SeenChannel(one, "PJSIP/trunk", self.context, MORNING, self.number) for one in self.held]

    async def read_dialled_number(self, channel_id: str) -> str:
        return "78125550100" if channel_id in self.held else ""
