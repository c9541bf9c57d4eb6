"""Which transport a datagram belongs to."""

from sfu.ice.address_table import Directory

HOME, CAFE, TRAIN = ("192.0.2.1", 1), ("192.0.2.2", 2), ("192.0.2.3", 3)


def test_an_address_that_was_proved_leads_to_its_owner() -> None:
    directory = Directory[str]()
    directory.bind("ada", HOME, [HOME])
    assert directory.by_address == {HOME: "ada"}


def test_addresses_that_are_no_longer_bound_lead_nowhere() -> None:
    directory = Directory[str]()
    directory.bind("ada", HOME, [HOME])
    directory.bind("ada", CAFE, [HOME, CAFE])
    directory.bind("ada", TRAIN, [CAFE, TRAIN])
    assert directory.by_address == {CAFE: "ada", TRAIN: "ada"}


def test_the_last_proof_wins_and_survives_the_one_before() -> None:
    directory = Directory[str]()
    directory.bind("ada", HOME, [HOME])
    directory.bind("ben", HOME, [HOME])
    assert directory.by_address == {HOME: "ben"}
    directory.forget("ada")
    assert directory.by_address == {HOME: "ben"}


def test_fragments_are_replaced_as_a_whole() -> None:
    directory = Directory[str]()
    directory.name("ada", ("new", "old"))
    directory.name("ben", ("other",))
    directory.name("ada", ("newer", "new"))
    assert directory.by_ufrag == {"newer": "ada", "new": "ada", "other": "ben"}


def test_a_forgotten_owner_leaves_nothing_behind() -> None:
    directory = Directory[str]()
    directory.bind("ada", HOME, [HOME])
    directory.bind("ada", CAFE, [HOME, CAFE])
    directory.name("ada", ("new", "old"))
    directory.forget("ada")
    directory.forget("ada")
    assert directory.by_address == {}
    assert directory.by_ufrag == {}
    assert vars(Directory[str]()) == vars(directory)
