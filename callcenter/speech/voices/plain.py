"""What may reach a synthesiser: Russian words, stress marks and pauses, in pieces of a bearable length."""

import re
import unicodedata

from callcenter.speech.voice import VoiceFailed
from callcenter.wording.stress import VOWELS

LONGEST_PIECE = 300
"""Letters. Festival's reader refuses a string above 5120 bytes, and long utterances take more than linear time."""


def split_plainly(text: str) -> list[str]:
    """The text as pieces of plain Russian words with pauses marked by `,` `.` `?` `!`; nothing else passes.

    An allow-list, because synthesisers take commands in the text: Scheme, SSML, phonemes in brackets. Whatever could
    begin one becomes a space. A hyphen stays only inside a word, `+` only before a vowel, where it marks the stress.
    Pieces end where a sentence ends, or, in a very long sentence, at a comma or a space. Raises VoiceFailed when
    there is nothing to say.
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
