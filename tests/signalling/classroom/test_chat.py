"""The memory of the chat."""

from common.roles import Role
from signalling.classroom.chat import KEPT, SHOWN, ChatEntry, ChatLog, author
from signalling.classroom.permissions import Identity
from signalling.classroom.roster import Participant


def person(name: str, role: Role = Role.STUDENT) -> Participant:
    return Participant(name, Identity(name, name, role, "demo"), 1, "", None)


def entry(number: int, sender: Participant, to: str = "all") -> ChatEntry:
    return ChatEntry(str(number), number, sender.id, author(sender), to, f"text {number}")


def test_readers_of_each_kind_of_message() -> None:
    asha, ravi, mina = person("asha", Role.TEACHER), person("ravi"), person("mina")
    to_all, to_staff, to_mina = entry(1, ravi), entry(2, ravi, "teachers"), entry(3, ravi, "mina")
    assert [e.id for e in (to_all, to_staff, to_mina) if e.is_for(asha)] == ["1", "2"]
    assert [e.id for e in (to_all, to_staff, to_mina) if e.is_for(ravi)] == ["1", "2", "3"]
    assert [e.id for e in (to_all, to_staff, to_mina) if e.is_for(mina)] == ["1", "3"]


def test_private_messages_do_not_push_out_what_one_may_read() -> None:
    log, asha, ravi = ChatLog(), person("asha"), person("ravi")
    for number in range(SHOWN):
        log.add(entry(number, asha))
    for number in range(100, 100 + SHOWN):
        log.add(entry(number, asha, "someone"))
    shown = log.for_person(ravi)
    assert [message["id"] for message in shown] == [str(number) for number in range(SHOWN)]


def test_memory_is_bounded() -> None:
    log, asha = ChatLog(), person("asha")
    log.add(entry(-1, asha, "asha"))
    for number in range(KEPT):
        log.add(entry(number, asha, "someone"))
    ids = {message["id"] for message in log.for_person(asha)}
    assert "-1" not in ids
    assert len(ids) == SHOWN
