"""A centre on its first night: every page says in words that there is nothing yet."""

from tests.web.desk_client import Visit


async def test_the_board_of_a_quiet_night_is_calm(quiet_reader: Visit) -> None:
    board = (await quiet_reader.get("/")).text
    for words in (
        "Сейчас никто не звонит.",
        "Всем перезвонили.",
        "никто не ждёт",
        "всё спокойно",
        "Телефоны диспетчеров ещё не подключались.",
    ):
        assert words in board
    assert "tile-danger" not in board
    assert "tile-warn" not in board


async def test_empty_lists_say_why_they_are_empty(quiet_reader: Visit) -> None:
    assert "Звонков ещё не было." in (await quiet_reader.get("/calls")).text
    assert "Таких звонков нет." in (await quiet_reader.get("/calls?search=5550192")).text
    assert "Заявок ещё не было." in (await quiet_reader.get("/tickets")).text
    assert "Таких заявок нет." in (await quiet_reader.get("/tickets?state=closed")).text
