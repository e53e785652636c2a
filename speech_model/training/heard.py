"""Lines as the centre's own ear writes them, to learn meanings from: `python -m speech_model.training.heard WORK`.

Training voices say lines of `meaning_model/lines.jsonl`, half of them into noise; what the model hears goes to
`meaning_model/heard.jsonl` with the line's labels, where something but not too much was heard wrongly.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import vosk

from callcenter.hearing.model_factory.stress import StressDictionary
from callcenter.hearing.model_factory.text import RESIDENT_LINES, build_text
from callcenter.hearing.server.engine import UNKNOWN
from speech_model.training.built import build_apart
from speech_model.training.report import Ear
from speech_model.training.telephone import add_noise
from speech_model.training.voices import ESPEAK_TRAINING, say_with_espeak, say_with_retro

_TREE = Path(__file__).resolve().parents[2]
_DANGERS, _OTHERS = 2500, 3000
_LEAST_WORDS = 2
_LEAST_RIGHT = 0.5
"""The share of a line's words that must have been heard: of less, its labels would be guesses."""
_LABELS = ("danger", "categories", "intent", "article")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    vosk.SetLogLevel(-1)
    chance, noise, stress = random.Random(3), np.random.default_rng(5), StressDictionary.read()
    lines = [json.loads(line) for line in (_TREE / RESIDENT_LINES).read_text(encoding="utf-8").splitlines()]
    chance.shuffle(lines)
    dangers, others = ([line for line in lines if bool(line.get("danger")) is danger] for danger in (True, False))
    kept = []
    with tempfile.TemporaryDirectory(dir=parser.parse_args(arguments).work) as directory:
        text = build_text(knowledge=_TREE / "knowledge_base", scripts=_TREE / "ivr_scripts")
        build_apart(Path(directory) / "model", text)
        ear = Ear(Path(directory) / "model")
        for line in (*dangers[:_DANGERS], *others[:_OTHERS]):
            voice = chance.choice((*ESPEAK_TRAINING, *["retro"] * 3))
            if voice == "retro":
                sound = say_with_retro(line["text"], chance, stress, female=False)
            else:
                sound = say_with_espeak(line["text"], voice, chance, stress)
            if chance.random() < 0.5:
                sound = add_noise(sound, chance.uniform(8, 25), noise, ())
            heard = ear.words(sound).replace(UNKNOWN, "").split()
            if len(heard) >= _LEAST_WORDS and _is_near(line["text"].split(), heard):
                kept.append({"text": " ".join(heard), **{name: line[name] for name in _LABELS if name in line}})
    written = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in kept)
    (_TREE / RESIDENT_LINES).with_name("heard.jsonl").write_text(written, encoding="utf-8")


def _is_near(said: Sequence[str], heard: Sequence[str]) -> bool:
    """Whether not all of it was heard rightly, but enough."""
    same = sum(block.size for block in SequenceMatcher(None, said, heard).get_matching_blocks())
    return list(said) != list(heard) and same >= _LEAST_RIGHT * len(said)


if __name__ == "__main__":
    main()
