"""Reduces a text to what a synthesizer may receive: Russian words, stress marks and pauses, in pieces of limited size.

Every voice passes its texts through `split_into_pieces`.
"""

import re
import unicodedata

from callcenter.speech.voice import VoiceFailed
from callcenter.wording.stress import VOWELS

LONGEST_PIECE = 300
"""Characters. Festival's reader refuses a string above 5120 bytes, and synthesis time grows faster than the length."""


def split_into_pieces(text: str) -> list[str]:
    """Splits a text into pieces of plain Russian words, with pauses marked by `,` `.` `?` `!`.

    The filter is an allow-list, because synthesizers execute commands in the text: Scheme, SSML, phonemes in brackets.
    All other characters become spaces. A hyphen stays only inside a word, and `+` only before a vowel, where it marks
    the stress. A piece ends at the end of a sentence; a sentence longer than LONGEST_PIECE is also split at a comma or
    a space. Raises VoiceFailed when no Russian word is left.
    """
    plain = unicodedata.normalize("NFC", text).lower()
    plain = re.sub(r"[;:]|\s[-–—]+\s", ", ", plain)
    plain = re.sub(r"[^а-яё,.?!+-]+", " ", plain)
    plain = re.sub(rf"\+(?![{VOWELS}])", " ", plain)
    plain = re.sub(r"(?<![а-яё])-+|-+(?!\+?[а-яё])", " ", plain)
    pieces = []
    for sentence in re.split(r"(?<=[.?!])\s*", plain):
        rest = re.sub(r"\s+([,.?!])", r"\1", re.sub(r"\s+", " ", sentence)).strip(" ,")
        while len(rest) > LONGEST_PIECE:
            cut = max(rest.rfind(", ", 0, LONGEST_PIECE) + 1, 0) or rest.rfind(" ", 0, LONGEST_PIECE)
            cut = cut if cut > 0 else LONGEST_PIECE
            pieces.append(rest[:cut].strip(" ,"))
            rest = rest[cut:].strip(" ,")
        pieces.append(rest)
    sayable = [piece for piece in pieces if re.search(r"[а-щыэюяё]", piece)]
    if not sayable:
        raise VoiceFailed(f"в «{text[:60]}» нечего сказать: нет русских слов")
    return sayable
