"""Phones as Kaldi's decoder sees them: where in a word they stand, their numbers, and the transitions of their states.

Every phone is one state that is entered and then stays or leaves. Kaldi numbers the transitions: for phone number N the
staying one is 2N - 1, the leaving one 2N; graphs carry these numbers.
"""

from callcenter.hearing.building.phones import OUTPUT, PHONES

BEGIN, INSIDE, END, ALONE = "B", "I", "E", "S"
"""Places in a word, as Kaldi names them."""
_PLACES = (BEGIN, INSIDE, END, ALONE)
_KALDI_PLACES = {BEGIN: "begin", INSIDE: "internal", END: "end", ALONE: "singleton"}

SILENCE = len(PHONES) * len(_PLACES) + 1
"""CTC's blank between words: the phone whose length ends an utterance."""
BLANK = SILENCE + 1
"""CTC's blank inside a word."""
DISAMBIGUATION = BLANK + 1
"""The first of the marks, not phones, that keep words with equal sounds apart."""
LEAVING_TRANSITIONS = 2 * BLANK
"""The highest transition number."""


def phone_number(phone: str, place: str) -> int:
    return 1 + (OUTPUT[phone] - 1) * len(_PLACES) + _PLACES.index(place)


def place_of(index: int, length: int) -> str:
    """Where a word's phone `index` of `length` stands."""
    if length == 1:
        return ALONE
    return BEGIN if index == 0 else END if index == length - 1 else INSIDE


def leaving(phone: int) -> int:
    return 2 * phone


def staying(phone: int) -> int:
    return 2 * phone - 1


def outputs_by_phone() -> dict[int, int]:
    """Which output of the network scores a phone number."""
    outputs = {phone_number(phone, place): OUTPUT[phone] for phone in PHONES for place in _PLACES}
    return {**outputs, SILENCE: 0, BLANK: 0}


def word_boundaries() -> str:
    """Kaldi's `word_boundary.int`, by which it finds where words begin and end."""
    lines = [f"{phone_number(phone, place)} {_KALDI_PLACES[place]}\n" for phone in PHONES for place in _PLACES]
    return "".join([*lines, f"{SILENCE} nonword\n", f"{BLANK} internal\n"])


def phone_table() -> str:
    """Kaldi's `phones.txt`."""
    lines = [f"{phone}_{place} {phone_number(phone, place)}\n" for phone in PHONES for place in _PLACES]
    return "".join(["<eps> 0\n", *lines, f"SIL {SILENCE}\n", f"BLK {BLANK}\n"])
