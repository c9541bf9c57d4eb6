"""One class: who is shown and heard where."""

import pytest

from common.errors import PeerError, StateError
from sfu.events import ActiveSpeakers, ProducerClosed, ProducerOpened
from sfu.layout import SlotWant
from sfu.router import MAX_VOICES
from tests.support.core import Classroom
from tests.support.offers import Piece, audio, video

SEES = video("recvonly")
HEARS = audio("recvonly")
SPEAKS = audio("sendonly")
FILMS = video("sendonly")


def want(room: Classroom, name: str, *slots: SlotWant, now: float = 0.0) -> None:
    room.router.set_layout(room.members[name].transport, slots, now)


def pair(*pieces: Piece) -> Classroom:
    """ada and ben film and speak, vera has the pieces' slots."""
    room = Classroom()
    for name in ("ada", "ben"):
        room.join(name, SPEAKS, FILMS)
        room.film(name, mid="1")
    room.join("vera", *(pieces or (SEES,)))
    return room


class TestProducers:
    def test_are_told_when_they_open_and_close(self) -> None:
        room = Classroom()
        room.join("ada", SPEAKS, FILMS)
        assert room.events == [
            ProducerOpened("class", "ada", "ada:microphone", "microphone", "audio"),
            ProducerOpened("class", "ada", "ada:camera", "camera", "video"),
        ]
        room.events.clear()
        room.leave("ada")
        assert room.events == [
            ProducerClosed("class", "ada", "ada:microphone"),
            ProducerClosed("class", "ada", "ada:camera"),
        ]
        assert room.router.producers == {}
        assert room.router.transports == {}

    def test_that_close_leave_the_slots(self) -> None:
        room = pair()
        want(room, "vera", SlotWant("0", "pinned", "ada:camera"))
        room.film("ada", mid="1")
        assert room.shown("vera") == ["ada:camera"]
        room.leave("ada")
        assert room.shown("vera") == [None]
        assert room.members["vera"].viewer.slot().layer is None

    def test_that_come_later_fill_the_slots_that_want_them(self) -> None:
        room = Classroom()
        room.join("vera", SEES)
        want(room, "vera", SlotWant("0", "page", "ada:camera"))
        assert room.shown("vera") == [None]
        room.join("ada", FILMS)
        assert room.shown("vera") == ["ada:camera"]

    def test_a_member_without_any_leaves_quietly(self) -> None:
        room = pair()
        room.events.clear()
        room.leave("vera")
        assert room.events == []


class TestLayouts:
    @pytest.mark.parametrize("kind", ["pinned", "page"])
    def test_name_a_producer(self, kind: str) -> None:
        room = pair(SEES, SEES)
        want(room, "vera", SlotWant("0", kind, "ada:camera"), SlotWant("1", kind, "ben:camera"))
        assert room.shown("vera") == ["ada:camera", "ben:camera"]

    def test_leave_alone_the_slots_that_they_do_not_name(self) -> None:
        room = pair(SEES, SEES)
        want(room, "vera", SlotWant("0", "page", "ada:camera"))
        want(room, "vera", SlotWant("1", "page", "ben:camera"))
        assert room.shown("vera") == ["ada:camera", "ben:camera"]
        want(room, "vera", SlotWant("0", "off"))
        assert room.shown("vera") == [None, "ben:camera"]

    @pytest.mark.parametrize("producer", [None, "", "eve:camera", "ada:microphone", "ada"])
    def test_that_name_nothing_one_can_see_show_nothing(self, producer: str | None) -> None:
        room = pair()
        want(room, "vera", SlotWant("0", "page", producer))
        assert room.shown("vera") == [None]

    def test_never_show_oneself(self) -> None:
        room = Classroom()
        room.join("ada", FILMS, SEES)
        want(room, "ada", SlotWant("1", "page", "ada:camera"))
        assert room.shown("ada") == [None]

    def test_show_only_codecs_that_the_subscriber_has(self) -> None:
        room = pair(video("recvonly", video().codecs[1]))
        want(room, "vera", SlotWant("0", "page", "ada:camera"))
        assert room.shown("vera") == [None]

    @pytest.mark.parametrize("kind", ["pinned", "page"])
    def test_that_name_a_producer_many_times_show_it_once(self, kind: str) -> None:
        room = pair(*[SEES] * 10)
        want(room, "vera", *(SlotWant(str(mid), kind, "ada:camera") for mid in range(10)))
        assert room.shown("vera") == ["ada:camera", *[None] * 9]
        watchers = room.router.producers["ada:camera"].watchers
        assert len(watchers) == 1
        want(room, "vera", SlotWant("0", "off"))  # the next one that wants it has it
        assert room.shown("vera") == [None, "ada:camera", *[None] * 8]

    def test_show_a_producer_where_it_matters_most(self) -> None:
        room = pair(SEES, SEES, SEES)
        room.talk("ben", 0.0, 3.0)
        room.talk("ada", 3.0, 8.0)
        slots = [SlotWant("0", "page", "ada:camera"), SlotWant("1", "page", "ben:camera")]
        want(room, "vera", *slots, now=8.0)
        assert room.shown("vera") == ["ada:camera", "ben:camera", None]
        want(room, "vera", SlotWant("2", "speaker"), now=8.0)
        assert room.shown("vera") == [None, "ben:camera", "ada:camera"]
        want(room, "vera", SlotWant("1", "pinned", "ada:camera"), now=8.0)
        assert room.shown("vera") == [None, "ada:camera", "ben:camera"]

    def test_pass_the_height_on(self) -> None:
        room = pair()
        want(room, "vera", SlotWant("0", "page", "ada:camera", 180))
        assert room.members["vera"].viewer.slot().wish.max_height == 180

    @pytest.mark.parametrize("mid", ["7", "0"])
    def test_of_a_slot_that_is_none_for_pictures_are_refused(self, mid: str) -> None:
        room = pair(HEARS, SEES)
        with pytest.raises(StateError) as refused:
            want(room, "vera", SlotWant(mid, "page", "ada:camera"))
        assert refused.value.code == "unknown_slot"

    def test_with_an_unknown_word_are_refused_as_a_whole(self) -> None:
        room = pair(SEES, SEES)
        with pytest.raises(PeerError) as refused:
            want(room, "vera", SlotWant("0", "page", "ada:camera"), SlotWant("1", "all"))
        assert refused.value.code == "bad_layout"
        assert room.shown("vera") == [None, None]

    def test_wait_for_the_connection(self) -> None:
        room = pair()
        viewer = room.members["vera"].viewer
        address, viewer.downlink.address = viewer.downlink.address, None
        want(room, "vera", SlotWant("0", "page", "ada:camera"))
        assert room.shown("vera") == [None]
        viewer.downlink.address = address
        room.router.resolve(room.members["vera"].transport, 1.0)
        assert room.shown("vera") == ["ada:camera"]


