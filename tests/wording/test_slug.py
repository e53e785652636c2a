import re

from hypothesis import given
from hypothesis import strategies as st

from callcenter.wording.slug import slug


def test_the_first_words_name_the_file() -> None:
    assert slug("Объезд закрыт. Щёлк, ещё слова") == "obezd-zakryt-shchelk-eshche"


def test_a_long_name_ends_with_a_whole_word() -> None:
    assert slug("Здравствуйте! Ситуационный центр. Разговор записывается.") == "zdravstvuyte-situatsionnyy-tsentr"


def test_a_text_without_letters_still_has_a_name() -> None:
    assert slug("…!") == "prompt"


@given(st.text())
def test_any_text_gives_a_safe_file_name(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", slug(text))
