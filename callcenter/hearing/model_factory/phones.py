"""Phones of Russian that the acoustic model distinguishes.

Vowels differ by stress and reduction, consonants by softness. The set follows L. V. Shcherba's school as used by the
festvox-ru voice, with fewer degrees of reduction.
"""

STRESSED = ("A", "O", "U", "Y", "E", "I")
UNSTRESSED = ("a", "@", "u", "y", "i")
"""Reduced vowels. `a`: right before the stress, at a word's beginning or after a vowel. `@`: elsewhere after hard
consonants, and in a soft ending. `i`: after soft consonants. `y`: ы, э, and after ж, ш, ц."""
VOWELS = frozenset(STRESSED + UNSTRESSED)
_UNPAIRED = ("j", "ch", "sch", "sh", "zh", "c")
PAIRED = ("b", "v", "g", "d", "z", "k", "l", "m", "n", "p", "r", "s", "t", "f", "h")
"""Consonants that have a hard phone and a soft one, written with an apostrophe."""

PHONES = STRESSED + UNSTRESSED + _UNPAIRED + tuple(one + soft for one in PAIRED for soft in ("", "'"))
OUTPUT = {phone: number for number, phone in enumerate(PHONES, 1)}
"""Output number of the acoustic network for each phone. Output 0 is the CTC blank: no new phone."""
OUTPUTS = len(PHONES) + 1
