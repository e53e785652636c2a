"""A controller reduced to its journal: writes notes as fast as it can, tells on stdout of each that is written.

    python -m tests.helpers.note_writer DIRECTORY FIRST

Ends only by being killed. Segments are small here, so that it may die while it begins a new one.
"""

import os
import sys
import time
from pathlib import Path

from callcenter.journal import notes
from callcenter.journal.notes import Journal, Note
from tests.stand_ins.clock import MORNING


def main() -> None:
    notes.SEGMENT_BYTES = 2000
    notes.SYNC_SECONDS = 0.001
    book = Journal(Path(sys.argv[1]))
    number = int(sys.argv[2])
    while True:
        book.write(Note(f"n{number}", "b1-17.7", MORNING, "key", {"key": "1", "number": number}))
        os.write(1, b"%d\n" % number)
        number += 1
        time.sleep(0.001)


main()
