"""The mailbox: order, patience, and a finger that stays on the keys."""

from callcenter.conducting.mailbox import MOST_KEYS, Dismissed, Key, Left, Mailbox, SoundEnded


async def test_letters_come_in_their_order() -> None:
    mailbox = Mailbox()
    letters = (Key("1"), SoundEnded("a"), Key("2"), Left())
    for letter in letters:
        mailbox.post(letter)
    assert [await mailbox.next(within=1) for _ in letters] == list(letters)


async def test_none_comes_when_nobody_writes() -> None:
    assert await Mailbox().next(within=0.01) is None


async def test_keys_nobody_has_read_yet_do_not_pile_up_and_hide_nothing_else() -> None:
    mailbox = Mailbox()
    for _ in range(10_000):
        mailbox.post(Key("5"))
    mailbox.post(Dismissed())
    read = 0
    while await mailbox.next(within=1) != Dismissed():
        read += 1
    assert read == MOST_KEYS
    mailbox.post(Key("6"))
    assert await mailbox.next(within=1) == Key("6"), "once they are read there is room again"
