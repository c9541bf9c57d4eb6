"""Subscribers in groups, and what is known of all of them."""

from dataclasses import replace

from sfu.fanout.plan import (
    NOT_MOVED,
    PICTURE_GROUP,
    SOUND_GROUP,
    CommonRange,
    FanoutPlan,
    make_plans,
)
from sfu.io.many import MAX_MESSAGES
from sfu.publish.producer import Layer
from sfu.srtp.nonces import MAX_INDEX
from tests.support.core import OPUS_PT, OpenCipher, Source, Viewer, flush, open_outbound, show, vp8
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


def planned(layer: Layer) -> FanoutPlan:
    [plan] = make_plans(layer.ledger, *layer.by_profile[0])
    return plan


def test_groups_are_full_but_the_last() -> None:
    source, viewers = watching(PICTURE_GROUP + 3)
    plan = planned(source.layer())
    assert [len(group.consumers) for group in plan.groups] == [PICTURE_GROUP, 3]
    assert [group.offsets for group in plan.groups] == [None, None]
    assert [a for group in plan.groups for a in group.destinations.addresses] == [
        viewer.downlink.address for viewer in viewers
    ]


def test_more_are_in_a_group_for_sound() -> None:
    source = Source(audio())
    source.receive(1, b"opus", payload_type=OPUS_PT)
    for number in range(SOUND_GROUP + 3):
        show(Viewer(audio("recvonly"), address=("198.51.100.1", 1_024 + number)), source)
    flush(source)
    [producer] = source.uplink.producers.values()
    plan = planned(producer.layers[0])
    assert [(group.first, len(group.consumers)) for group in plan.groups] == [
        (0, SOUND_GROUP),
        (SOUND_GROUP, 3),
    ]
    assert plan.places == SOUND_GROUP


def test_one_call_takes_a_group() -> None:
    assert PICTURE_GROUP <= SOUND_GROUP <= MAX_MESSAGES


def test_each_length_of_tags_has_a_plan_of_its_own() -> None:
    source, viewers = watching(3)
    viewers[1].downlink.connect(open_outbound(OpenCipher(10)))
    gcm, cm = make_plans(source.layer().ledger, *source.layer().by_profile[0])
    assert (gcm.tag_length, gcm.consumers()) == (16, [viewers[0].slot(), viewers[2].slot()])
    assert (cm.tag_length, cm.consumers()) == (10, [viewers[1].slot()])


def test_consumers_that_can_not_be_sent_to_have_no_plan() -> None:
    source, [viewer] = watching(1)
    viewer.downlink.move(None)
    assert make_plans(source.layer().ledger, *source.layer().by_profile[0]) == []


def test_a_group_knows_whose_picture_ids_are_off() -> None:
    source, viewers = watching(3)
    space = viewers[2].slot().index_space
    assert space.mapping is not None
    space.mapping = replace(space.mapping, number_offsets=(7, 0))
    [group] = planned(source.layer()).groups
    assert group.offsets == (NOT_MOVED, NOT_MOVED, (7, 0))


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
    assert slot.mapping is not None
    assert slot.mapping.first_in > 1
    first = slot.mapping.first_in
    common = planned(source.layer()).common
    assert common.covers(first, first + 9)
    assert not common.covers(first - 1, first + 9)


def test_what_was_sent_is_counted_through_every_change_of_plan() -> None:
    source, [first, *_] = watching(3)
    slot = first.slot()
    for sequence in range(2, 12):
        source.receive(sequence, vp8())
        if sequence % 3 == 0:
            source.layer().discard_plans()
        flush(source)
        assert slot.packets == sequence
    slot.detach(1.0)
    source.receive(12, vp8())
    flush(source)
    assert slot.packets == 11


def test_a_common_range_ends_with_the_next_change_of_a_mapping() -> None:
    source, [viewer] = watching(1)
    space, ledger = viewer.slot().index_space, source.layer().ledger
    assert space.mapping is not None
    common = CommonRange(ledger, [space.mapping])
    first = space.mapping.first_in
    assert common.covers(first, first + 5)
    assert not common.covers(first - 1, first)
    assert not common.covers(first, first + MAX_INDEX)
    space.end()
    assert not common.covers(first, first + 5)
