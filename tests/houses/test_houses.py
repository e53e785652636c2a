"""The house list as a company would write it, with the mistakes it would make."""

from pathlib import Path

import pytest

from callcenter.houses.houses import House, Houses, read_houses

HEAD = "settlement;street;house;building;structure;letter;complex;also;entrances;floors;flats"


def test_the_example_list_has_92_houses(houses: Houses) -> None:
    assert len(houses.all) == 92


def test_reads_a_house_with_its_flats(tmp_path: Path) -> None:
    file = tmp_path / "houses.csv"
    file.write_text(
        f"# дома\n{HEAD}\n;проспект Энгельса;139;1;;А;ЖК «Маяк»;маяк|маячок;2;9;1-36 37-72\n", encoding="utf-8"
    )
    houses, problems = read_houses(file)
    assert problems == []
    (house,) = houses.all
    assert house == House(
        "", "проспект Энгельса", "139", "1", "", "А", "ЖК «Маяк»", ("маяк", "маячок"), 2, 9, ((1, 36), (37, 72))
    )
    assert (house.can_have_apartment(72), house.can_have_apartment(73), house.find_entrance(37)) == (True, False, 2)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "HSE020"),
        (HEAD, "HSE020"),
        ("street;house;korpus\n", "HSE022"),
        ("street;building\n", "HSE023"),
        ("street;house;house\n", "HSE024"),
        ("street;house\nСадовая улица\n", "HSE025"),
        ("street;house\nСадовая улица;5\nСадовая улица;5\n", "HSE026"),
        ("street;house\nCадовая улица;5\n", "HSE027"),
        ("street;house\nСадовая;5\n", "HSE028"),
        ("street;house\nСадовая улица;\n", "HSE029"),
        ("street;house\nСадовая улица;5а\n", "HSE030"),
        ("street;house;building\nСадовая улица;5;первый\n", "HSE031"),
        ("street;house;letter\nСадовая улица;5;аб\n", "HSE032"),
        ("street;house;flats\nСадовая улица;5;36-1\n", "HSE033"),
        ("street;house;entrances;flats\nСадовая улица;5;3;1-5 6-9\n", "HSE034"),
    ],
)
def test_names_each_mistake_where_it_is(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "houses.csv"
    file.write_text(text, encoding="utf-8")
    _, problems = read_houses(file)
    assert [problem.code for problem in problems] == [fault]
    assert problems[0].position.line == (0 if fault == "HSE020" else len(text.splitlines()))


@pytest.mark.parametrize("sign", [";", ",", "\t"])
def test_a_list_is_read_as_the_spreadsheet_saved_it(tmp_path: Path, sign: str) -> None:
    head = sign.join(("street", "house", "complex", "flats"))
    row = sign.join(("Садовая улица", "5", '"ЖК «Маяк, море; берег»"', "1-36 37-72"))
    (tmp_path / "houses.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    houses, problems = read_houses(tmp_path / "houses.csv")
    assert problems == []
    (house,) = houses.all
    assert (house.street, house.house, house.complex) == ("Садовая улица", "5", "ЖК «Маяк, море; берег»")


def test_points_at_the_field(tmp_path: Path) -> None:
    file = tmp_path / "houses.csv"
    file.write_text("street;house\nСадовая улица;5а\n", encoding="utf-8")
    assert str(read_houses(file)[1][0]).startswith(f"{file}:2:15: «house»: «5а» не подходит")


def test_a_list_in_another_encoding_is_named(tmp_path: Path) -> None:
    file = tmp_path / "houses.csv"
    file.write_bytes("street;house\nСадовая улица;5\n".encode("cp1251"))
    assert [problem.code for problem in read_houses(file)[1]] == ["HSE003"]
    assert [problem.code for problem in read_houses(tmp_path / "none.csv")[1]] == ["HSE001"]