class TestMutedSources:
    def test_leave_the_slots_and_come_back(self) -> None:
        room = pair()
        want(room, "vera", SlotWant("0", "page", "ada:camera"))
        ada = room.members["ada"].transport
        room.router.set_source(ada, "camera", False, 1.0)
        assert room.shown("vera") == [None]
        room.router.set_source(ada, "camera", True, 2.0)
        assert room.shown("vera") == ["ada:camera"]

    def test_the_same_again_changes_nothing(self) -> None:
        room = pair()
        ada = room.members["ada"].transport
        for enabled in (True, False, False):
            room.router.set_source(ada, "camera", enabled, 1.0)
        assert room.router.producers["ada:camera"].paused

    def test_are_remembered_for_what_is_published_later(self) -> None:
        room = Classroom()
        ada = room.join("ada", SPEAKS)
        room.router.set_source(ada.transport, "camera", False, 1.0)
        opened, _ = ada.source.negotiate(SPEAKS, FILMS)
        room.router.producers_changed(ada.transport, opened, [], 2.0)
        assert room.router.producers["ada:camera"].paused

    def test_are_forgotten_when_their_owner_leaves(self) -> None:
        room = Classroom()
        ada = room.join("ada", FILMS)
        room.router.set_source(ada.transport, "camera", False, 1.0)
        room.leave("ada")
        room.join("ada", FILMS)
        assert not room.router.producers["ada:camera"].paused

    def test_microphones_are_not_listened_to(self) -> None:
        room = Classroom()
        ada = room.join("ada", SPEAKS)
        room.router.set_source(ada.transport, "microphone", False, 0.0)
        room.talk("ada", 0.0, 3.0)
        assert not [e for e in room.events if isinstance(e, ActiveSpeakers)]


