"""G.711 A-law codec after ITU-T G.711 (11/88) table 1a: one byte per sample, 8000 samples per second.

Encoding and decoding are table lookups; the tables are computed once from the segments of the law.
"""

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
"""Linear PCM, 16 bit, 8000 samples per second, mono; shape (n,)."""

RATE = 8000
SILENCE = 0xD5
"""A-law byte of the smallest positive value, sent on a silent line."""

_EVEN_BITS = 0x55  # A-law inverts every second bit on the wire


def _decoded(byte: int) -> int:
    """The 16-bit value of one A-law byte: the middle of its quantization step, a 13-bit value shifted left by 3."""
    byte ^= _EVEN_BITS
    segment = (byte >> 4) & 0x07
    magnitude = ((byte & 0x0F) << 4) + 8
    if segment:
        magnitude = (magnitude + 0x100) << (segment - 1)
    return magnitude if byte & 0x80 else -magnitude


_DECODE: Samples = np.array([_decoded(byte) for byte in range(256)], dtype=np.int16)


def _encode_table() -> npt.NDArray[np.uint8]:
    """The A-law byte of each 16-bit sample, indexed as unsigned: segment from the highest bit, 4 bits within it."""
    values = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    negative = values < 0
    magnitude = np.where(negative, -values - 1, values) >> 4  # 11 bits
    segment = np.zeros(65536, dtype=np.int32)
    for bit in range(4, 11):
        segment = np.where(magnitude >> bit > 0, bit - 3, segment)
    inside = np.where(segment == 0, magnitude & 0x0F, (magnitude >> np.maximum(segment - 1, 0)) & 0x0F)
    byte = (segment << 4) | inside | np.where(negative, 0, 0x80)
    return (byte ^ _EVEN_BITS).astype(np.uint8)


_ENCODE = _encode_table()


def encode_alaw(samples: Samples) -> bytes:
    """Encodes `samples` to A-law, one byte per sample."""
    return _ENCODE[samples.view(np.uint16)].tobytes()


def decode_alaw(payload: bytes) -> Samples:
    """Decodes A-law bytes to samples of the full 16-bit scale, one per byte."""
    return _DECODE[np.frombuffer(payload, dtype=np.uint8)]
