"""Which transport a datagram belongs to."""

from sfu.ice.address_table import AddressTable

HOME, CAFE, TRAIN = ("192.0.2.1", 1), ("192.0.2.2", 2), ("192.0.2.3", 3)


def test_an_address_that_was_proved_leads_to_its_owner() -> None:
    table = AddressTable[str]()
    table.bind("ada", HOME, [HOME])
    assert table.by_address == {HOME: "ada"}


def test_addresses_that_are_no_longer_bound_lead_nowhere() -> None:
    table = AddressTable[str]()
    table.bind("ada", HOME, [HOME])
    table.bind("ada", CAFE, [HOME, CAFE])
    table.bind("ada", TRAIN, [CAFE, TRAIN])
    assert table.by_address == {CAFE: "ada", TRAIN: "ada"}


def test_the_last_proof_wins_and_survives_the_one_before() -> None:
    table = AddressTable[str]()
    table.bind("ada", HOME, [HOME])
    table.bind("ben", HOME, [HOME])
    assert table.by_address == {HOME: "ben"}
    table.forget("ada")
    assert table.by_address == {HOME: "ben"}


def test_fragments_are_replaced_as_a_whole() -> None:
    table = AddressTable[str]()
    table.name("ada", ("new", "old"))
    table.name("ben", ("other",))
    table.name("ada", ("newer", "new"))
    assert table.by_ufrag == {"newer": "ada", "new": "ada", "other": "ben"}


def test_a_forgotten_owner_leaves_nothing_behind() -> None:
    table = AddressTable[str]()
    table.bind("ada", HOME, [HOME])
    table.bind("ada", CAFE, [HOME, CAFE])
    table.name("ada", ("new", "old"))
    table.forget("ada")
    table.forget("ada")
    assert table.by_address == {}
    assert table.by_ufrag == {}
    assert vars(AddressTable[str]()) == vars(table)