class TestVoices:
    def test_everybody_is_heard_while_there_are_slots(self) -> None:
        room = pair(HEARS, HEARS, HEARS)
        room.speak("ada", level=127)
        room.speak("ben", level=127)
        assert room.shown("vera", "audio") == ["ada:microphone", "ben:microphone", None]

    def test_nobody_before_their_first_packet(self) -> None:
        assert pair(HEARS).shown("vera", "audio") == [None]

    def test_nobody_hears_oneself(self) -> None:
        room = Classroom()
        room.join("ada", SPEAKS, HEARS)
        room.speak("ada")
        assert room.shown("ada", "audio") == [None]

    def test_the_teacher_has_the_first_slot(self) -> None:
        room = pair(HEARS, HEARS)
        room.speak("ada")
        room.join("teacher", SPEAKS, pinned=True)
        room.speak("teacher")
        assert room.shown("vera", "audio") == ["teacher:microphone", "ada:microphone"]

    def test_a_second_teacher_comes_before_others(self) -> None:
        room = pair(HEARS, HEARS)
        room.speak("ada")
        for name in ("teacher", "assistant"):
            room.join(name, SPEAKS, pinned=True)
            room.speak(name)
        assert room.shown("vera", "audio") == ["teacher:microphone", "assistant:microphone"]

    def test_shared_sound_comes_before_speakers(self) -> None:
        room = pair(HEARS)
        room.speak("ada")
        room.join("cem", SPEAKS, SPEAKS)
        room.speak("cem", mid="1")
        assert room.shown("vera", "audio") == ["cem:screen-audio"]

    def test_who_speaks_gets_the_slot(self) -> None:
        room = pair(HEARS)
        room.speak("ada", level=127)
        room.speak("ben", level=127)
        room.talk("ben", 0.0, 3.0)
        assert room.shown("vera", "audio") == ["ben:microphone"]

    def test_who_is_muted_gives_it_up(self) -> None:
        room = pair(HEARS)
        room.speak("ada")
        room.router.set_source(room.members["ada"].transport, "microphone", False, 1.0)
        room.speak("ben")
        assert room.shown("vera", "audio") == ["ben:microphone"]

    def test_are_looked_at_in_bounded_number(self) -> None:
        room = Classroom()
        room.join("vera", *[HEARS] * 2)
        for number in range(MAX_VOICES + 5):
            room.join(f"student-{number}", SPEAKS)
            room.speak(f"student-{number}", level=127)
        assert room.shown("vera", "audio") == ["student-0:microphone", "student-1:microphone"]


class TestSpeakers:
    def test_are_told(self) -> None:
        room = pair(SEES)
        room.talk("ben", 0.0, 3.0)
        told = [e for e in room.events if isinstance(e, ActiveSpeakers)]
        assert told[-1] == ActiveSpeakers("class", ("ben",), "ben")

    def test_take_the_slot_for_the_speaker(self) -> None:
        room = pair(SEES)
        room.talk("ada", 0.0, 3.0)
        want(room, "vera", SlotWant("0", "speaker"), now=3.0)
        assert room.shown("vera") == ["ada:camera"]
        room.talk("ben", 3.0, 8.0)
        assert room.shown("vera") == ["ben:camera"]

    def test_without_a_camera_leave_it_to_others(self) -> None:
        room = pair(SEES)
        room.join("cem", SPEAKS)
        want(room, "vera", SlotWant("0", "speaker"))
        room.talk("ada", 0.0, 2.0)
        room.talk("cem", 2.0, 8.0)
        assert room.shown("vera") == ["ada:camera"]

    def test_before_anybody_speaks_the_teacher_is_shown(self) -> None:
        room = pair(SEES)
        room.join("teacher", SPEAKS, FILMS, pinned=True)
        want(room, "vera", SlotWant("0", "speaker"))
        assert room.shown("vera") == ["teacher:camera"]

    def test_leave_a_tile_for_the_speakers_slot_and_come_back(self) -> None:
        room = pair(SEES, SEES)
        want(room, "vera", SlotWant("0", "speaker"), SlotWant("1", "page", "ada:camera"))
        room.talk("ada", 0.0, 3.0)
        assert room.shown("vera") == ["ada:camera", None]
        room.talk("ben", 3.0, 8.0)
        assert room.shown("vera") == ["ben:camera", "ada:camera"]

    def test_the_speaker_does_not_see_oneself(self) -> None:
        room = Classroom()
        room.join("ada", SPEAKS, FILMS, SEES)
        want(room, "ada", SlotWant("2", "speaker"))
        room.talk("ada", 0.0, 3.0)
        assert room.shown("ada") == [None]

    def test_quiet_rooms_have_no_clock(self) -> None:
        room = Classroom()
        room.join("vera", SEES)
        assert room.router.next_deadline() is None


class TestLayers:
    def test_that_stop_are_left_for_those_that_run(self) -> None:
        room = Classroom()
        ada = room.join("ada", video("sendonly", rids=("q", "f")))
        room.join("vera", SEES)
        want(room, "vera", SlotWant("0", "page", "ada:camera"))
        low, high = ada.source.producer().layers
        for number, layer in enumerate((low, high)):
            layer.begin_stream(number + 1)
            layer.receive(1, 0, 0, b"\x10\x00key", None, 0.0)
            room.router.layer_started(layer, 0.0)
        slot = room.members["vera"].viewer.slot()
        assert slot.target is high
        low.stream.last_packet_at = 10.0
        room.router.stop_quiet_layers(ada.transport, 10.0)
        assert not high.active
        assert slot.target is low

    def test_of_a_silent_microphone_leave_the_slot_pointed_at_it(self) -> None:
        room = pair(HEARS)
        room.speak("ada")
        room.router.stop_quiet_layers(room.members["ada"].transport, 60.0)
        assert not room.router.producers["ada:microphone"].layers[0].active
        assert room.shown("vera", "audio") == ["ada:microphone"]

    def test_that_all_run_change_nothing(self) -> None:
        room = pair(HEARS)
        room.speak("ada", now=1.0)
        room.router.stop_quiet_layers(room.members["ada"].transport, 1.1)
        assert room.router.producers["ada:microphone"].layers[0].active
