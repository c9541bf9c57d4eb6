"""The chat: the readers of a message, its order, and the memory for latecomers."""

import pytest

from common.roles import Role
from signalling.classroom.features.chat import KEPT, SHOWN, Chat, ChatEntry
from signalling.classroom.permissions import Identity
from signalling.classroom.roster import Participant
from signalling.errors import MessageError
from tests.support.class_rig import ClassRig


def person(name: str, role: Role = Role.STUDENT) -> Participant:
    return Participant(name, Identity(name, name, role, "demo"), 1, "", None)


def chat() -> Chat:
    return ClassRig().classroom.features.get(Chat)


def entry(number: int, sender: Participant, to: str = "all") -> ChatEntry:
    return ChatEntry(str(number), number, sender.id, sender.as_author(), to, f"text {number}")


def test_readers_of_each_kind_of_message() -> None:
    asha, ravi, mina = person("asha", Role.TEACHER), person("ravi"), person("mina")
    to_all, to_staff, to_mina = entry(1, ravi), entry(2, ravi, "teachers"), entry(3, ravi, "mina")
    assert [e.id for e in (to_all, to_staff, to_mina) if e.is_for(asha)] == ["1", "2"]
    assert [e.id for e in (to_all, to_staff, to_mina) if e.is_for(ravi)] == ["1", "2", "3"]
    assert [e.id for e in (to_all, to_staff, to_mina) if e.is_for(mina)] == ["1", "3"]


def test_private_messages_do_not_push_out_what_one_may_read() -> None:
    log, asha, ravi = chat(), person("asha"), person("ravi")
    for number in range(SHOWN):
        log.add(entry(number, asha))
    for number in range(100, 100 + SHOWN):
        log.add(entry(number, asha, "someone"))
    shown = log.readable_by(ravi)
    assert [message["id"] for message in shown] == [str(number) for number in range(SHOWN)]


def test_memory_is_bounded() -> None:
    log, asha = chat(), person("asha")
    log.add(entry(-1, asha, "asha"))
    for number in range(KEPT):
        log.add(entry(number, asha, "someone"))
    ids = {message["id"] for message in log.readable_by(asha)}
    assert "-1" not in ids
    assert len(ids) == SHOWN


def test_chat_reaches_all_in_one_order_the_sender_too() -> None:
    rig = ClassRig()
    people = [rig.teacher(), rig.join("ravi"), rig.join("mina")]
    for number in range(3):
        for one in people:
            rig.say(one, "chat-message", text=f"{one.person.identity.name} {number}")
    texts = [[m["text"] for m in rig.got(s, "chat-message")] for s in ("teacher", "ravi", "mina")]
    assert len(texts[0]) == 9
    assert texts[0] == texts[1] == texts[2]


def test_chat_acknowledgement_names_the_message_others_get() -> None:
    rig = ClassRig()
    ravi = rig.join("ravi")
    ack = rig.say(ravi, "chat-message", text="<b>hi</b>").ack
    (message,) = rig.got("ravi", "chat-message")
    assert (message["id"], message["at"]) == (ack["id"], ack["at"])
    assert message["text"] == "<b>hi</b>", "text is data and stays as it is"
    assert message["from"] == {"id": ravi.id, "name": "Ravi", "role": "student"}


def test_chat_to_teachers_and_to_one_person_reaches_only_them() -> None:
    rig = ClassRig()
    teacher, ravi, mina = rig.teacher(), rig.join("ravi"), rig.join("mina")
    rig.say(ravi, "chat-message", text="a question", to="teachers")
    rig.say(teacher, "chat-message", text="psst", to=ravi.id)
    assert [m["text"] for m in rig.got("teacher", "chat-message")] == ["a question", "psst"]
    assert [m["text"] for m in rig.got("ravi", "chat-message")] == ["a question", "psst"]
    assert rig.got("mina", "chat-message") == []
    assert rig.join("mina", socket="mina-2").ack["chat"] == []
    assert mina.id in {p.id for p in rig.classroom.roster.everyone()}


def test_chat_to_nobody_is_refused_and_not_remembered() -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    with pytest.raises(MessageError, match="no_such_participant"):
        rig.say(teacher, "chat-message", text="psst", to="gone")
    assert rig.classroom.features.get(Chat).readable_by(teacher.person) == []


def test_late_joiner_gets_the_last_fifty_messages() -> None:
    rig = ClassRig()
    teacher = rig.teacher()
    for number in range(60):
        rig.say(teacher, "chat-message", text=str(number))
    chat = rig.join("late").ack["chat"]
    assert [m["text"] for m in chat] == [str(n) for n in range(10, 60)]  # type: ignore[attr-defined]
