"""Who gets copies together."""

from dataclasses import replace

from sfu.fanout.plan import CREW, NOT_MOVED, SOUND_CREW, Company, muster
from sfu.io.many import MAX_MESSAGES
from sfu.publish.layer import Layer
from tests.support.core import OPUS_PT, Source, Viewer, flush, show, vp8
from tests.support.offers import audio


def watching(count: int) -> tuple[Source, list[Viewer]]:
    """Viewers of one source, at addresses of their own."""
    source = Source()
    source.receive(1, vp8(key=True, picture=1))
    viewers = [Viewer(address=("198.51.100.1", 1_024 + n)) for n in range(count)]
    for viewer in viewers:
        show(viewer, source)
    flush(source)
    return source, viewers


def mustered(layer: Layer) -> Company:
    return muster(layer.ledger, *layer.groups[0])


def test_crews_are_full_but_the_last() -> None:
    source, viewers = watching(CREW + 3)
    company = mustered(source.layer())
    assert [len(crew.consumers) for crew in company.crews] == [CREW, 3]
    assert [crew.offsets for crew in company.crews] == [None, None]
    assert [a for crew in company.crews for a in crew.destinations.addresses] == [
        viewer.downlink.address for viewer in viewers
    ]
    assert company.alone == ()


def test_more_are_in_a_crew_for_sound() -> None:
    source = Source(audio())
    source.receive(1, b"opus", payload_type=OPUS_PT)
    for number in range(SOUND_CREW + 3):
        show(Viewer(audio("recvonly"), address=("198.51.100.1", 1_024 + number)), source)
    flush(source)
    [producer] = source.uplink.producers.values()
    company = mustered(producer.layers[0])
    assert [(crew.first, len(crew.consumers)) for crew in company.crews] == [
        (0, SOUND_CREW),
        (SOUND_CREW, 3),
    ]
    assert company.places == SOUND_CREW


def test_one_call_takes_a_crew() -> None:
    assert CREW <= SOUND_CREW <= MAX_MESSAGES


def test_those_without_gcm_are_alone() -> None:
    source, viewers = watching(3)
    viewers[1].slot().line.seal_into = None
    company = mustered(source.layer())
    assert company.alone == (viewers[1].slot(),)
    [crew] = company.crews
    assert len(crew.ciphers) == len(crew.rows) == 2


def test_a_crew_knows_whose_picture_ids_are_off() -> None:
    source, viewers = watching(3)
    line = viewers[2].slot().line
    assert line.epoch is not None
    line.epoch = replace(line.epoch, picture_offset=7)
    [crew] = mustered(source.layer()).crews
    assert crew.offsets == (NOT_MOVED, NOT_MOVED, (7, 0))


def test_who_has_no_address_is_left_out_until_it_has() -> None:
    source, viewers = watching(2)
    flush(source)
    viewers[0].downlink.move(None)
    source.receive(2)
    assert len(flush(source)) == 1
    viewers[0].downlink.move(("198.51.100.2", 9))
    source.receive(3)
    assert {sent.address for sent in flush(source)} == {
        ("198.51.100.2", 9),
        viewers[1].downlink.address,
    }


def test_the_newest_start_is_known() -> None:
    source, _ = watching(1)
    late = Viewer()
    source.receive(9, vp8(key=True))
    slot = show(late, source)
    flush(source)
    assert slot.epoch is not None
    assert slot.epoch.first_in > 1
    first = slot.epoch.first_in
    room = mustered(source.layer()).room
    assert room.covers(first, first + 9)
    assert not room.covers(first - 1, first + 9)


def test_what_was_sent_is_counted_through_every_change_of_crew() -> None:
    source, [first, *_] = watching(3)
    slot = first.slot()
    for sequence in range(2, 12):
        source.receive(sequence, vp8())
        if sequence % 3 == 0:
            source.layer().regroup()
        flush(source)
        assert slot.packets == sequence
    slot.detach(1.0)
    source.receive(12, vp8())
    flush(source)
    assert slot.packets == 11
