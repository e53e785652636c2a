"""Makes a model directory in a process of its own: the OpenFst of the builder and that of Vosk cannot meet in one."""

import pickle
import subprocess
import sys
from pathlib import Path

from callcenter.hearing.model_factory.text import TrainingText


def build_apart(directory: Path, text: TrainingText) -> int:
    """How many words the model knows."""
    command = [sys.executable, "-m", "speech_model.training.built", str(directory)]
    done = subprocess.run(command, input=pickle.dumps(text), capture_output=True, check=True)
    return int(done.stdout)


if __name__ == "__main__":
    from callcenter.hearing.model_factory.build import read_stress, write_model_directory

    given = pickle.load(sys.stdin.buffer)  # noqa: S301  from the line above that started us
    print(write_model_directory(Path(sys.argv[1]), given, read_stress()))
