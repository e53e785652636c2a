"""The program that speaks for `silero.py`: `python -m callcenter.speech.voices.silero_child MODEL SPEAKER`.

A request a line on standard input, {"text", "file"}; an answer a line on standard output, {"done": true or the fault}.
"""

import importlib
import json
import sys
from typing import Any

import soundfile

from callcenter.speech.voice import RATE


def serve(model: Any, speaker: str) -> None:
    """Speaks until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        done: bool | str = True
        try:
            sound = model.apply_tts(text=request["text"], speaker=speaker, sample_rate=RATE)
            soundfile.write(request["file"], sound.numpy(), RATE, subtype="PCM_16")
        except Exception as error:  # the model's own errors are many; the parent tells them
            done = f"{type(error).__name__}: {error}"
        print(json.dumps({"done": done}), flush=True)


def load_model(file: str) -> Any:
    """A Silero model of release 3 or later, on the CPU and one thread: the other cores belong to the calls."""
    torch = importlib.import_module("torch")  # no dependency of ours: whoever wants this voice installs it
    package = importlib.import_module("torch.package")
    torch.set_num_threads(1)
    model = package.PackageImporter(file).load_pickle("tts_models", "model")
    model.to(torch.device("cpu"))
    return model


if __name__ == "__main__":
    serve(load_model(sys.argv[1]), sys.argv[2])
