"""The worker's socket: batches in, buffers, figures."""

import logging
import socket

import pytest

from sfu.io import udp
from sfu.io.buffers import Buffers
from sfu.io.udp import MAX_BATCH
from sfu.stats import DropReason, SocketSnapshot
from tests.support.connection import PeerPlan
from tests.support.edge import LOCAL, Edge, frame
from tests.support.peers import Peer
from tests.support.rig import Rig


class TestReceiving:
    async def test_a_datagram_reaches_the_worker(self, edge: Edge) -> None:
        edge.far.socket.sendto(b"\x80\x60" + bytes(30), (LOCAL, edge.udp.port))
        await edge.until(lambda: bool(edge.drops))
        assert edge.drops == {DropReason.UNKNOWN_ADDRESS: 1}

    async def test_more_than_a_batch_is_drained_in_several(self, edge: Edge) -> None:
        for _ in range(MAX_BATCH + 5):
            edge.far.socket.sendto(b"\x50", (LOCAL, edge.udp.port))
        edge.udp._on_readable()
        assert edge.worker.arrivals.datagrams == MAX_BATCH
        await edge.until(lambda: edge.worker.arrivals.datagrams == MAX_BATCH + 5)

    async def test_errors_of_earlier_sends_are_read_over(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answers: list[object] = [ConnectionRefusedError(), (b"\x50", ("192.0.2.1", 1))]
        narrow = edge.narrow(1)
        narrow.recvfrom = lambda size: _give(answers)  # type: ignore[attr-defined]
        edge.udp._on_readable()
        assert edge.worker.arrivals.datagrams == 1


def _give(answers: list[object]) -> object:
    if not answers:
        raise BlockingIOError
    answer = answers.pop(0)
    if isinstance(answer, Exception):
        raise answer
    return answer


class TestBuffers:
    async def test_small_ones_are_a_warning_that_says_what_to_do(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(udp, "size_buffers", lambda made: Buffers(212_992, 4_194_304))
        udp.bind(LOCAL, 0).close()
        [record] = caplog.records
        assert record.levelno == logging.WARNING
        assert "net.core.rmem_max=8388608 net.core.wmem_max=8388608" in record.message

    async def test_enough_is_silent(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(udp, "size_buffers", lambda made: Buffers(8_388_608, 8_388_608))
        udp.bind(LOCAL, 0).close()
        assert not caplog.records


class TestFigures:
    async def test_tell_what_waits(self, edge: Edge) -> None:
        assert edge.udp.figures() == SocketSnapshot()
        edge.narrow(0)
        edge.send(*frame(6))
        assert edge.udp.figures() == SocketSnapshot(waiting_datagrams=6, waiting_bytes=1_800)

    async def test_datagrams_that_found_no_room_are_counted_over_restarts(self, edge: Edge) -> None:
        real = edge.udp._socket
        assert real is not None
        real.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the least there is
        for _ in range(100):
            edge.far.socket.sendto(bytes(1_000), (LOCAL, edge.udp.port))
        lost = edge.udp.figures().overruns
        assert 50 < lost <= 100
        edge.udp.close()
        assert edge.udp.figures().overruns == lost
        await edge.udp.start(LOCAL, 0)
        assert edge.udp.figures().overruns == lost


class TestKinds:
    """What the backlog is told of an SSRC."""

    async def test_of_slots_of_nobody_and_of_rtx(self, edge: Edge) -> None:
        rig = Rig()
        rig.call(lambda worker, now: worker.create_router("class", now))
        peer = Peer(rig, PeerPlan("ada", video_slots=1, audio_slots=1), 1, ("192.0.2.1", 9))
        peer.join()
        rig.run(0.5)
        edge.udp.worker = rig.worker
        consumers = rig.worker.by_address["192.0.2.1", 9].downlink.consumers.values()
        told = {edge.udp._is_video(("192.0.2.1", 9), c.ssrc): c.kind for c in consumers}
        assert told == {True: "video", False: "audio"}
        rtx = next(c.rtx_ssrc for c in consumers if c.kind == "video")
        assert edge.udp._is_video(("192.0.2.1", 9), rtx)
        assert edge.udp._is_video(("192.0.2.7", 9), rtx)
