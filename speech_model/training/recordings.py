"""The human speech: a man's 620 sentences (festvox-ru) and a woman's prompts (asterisk-core-sounds-ru-wav), with texts.

Also the words that strangers say in KDE's games (ktuberling, klettres); they are for listening tests only.
"""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from num2words import num2words

_FESTVOX = "usr/share/festival/voices/russian/msu_ru_nsh_clunits"
_PROMPTS = "usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU"
_PROMPT_TEXTS = "usr/share/doc/asterisk-core-sounds-ru/core-sounds-ru.txt.gz"
_NOT_WORDS = re.compile(r"[^а-яё ]+")


@dataclass(frozen=True, slots=True)
class Recording:
    """`name` is `him/ru_0001` or `her/digits/1`; `text` is lower-case words; `marked` has `+` before some stresses."""

    name: str
    text: str
    file: Path
    marked: str = ""


def read_recordings(packages: Path) -> list[Recording]:
    """All of his and hers. `packages` is the directory the Debian packages are unpacked in."""
    return [*_read_his(packages / _FESTVOX), *_read_hers(packages)]


def words_of(text: str) -> str:
    """Lower-case Cyrillic words, digits as words."""
    spelt = re.sub(r"\d+", lambda number: f" {num2words(int(number[0]), lang='ru')} ", text.lower())
    return " ".join(_NOT_WORDS.sub(" ", spelt.replace("-", " ")).split())


def _read_his(voice: Path) -> Iterator[Recording]:
    for name, text in re.findall(r'\( (\S+) "(.*)" \)', (voice / "etc/txt.done.data").read_text(encoding="utf-8")):
        marked = " ".join(re.sub(r"[^а-яё+ ]+", " ", text.lower().replace("-", " ")).split())
        yield Recording(f"him/{name}", marked.replace("+", ""), voice / f"wav/{name}.wav", marked)


def _read_hers(packages: Path) -> Iterator[Recording]:
    with gzip.open(packages / _PROMPT_TEXTS, "rt", encoding="utf-8") as lines:
        for line in lines:
            name, colon, text = line.partition(":")
            text = text.removeprefix(f" {name}:")
            file = packages / _PROMPTS / f"{name.strip()}.wav"
            if colon and "[" not in text and not re.search("[A-Za-z]", text) and words_of(text) and file.is_file():
                yield Recording(f"her/{name.strip()}", words_of(text), file)
