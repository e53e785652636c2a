"""The sounds of Russian that the acoustic model tells apart.

Vowels differ by stress and reduction, consonants by softness, after L. V. Shcherba's school as the festvox-ru voice has
them, with fewer degrees of reduction.
"""

STRESSED = ("A", "O", "U", "Y", "E", "I")
UNSTRESSED = ("a", "@", "u", "y", "i")
"""`a` right before the stress or at a word's beginning, `@` in other places after hard consonants and in a soft ending,
`i` after soft consonants, `y` after ж, ш, ц."""
VOWELS = frozenset(STRESSED + UNSTRESSED)
_UNPAIRED = ("j", "ch", "sch", "sh", "zh", "c")
PAIRED = ("b", "v", "g", "d", "z", "k", "l", "m", "n", "p", "r", "s", "t", "f", "h")
"""Hard and, with an apostrophe, soft."""

PHONES = STRESSED + UNSTRESSED + _UNPAIRED + tuple(one + soft for one in PAIRED for soft in ("", "'"))
OUTPUT = {phone: number for number, phone in enumerate(PHONES, 1)}
"""The acoustic network's output for a phone. Output 0 is CTC's blank: nothing new is said."""
OUTPUTS = len(PHONES) + 1
