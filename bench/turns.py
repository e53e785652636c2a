"""How soon the robot answers a caller who speaks, and how soon it stops for one who interrupts: real calls, a real ear.

    python -m bench.turns [--model DIRECTORY] [--calls 4] [--turns 15]

A whole centre of its own, with Vosk and the model; callers (our softphone) speak into it in a synthetic voice. Without
--model it is a tiny real Vosk model that knows words spelled in tones, and the callers speak in tones. Measured at the
caller's telephone:

* turn: from the last packet with sound of theirs to the first audible packet of the reply. p50 <= 450, p95 <= 800 ms;
* barge-in: from their first packet with sound, spoken into a question, to the last audible packet of it. p95 <= 400 ms.
  Every such answer must be understood, so that its first word is not lost;
* coughs, noise of the line and the prompt's own echo at -25 dB, each over a whole question, must not shorten it.

Exit 1 when a limit is passed.
"""

import argparse
import asyncio
import contextlib
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from callcenter.core.database import Database
from callcenter.operations.supervisor import EAR
from callcenter.speech.voices.festival import FestivalVoice
from tests.hearing.sound import cough, noise, quieter
from tests.live.running_centre import RunningCentre
from tests.live.town import Town
from tests.stand_ins.tone_model import write_tone_model
from tests.stand_ins.tones import say_in_tones, silence
from tools.softphone import audio_analysis
from tools.softphone.call import Call
from tools.softphone.errors import SoftphoneError
from tools.softphone.g711 import RATE, Samples, decode_alaw

TURN_P50, TURN_P95, STOP_P95 = 450.0, 800.0, 400.0
SCRIPT = Path(__file__).with_name("turns.yaml")
ANSWERS = ("да", "нет", "течёт вода")
FIRST = "Скажите, пожалуйста, да, или нет, или что течёт вода."
SECOND = "И ещё раз скажите, пожалуйста, да, или нет, или что течёт вода."
ECHO, LINE_NOISE = 25.0, -45.0
_NOMINAL_ATTENUATION = 11.0
"""dB between a prompt's loudness and that of a caller at the nominal telephone level."""
_PAUSE = 0.16
"""Seconds without an audible packet by which a prompt is over; within it, pauses between words are shorter."""
_REPLY_WITHIN = 6.0
_TOLERANCE_SECONDS = 0.15
"""Seconds by which a question may be shorter at the caller's than it is."""

Disturbance = Callable[[Samples], Samples]
"""A question in, what comes from the caller's side over it out."""


@dataclass
class Taken:
    """What all calls together came to; times in milliseconds."""

    turns: list[float] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    unanswered: int = 0
    said: int = 0
    understood: int = 0
    disturbed: dict[str, list[bool]] = field(default_factory=dict)
    """By kind: whether the question was heard to its end."""


