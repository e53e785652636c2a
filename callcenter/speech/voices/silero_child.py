"""The child process of `silero.py`: `python -m callcenter.speech.voices.silero_child MODEL SPEAKER`.

It reads one JSON request per line from standard input, {"text", "file"}, and writes one JSON answer per line to
standard output: {"done": true}, or {"done": "<error>"}.
"""

import importlib
import json
import sys
from typing import Any

import soundfile

from callcenter.speech.voice import RATE


def serve(model: Any, speaker: str) -> None:
    """Answers requests until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        done: bool | str = True
        try:
            sound = model.apply_tts(text=request["text"], speaker=speaker, sample_rate=RATE)
            soundfile.write(request["file"], sound.numpy(), RATE, subtype="PCM_16")
        except Exception as error:  # the model raises many kinds of errors; the parent process reports them
            done = f"{type(error).__name__}: {error}"
        print(json.dumps({"done": done}), flush=True)


def load_model(file: str) -> Any:
    """Loads a Silero model of release 3 or later on the CPU with one thread, which leaves the other cores to calls."""
    torch = importlib.import_module("torch")  # not a dependency of this project: installed only for this voice
    package = importlib.import_module("torch.package")
    torch.set_num_threads(1)
    model = package.PackageImporter(file).load_pickle("tts_models", "model")
    model.to(torch.device("cpu"))
    return model


if __name__ == "__main__":
    serve(load_model(sys.argv[1]), sys.argv[2])
