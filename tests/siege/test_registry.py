from pathlib import Path

import pytest

from tests.siege.__main__ import arguments, chosen
from tests.siege.registry import ATTACKS, find
from tests.siege.sockets import connected_port

UDP = """   sl  local_address rem_address   st tx_queue rx_queue tr tm->when uid timeout inode
    1: 0100007F:A000 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 501 2
    2: 0100007F:B123 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 502 2
"""


def test_every_row_of_the_table_is_attacked() -> None:
    rows = {attack.row.rstrip("abcdefgh") for attack in ATTACKS}
    assert rows == {*map(str, range(1, 19)), "F"}


def test_rows_are_named_once() -> None:
    names = [attack.row for attack in ATTACKS]
    assert len(set(names)) == len(names)
    assert find("6a").name == "NACK storm"


def test_what_ends_its_class_goes_last() -> None:
    assert [attack.row for attack in ATTACKS if attack.ends_class] == [ATTACKS[-1].row]


def test_a_number_stands_for_all_its_attacks() -> None:
    assert [attack.row for attack in chosen("6,2a")] == ["2a", "6a", "6b"]
    assert len(chosen("")) == len(ATTACKS)


def test_an_unknown_row_is_refused() -> None:
    with pytest.raises(SystemExit, match="99"):
        chosen("1,99")


def test_options_have_defaults() -> None:
    options = arguments([])
    assert (options.rows, options.students, options.seconds) == ("", 30, 8.0)
    assert (options.server / "tests" / "siege").is_dir()


def test_a_process_is_asked_for_the_port_it_talks_from(tmp_path: Path) -> None:
    folder = tmp_path / "77" / "fd"
    folder.mkdir(parents=True)
    (folder / "5").symlink_to("socket:[502]")
    (folder / "6").symlink_to("pipe:[9]")
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "udp").write_text(UDP)
    assert connected_port(77, 0x9C40, tmp_path) == 0xB123
    assert connected_port(77, 1, tmp_path) == 0
    assert connected_port(78, 0x9C40, tmp_path) == 0
