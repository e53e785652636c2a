"""The stand-in programs do what the real ones were seen to do (piper-tts 1.8.0, RHVoice 1.14's `RHVoice-test`)."""

import subprocess
from pathlib import Path

import soundfile

from tests.stand_ins.synthesisers import read_heard, write_program


def test_one_text_becomes_one_file(tmp_path: Path) -> None:
    program = write_program(tmp_path, "rhvoice")
    file = tmp_path / "out.wav"
    subprocess.run([program, "-p", "anna", "-o", file], input="привет", text=True, check=True)
    assert soundfile.info(str(file)).duration > 0.3
    assert read_heard(program) == [(["-p", "anna", "-o", str(file)], "привет")]


def test_a_line_becomes_a_file_that_is_logged(tmp_path: Path) -> None:
    program = write_program(tmp_path, "piper")
    done = subprocess.run(
        [program, "--output-dir", tmp_path], input="раз\nдва\n", text=True, capture_output=True, check=True
    )
    written = [line.rpartition(" ")[2] for line in done.stderr.splitlines() if "Wrote" in line]
    assert [soundfile.info(file).samplerate for file in written] == [22050, 22050]
    assert done.stdout == ""