class Talker:
    """A caller and the moments at which sound of theirs left."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.sent: list[float] = []
        self.said: list[str] = []
        send = call.audio._send

        def noting(number: int, timestamp: int, payload: bytes, *, marked: bool) -> None:
            send(number, timestamp, payload, marked=marked)
            if audio_analysis.is_audible(decode_alaw(payload)):
                self.sent.append(time.monotonic())

        call.audio._send = noting  # type: ignore[method-assign, assignment]

    async def say(self, sound: Samples, words: str) -> tuple[float, float]:
        """Speaks; when the first and the last packet with sound left."""
        self.sent.clear()
        self.said.append(words)
        self.call.say(sound)
        await asyncio.sleep(len(sound) / RATE + 0.05)
        return self.sent[0], self.sent[-1]

    async def wait_for_sound(self, *, since: float) -> float:
        """When the first audible packet after `since` came."""
        async with asyncio.timeout(_REPLY_WITHIN):
            while True:
                if (audible := self._audible(since)) and audible[0] > since:
                    return audible[0]
                await asyncio.sleep(0.01)

    async def wait_for_silence(self, *, since: float) -> float:
        """When the last audible packet before the next silence came, of what sounded at `since`."""
        async with asyncio.timeout(15):
            while True:
                last = since
                for at in self._audible(since):
                    if at - last > _PAUSE:
                        return last
                    last = at
                if time.monotonic() - last > 2 * _PAUSE:
                    return last
                await asyncio.sleep(0.02)

    def _audible(self, since: float) -> list[float]:
        packets = self.call.audio.packets
        first = next((number for number in range(len(packets), 0, -1) if packets[number - 1].at <= since), 0)
        return [packet.at for packet in packets[first:] if audio_analysis.is_audible(decode_alaw(packet.payload))]


async def take_turns(talker: Talker, sounds: dict[str, Samples], taken: Taken, *, turns: int) -> None:
    """Answers questions that are over."""
    for number in range(turns):
        words = ANSWERS[number % len(ANSWERS)]
        _, ended = await talker.say(sounds[words], words)
        try:
            reply = await talker.wait_for_sound(since=ended + 0.02)
        except TimeoutError:
            taken.unanswered += 1
            return
        taken.turns.append(1000 * (reply - ended))
        await hear_out(talker, since=reply)


async def hear_out(talker: Talker, *, since: float) -> None:
    """Waits for the end of the question: a pause longer than any within it."""
    at = since
    while True:
        at = await talker.wait_for_silence(since=at)
        await asyncio.sleep(max(at + 0.6 - time.monotonic(), 0))
        with contextlib.suppress(TimeoutError):
            if (later := talker._audible(at)) and later[0] > at:
                at = later[0]
                continue
        return


async def interrupt(talker: Talker, sounds: dict[str, Samples], taken: Taken, *, times: int) -> None:
    """Speaks into questions, each of which the answer to the one before has brought up."""
    words = ANSWERS[0]
    await talker.say(sounds[words], words)
    for number in range(times):
        words = ANSWERS[number % len(ANSWERS)]
        asked = await talker.wait_for_sound(since=talker.sent[-1] + 0.02)
        await asyncio.sleep(max(asked + 0.5 - time.monotonic(), 0))
        began, ended = await talker.say(sounds[words], words)
        taken.stops.append(1000 * max(await talker.wait_for_silence(since=began) - began, 0.0))
        talker.sent[:] = [max(ended, began + taken.stops[-1] / 1000)]
    await hear_out(talker, since=await talker.wait_for_sound(since=talker.sent[-1] + 0.02))


async def disturb(
    talker: Talker,
    sounds: dict[str, Samples],
    questions: Sequence[Samples],
    kinds: dict[str, Disturbance],
    taken: Taken,
) -> None:
    """Lets each kind of disturbance go on over a whole question of its own."""
    for number, (kind, disturbance) in enumerate(kinds.items()):
        words = ANSWERS[number % len(ANSWERS)]
        _, ended = await talker.say(sounds[words], words)
        question = questions[len(talker.said) % 2]
        asked = await talker.wait_for_sound(since=ended + 0.02)
        talker.call.say(disturbance(question))
        await asyncio.sleep(max(asked + len(question) / RATE + 0.3 - time.monotonic(), 0))
        heard = talker.call.heard[int(talker.call.second(asked) * RATE) - RATE // 2 :]
        whole = audio_analysis.find_whole(heard, question, at_least=0.85)
        taken.disturbed.setdefault(kind, []).append(whole is not None)
        talker.call.quiet()
        await asyncio.sleep(0.7)


async def talk(town: Town, sounds: dict[str, Samples], taken: Taken, *, turns: int) -> None:
    """One caller's call."""
    call = await town.call()
    talker = Talker(call)
    try:
        asked = await town.hears(call, FIRST, first=None, within=15)
        await asyncio.sleep(0.5)
        assert asked is not None
        await take_turns(talker, sounds, taken, turns=turns)
        await interrupt(talker, sounds, taken, times=turns // 3)
        questions = [town.book.load_prompt(text) for text in (FIRST, SECOND)]
        await disturb(talker, sounds, questions, DISTURBANCES, taken)
    except (TimeoutError, SoftphoneError) as error:
        print(f"{call.describe()}: {error or type(error).__name__}", file=sys.stderr)
        taken.unanswered += 1
    finally:
        await call.hang_up()
    await asyncio.sleep(2)
    record = await town.centre.ledger.read(town.database, town.centre.ledger.entry_of(call).dialled)
    heard = [event.facts["text"] for event in record.events if event.kind == "heard"] if record else []
    taken.said += len(talker.said)
    taken.understood += count_understood(talker.said, heard)


def count_understood(said: Sequence[str], heard: Sequence[str]) -> int:
    """How many answers were heard as said, each in its turn; what was heard besides is passed over."""
    rest, count = list(heard), 0
    for words in said:
        if words in rest:
            del rest[: rest.index(words) + 1]
            count += 1
    return count


def _coughs(question: Samples) -> Samples:
    pieces = [piece for _ in range(max(len(question) // RATE, 1)) for piece in (silence(0.4), cough())]
    return np.concatenate(pieces)


DISTURBANCES: dict[str, Disturbance] = {
    "coughs": _coughs,
    "noise of the line": lambda question: noise(len(question) / RATE, level=LINE_NOISE),
    "the prompt's own echo": lambda question: quieter(question, ECHO),
}


async def render(words: Sequence[str]) -> dict[str, Samples]:
    """The words in a synthetic voice, at a caller's loudness."""
    voice, sounds = FestivalVoice(), {}
    with tempfile.TemporaryDirectory() as directory:
        for text in words:
            file = Path(directory) / "word.wav"
            await voice.render(text, file)
            sounds[text] = quieter(audio_analysis.read_wav(file), _NOMINAL_ATTENUATION)
    await voice.close()
    return sounds


async def measure(centre: RunningCentre, sounds: dict[str, Samples], *, calls: int, turns: int) -> Taken:
    taken = Taken()
    database = Database(centre.cluster.address())
    async with Town(centre, database, test="bench") as town:
        await asyncio.gather(*(talk(town, sounds, taken, turns=turns) for _ in range(calls)))
    await database.close()
    return taken


def report(taken: Taken) -> bool:
    """Prints the table; whether every limit was kept."""
    turn_p50, turn_p95, stop_p95 = percentile(taken.turns, 50), percentile(taken.turns, 95), percentile(taken.stops, 95)
    print("| what | n | p50 | p95 | most | must be |\n|---|---|---|---|---|---|")
    for name, values, limit in (
        ("end of speech → first sound of the reply, ms", taken.turns, f"p50 ≤ {TURN_P50:.0f}, p95 ≤ {TURN_P95:.0f}"),
        ("first sound of an interruption → prompt silent, ms", taken.stops, f"p95 ≤ {STOP_P95:.0f}"),
    ):
        spread = (percentile(values, 50), percentile(values, 95), max(values, default=float("nan")))
        print(f"| {name} | {len(values)} | {' | '.join(f'{value:.0f}' for value in spread)} | {limit} |")
    print(f"| answers understood | {taken.said} | {taken.understood} | | | all |")
    for kind, whole in taken.disturbed.items():
        print(f"| questions heard whole over {kind} | {len(whole)} | {sum(whole)} | | | all |")
    print(f"| calls that broke off | {taken.unanswered} | | | | 0 |")
    undisturbed = all(all(whole) for whole in taken.disturbed.values())
    quick = turn_p50 <= TURN_P50 and turn_p95 <= TURN_P95 and stop_p95 <= STOP_P95
    return quick and undisturbed and not taken.unanswered and taken.understood == taken.said


def percentile(values: Sequence[float], percent: int) -> float:
    if len(values) < 2:
        return float("nan")
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a Vosk model directory")
    parser.add_argument("--calls", type=int, default=4, help="at the same time")
    parser.add_argument("--turns", type=int, default=15, help="of each call")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callcenter-bench-") as directory:
        model = arguments.model or write_tone_model(
            Path(directory) / "model", " ".join(ANSWERS).split(), takes_phrases=False
        )
        sounds = asyncio.run(render(ANSWERS)) if arguments.model else {words: say_in_tones(words) for words in ANSWERS}
        centre = RunningCentre(settings=f'script = "turns"\n\n[ear]\nmodel = "{model.absolute()}"\n')
        for ending in (".yaml", ".talks.yaml"):
            shutil.copy(SCRIPT.with_suffix(ending), centre.tree / "ivr_scripts" / f"turns{ending}")
        try:
            centre.run()
            centre.await_program(EAR)
            taken = asyncio.run(measure(centre, sounds, calls=arguments.calls, turns=arguments.turns))
        finally:
            centre.stop()
    print(f"model {arguments.model or 'of tones'}, {arguments.calls} calls at once")
    return 0 if report(taken) else 1


if __name__ == "__main__":
    sys.exit(main())
