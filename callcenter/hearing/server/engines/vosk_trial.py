"""`python -m callcenter.hearing.server.engines.vosk_trial DIR`: loads a Vosk model and decodes a second of silence.

The trial is a separate program, because a broken model may abort the process that loads it or exhaust its memory.
"""

import sys
from pathlib import Path

from callcenter.hearing.server.engine import RATE
from callcenter.hearing.server.engines.vosk import open_engine

_SECOND_OF_SILENCE = bytes(2 * RATE)


if __name__ == "__main__":
    recogniser = open_engine(Path(sys.argv[1])).create_recognizer(rate=RATE, phrases=None)
    recogniser.accept_audio(_SECOND_OF_SILENCE)
    recogniser.finish()
