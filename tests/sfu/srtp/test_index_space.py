"""Index spaces: one for each SSRC, and mappings that share no index."""

import pytest

from sfu.srtp.index_space import MAX_INDEX_SPACES, IndexSpace, IndexSpaces
from sfu.srtp.rtp import OutboundSrtp
from sfu.subscribe.consumer import Consumer
from tests.support.core import OpenCipher, Source, Viewer, flush, sealed, show, vp8
from tests.support.offers import video


class TestIndexSpace:
    def stays(self, count: int) -> tuple[Consumer, list[Source]]:
        """A slot that looked at two sources by turns."""
        viewer, sources = Viewer(), [Source(), Source(transport_id="other")]
        for number in range(count):
            source = sources[number % 2]
            source.receive(10 + 3 * number, vp8(key=True))
            show(viewer, source)
            source.receive(11 + 3 * number)
            flush(source)
        return viewer.slot(), sources

    def test_mappings_share_no_index(self) -> None:
        slot, _ = self.stays(6)
        starts = [mapping.first_out for mapping in slot.index_space.mappings]
        assert starts == [1, 3, 5, 7, 9, 11]
        assert slot.index_space.highest == 12

    def test_an_index_is_found_in_its_own_mapping(self) -> None:
        slot, sources = self.stays(3)
        layers: list[object] = [source.layer() for source in sources]
        found = [slot.index_space.find(out) for out in range(7)]
        assert [mapping and layers.index(mapping.layer) for mapping in found] == [
            *(None, 0, 0),
            *(1, 1, 0, 0),
        ]
        assert slot.index_space.find(7) is None

    def test_a_mapping_can_not_be_changed(self) -> None:
        slot, _ = self.stays(1)
        for name in ("first_out", "timestamp_offset", "payload_type", "profile"):
            with pytest.raises(AttributeError):
                setattr(slot.index_space.mapping, name, 1)

    def test_is_one_for_each_ssrc_under_a_key(self) -> None:
        spaces = IndexSpaces()
        spaces.add(7, 100)
        assert 7 in spaces
        with pytest.raises(ValueError, match="SSRC 7"):
            spaces.add(7, 200)

    def test_has_an_ssrc_that_no_ended_slot_had(self) -> None:
        viewer = Viewer(video("recvonly"))
        viewer.negotiate(video("inactive"), video("recvonly"))
        with pytest.raises(ValueError, match="SSRC 1000"):
            viewer.negotiate(video("recvonly"), video("recvonly"))

    def test_of_one_key_are_bounded(self) -> None:
        spaces = IndexSpaces()
        for ssrc in range(MAX_INDEX_SPACES):
            spaces.add(ssrc, 0)
        assert not spaces.has_room(1)
        with pytest.raises(ValueError, match="index space"):
            spaces.add(MAX_INDEX_SPACES, 0)

    def test_seals_nothing_without_keys(self) -> None:
        with pytest.raises(RuntimeError, match="keys"):
            sealed(IndexSpace(7, 0), 1, b"payload")

    def test_makes_the_nonce_of_ssrc_and_index(self) -> None:
        cipher, space = OpenCipher(), IndexSpace(7, 0)
        space.connect(OutboundSrtp(cipher.seal, cipher.seal_into, 16, 5 << 90, bytes))
        assert sealed(space, 9, b"payload")[12:] == b"payload" + cipher.tag
        assert list(cipher.sealed) == [(5 << 90 ^ 7 << 48 ^ 9).to_bytes(12, "big")]
