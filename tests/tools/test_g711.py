"""A-law against the values of ITU-T G.711 and against libsndfile, which is not ours."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tools.softphone.g711 import RATE, decode_alaw, encode_alaw

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)


@pytest.mark.parametrize(
    ("sample", "byte"),
    [(0, 0xD5), (-1, 0x55), (32767, 0xAA), (-32768, 0x2A), (15, 0xD5), (16, 0xD4), (-17, 0x54), (1000, 0xFA)],
)
def test_known_values_are_encoded(sample: int, byte: int) -> None:
    assert encode_alaw(np.array([sample], dtype=np.int16))[0] == byte


@pytest.mark.parametrize(
    ("byte", "sample"), [(0xD5, 8), (0x55, -8), (0xAA, 32256), (0x2A, -32256), (0xD4, 24), (0xC5, 264)]
)
def test_known_values_are_decoded(byte: int, sample: int) -> None:
    assert decode_alaw(bytes([byte]))[0] == sample


def test_every_byte_means_what_libsndfile_says(tmp_path: Path) -> None:
    file = tmp_path / "every.al"
    file.write_bytes(bytes(range(256)))
    theirs, _ = soundfile.read(
        file, dtype="int16", format="RAW", subtype="ALAW", samplerate=RATE, channels=1, endian="FILE"
    )
    assert decode_alaw(bytes(range(256))).tolist() == theirs.tolist()


def test_every_sample_comes_back_within_its_step() -> None:
    back = decode_alaw(encode_alaw(EVERY_SAMPLE)).astype(int)
    error = np.abs(back - EVERY_SAMPLE.astype(int))
    allowed = np.maximum(np.abs(EVERY_SAMPLE.astype(int)) / 32, 8) + 8
    assert (error <= allowed).all()


def test_encoding_what_was_decoded_changes_nothing() -> None:
    assert encode_alaw(decode_alaw(bytes(range(256)))) == bytes(range(256))
