"""Phones for Kaldi's decoder: their position in a word, their numbers, and the transitions of their states.

A phone has one state with two transitions, a self-loop and one that leaves. Kaldi numbers the transitions: of phone
number N the self-loop is 2N - 1, the leaving one 2N. The graph that Vosk decodes carries these numbers.

One more phone, ANYTHING, has a state for each output of the network, each with three transitions: self-loop, to another
state, leave. `[unk]` consists of this phone: if it consisted of ordinary phones, a lattice would keep every sequence of
them apart, and the end of a silence would take seconds of computation.
"""

from callcenter.hearing.model_factory.phones import OUTPUT, OUTPUTS, PHONES

BEGIN, INSIDE, END, ALONE = "B", "I", "E", "S"
"""Kaldi's letters for the position of a phone in a word."""
_WORD_POSITIONS = (BEGIN, INSIDE, END, ALONE)
_KALDI_POSITIONS = {BEGIN: "begin", INSIDE: "internal", END: "end", ALONE: "singleton"}

SILENCE = len(PHONES) * len(_WORD_POSITIONS) + 1
"""Phone number of the CTC blank between words. Kaldi's endpointing measures the duration of both blanks as silence."""
BLANK = SILENCE + 1
"""Phone number of the CTC blank inside a word."""
ANYTHING = BLANK + 1
GOING_ON = ANYTHING + 1
"""Graph label of state 0 of ANYTHING when another state follows. The labels of states 1, 2, … come next."""
ENDING = GOING_ON + OUTPUTS
"""Graph label of state 0 of ANYTHING when the phone ends there. The labels of states 1, 2, … come next."""
DISAMBIGUATION = ENDING + OUTPUTS
"""First disambiguation symbol. These labels are not phones; they keep words with equal phones apart."""
_TRANSITIONS_PER_PHONE, _TRANSITIONS_PER_ANY_PHONE_STATE = 2, 3
LAST_TRANSITION = _TRANSITIONS_PER_PHONE * BLANK + _TRANSITIONS_PER_ANY_PHONE_STATE * OUTPUTS
"""Highest transition number."""


def phone_number(phone: str, place: str) -> int:
    return 1 + (OUTPUT[phone] - 1) * len(_WORD_POSITIONS) + _WORD_POSITIONS.index(place)


def position_in_word(index: int, length: int) -> str:
    """Position letter of phone `index` (from 0) in a word of `length` phones."""
    if length == 1:
        return ALONE
    return BEGIN if index == 0 else END if index == length - 1 else INSIDE


def transitions_of_label(label: int) -> tuple[int, int]:
    """Transition numbers for a graph label: of the arc that enters its state, and of the self-loop there."""
    if label <= BLANK:
        return _TRANSITIONS_PER_PHONE * label, _TRANSITIONS_PER_PHONE * label - 1
    state, leaves = (label - GOING_ON, 2) if label < ENDING else (label - ENDING, 3)
    stays = _TRANSITIONS_PER_PHONE * BLANK + _TRANSITIONS_PER_ANY_PHONE_STATE * state + 1
    return stays + leaves - 1, stays


def outputs_by_phone() -> dict[int, int]:
    """Output of the network that scores each phone number. ANYTHING, scored by all outputs, is not included."""
    outputs = {phone_number(phone, place): OUTPUT[phone] for phone in PHONES for place in _WORD_POSITIONS}
    return {**outputs, SILENCE: 0, BLANK: 0}


def word_boundaries() -> str:
    """Content of Kaldi's `word_boundary.int`, by which Kaldi finds the beginning and the end of words."""
    lines = [
        f"{phone_number(phone, place)} {_KALDI_POSITIONS[place]}\n" for phone in PHONES for place in _WORD_POSITIONS
    ]
    return "".join([*lines, f"{SILENCE} nonword\n", f"{BLANK} internal\n", f"{ANYTHING} singleton\n"])


def phone_table() -> str:
    """Content of Kaldi's `phones.txt`."""
    lines = [f"{phone}_{place} {phone_number(phone, place)}\n" for phone in PHONES for place in _WORD_POSITIONS]
    return "".join(["<eps> 0\n", *lines, f"SIL {SILENCE}\n", f"BLK {BLANK}\n", f"ANY {ANYTHING}\n"])
