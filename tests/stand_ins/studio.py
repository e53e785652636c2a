"""A studio on paper: two texts, nothing recorded."""

from collections.abc import Sequence
from pathlib import Path

from callcenter.desk.studio import Prompt


class PaperStudio:
    """`sound`: what callers hear of the first text."""

    sound: Path | None = None

    def list_prompts(self) -> Sequence[Prompt]:
        return (
            Prompt(
                1, "Чем помочь? Скажите своими словами.", 3.0, recorded=False, waiting=False, sounds=True, part=False
            ),
            Prompt(7, "Соединяю с диспетчером.", 2.0, recorded=True, waiting=False, sounds=False, part=True),
        )

    def find_sound(self, number: int) -> Path | None:
        return self.sound if number == 1 else None

    def hand_in(self, number: int, sound: bytes) -> float:
        raise KeyError(number)
