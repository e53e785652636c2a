"""Phones as Kaldi's decoder sees them: where in a word they stand, their numbers, the transitions of their states.

A phone is one state, entered and then stayed in or left. Kaldi numbers the transitions: for phone number N the staying
one is 2N - 1, the leaving one 2N; graphs carry these numbers. One phone more, ANYTHING, has a state for each output of
the network, and three transitions each: stay, go on to another, leave. `[unk]` consists of it: were it made of phones,
a lattice would keep each of their sequences apart, and the end of a silence would take seconds.
"""

from callcenter.hearing.model_factory.phones import OUTPUT, OUTPUTS, PHONES

BEGIN, INSIDE, END, ALONE = "B", "I", "E", "S"
"""Places in a word, as Kaldi names them."""
_WORD_POSITIONS = (BEGIN, INSIDE, END, ALONE)
_KALDI_POSITIONS = {BEGIN: "begin", INSIDE: "internal", END: "end", ALONE: "singleton"}

SILENCE = len(PHONES) * len(_WORD_POSITIONS) + 1
"""CTC's blank between words: the phone whose length ends an utterance."""
BLANK = SILENCE + 1
"""CTC's blank inside a word."""
ANYTHING = BLANK + 1
GOING_ON = ANYTHING + 1
"""A graph's label for going on inside ANYTHING to its state 0; the other states follow."""
ENDING = GOING_ON + OUTPUTS
"""The same for its last state."""
DISAMBIGUATION = ENDING + OUTPUTS
"""The first of the marks, not phones, that keep words with equal sounds apart."""
_TRANSITIONS_PER_PHONE, _TRANSITIONS_PER_ANY_PHONE_STATE = 2, 3
LAST_TRANSITION = _TRANSITIONS_PER_PHONE * BLANK + _TRANSITIONS_PER_ANY_PHONE_STATE * OUTPUTS
"""The highest transition number."""


def phone_number(phone: str, place: str) -> int:
    return 1 + (OUTPUT[phone] - 1) * len(_WORD_POSITIONS) + _WORD_POSITIONS.index(place)


def place_of(index: int, length: int) -> str:
    """Where a word's phone `index` of `length` stands."""
    if length == 1:
        return ALONE
    return BEGIN if index == 0 else END if index == length - 1 else INSIDE


def enter(label: int) -> tuple[int, int]:
    """The transition by which a label of the graph is entered, and the one that stays in it."""
    if label <= BLANK:
        return _TRANSITIONS_PER_PHONE * label, _TRANSITIONS_PER_PHONE * label - 1
    state, leaves = (label - GOING_ON, 2) if label < ENDING else (label - ENDING, 3)
    stays = _TRANSITIONS_PER_PHONE * BLANK + _TRANSITIONS_PER_ANY_PHONE_STATE * state + 1
    return stays + leaves - 1, stays


def outputs_by_phone() -> dict[int, int]:
    """Which output of the network scores a phone number; ANYTHING has all of them."""
    outputs = {phone_number(phone, place): OUTPUT[phone] for phone in PHONES for place in _WORD_POSITIONS}
    return {**outputs, SILENCE: 0, BLANK: 0}


def word_boundaries() -> str:
    """Kaldi's `word_boundary.int`, by which it finds where words begin and end."""
    lines = [
        f"{phone_number(phone, place)} {_KALDI_POSITIONS[place]}\n" for phone in PHONES for place in _WORD_POSITIONS
    ]
    return "".join([*lines, f"{SILENCE} nonword\n", f"{BLANK} internal\n", f"{ANYTHING} singleton\n"])


def phone_table() -> str:
    """Kaldi's `phones.txt`."""
    lines = [f"{phone}_{place} {phone_number(phone, place)}\n" for phone in PHONES for place in _WORD_POSITIONS]
    return "".join(["<eps> 0\n", *lines, f"SIL {SILENCE}\n", f"BLK {BLANK}\n", f"ANY {ANYTHING}\n"])
