"""Writes `speech_model/everyday.txt`, the training half of his and her texts, and the sums of the test's sentences."""

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

from speech_model.training.recordings import read_recordings
from speech_model.training.split import FILE, read_split


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    split = read_split()
    recordings = read_recordings(parser.parse_args(arguments).work / "packages")
    tested = {one.text for one in recordings if split[one.name] == "test"}
    sums = sorted(hashlib.sha256(text.encode()).hexdigest() for text in tested)
    FILE.with_name("test_sentences.sha256").write_text("".join(f"{one}\n" for one in sums), encoding="ascii")
    texts = {one.text for one in recordings if split[one.name] == "train"}
    FILE.with_name("everyday.txt").write_text("".join(f"{text}\n" for text in sorted(texts)), encoding="utf-8")


if __name__ == "__main__":
    main()
