"""One bot's life: it joins as the page does, connects, watches and publishes, and leaves."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import aiohttp

from loadtest.bot import offer
from loadtest.bot.connection import Action, Connection
from loadtest.bot.faults import BadLink
from loadtest.bot.layout import layout
from loadtest.bot.link import Lag, MeasuredLink, PlainLink, Poller, open_socket
from loadtest.bot.receiver import ReceivedStream
from loadtest.bot.sender import Publisher
from loadtest.bot.signal import TIMEOUT, SignalError, Signalling
from loadtest.bot.sources import SourceMaker
from loadtest.bot.totals import result
from loadtest.media.footage import Clip
from loadtest.records import SILENT_AFTER, BotPlan, BotResult, Failed, Joined, People
from sfu.dtls.session import AiortcDtls, AiortcSession
from sfu.ice.agent import new_credentials
from sfu.srtp.keys import SrtpKeys
from sfu.srtp.rtp import inbound, outbound
from sfu.timers import Timers

LOOK_EVERY = 0.1  # s, for the first frame
OLD_PATH_FOR = 2.0  # s that the old socket is kept after a handover
STARTS_WITHIN = 60.0  # s that a bot waits for the class to begin

_EVENTS = frozenset({"slots", "liveclass-started", "video-answer", "removed", "liveclass-ended"})
_FRAME = 1 / 30


@dataclass(slots=True)
class BotContext:
    """The objects that all bots of a fleet share."""

    url: str
    class_id: str
    http: aiohttp.ClientSession
    dtls: AiortcDtls
    timers: Timers[Action]
    poller: Poller
    lag: Lag
    clip: Clip | None
    tell: Callable[[object], None]
    latency: Callable[[float, bool], None]  # ms, base?
    spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
    began: float  # time.monotonic() of the run's start
    people: People


class Bot:
    """One participant. `left` says why it ended, and is empty until then."""

    def __init__(self, plan: BotPlan, around: BotContext, phase: float) -> None:
        """`phase`, 0 to 1, is this bot's place among the fleet's for what recurs."""
        self.plan = plan
        self.left = ""
        self.present = False
        self.due_at = around.began + plan.join_at
        self.overflows = 0
        self.unsent = 0
        self.connection: Connection | None = None
        self._around = around
        self._phase = phase
        self._started = asyncio.Event()
        self._answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._signal = Signalling(around.http, around.url, _EVENTS, self._hear)
        self._participant = ""
        self._teacher: str | None = None  # as the server said when it let us in
        self._link: PlainLink | None = None
        self._other: PlainLink | None = None  # of a handover to be
        self._old: PlainLink | None = None
        self._session: AiortcSession | None = None
        self._ssrcs = (_random_ssrc(), _random_ssrc())
        self._bad: BadLink | None = None
        self._joining: asyncio.Task[Any] | None = None
        self._join_ms = 0.0
        self._shown: object = None  # the layout that was asked for last

    # -- its life -----------------------------------------------------------------------------

    def shift(self, by: float, now: float) -> None:
        """A latecomer's times become known, later than planned or when they are already past."""
        leave_at = self.plan.leave_at
        leave_at = None if leave_at is None else leave_at + by
        self.plan = replace(self.plan, join_at=self.plan.join_at + by, leave_at=leave_at)
        self.due_at = max(self._around.began + self.plan.join_at, now)

    async def join(self) -> None:
        """From the first request to the answer of its offer. Never raises but CancelledError,
        which is also how a bot that has meanwhile ended stays ended."""
        self._joining = asyncio.current_task()
        try:
            await self._enter()
        except SignalError as error:
            self._fail(error.code, error.message)
        except offer.AnswerError as error:
            self._fail("bad_answer", str(error))
        except (KeyError, TypeError) as error:
            self._fail("bad_reply", f"The server's answer was not understood: {error!r}")
        except OSError as error:
            self._fail("no_socket", str(error))
        finally:
            self._joining = None

    async def _enter(self) -> None:
        around, plan = self._around, self.plan
        self._signal.lost = lambda error: self._fail(error.code, error.message)
        await self._signal.open(plan.token)
        reply = await self._signal.request("video-join", {"classId": around.class_id})
        # from when it was to join: what a busy fleet delays is measured, not hidden
        self._join_ms = (time.monotonic() - self.due_at) * 1000
        self._participant = reply["self"]["id"]
        people = reply["participants"]
        self._teacher = next((one["id"] for one in people if one["role"] == "teacher"), None)
        media = {source: source in plan.publish for source in ("microphone", "camera")}
        with suppress(SignalError):  # as the page: when it matters, the offer will say so
            await self._signal.request("media-state", media)
        if not reply["class"]["started"]:
            await self._wait_for_start()
        await self._negotiate()
        self.present = True
        if plan.publish:
            self._tell_joined(None, None)
        await self.show()
        around.timers.set(self._look, time.monotonic() + LOOK_EVERY)

    async def _wait_for_start(self) -> None:
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                await self._started.wait()
        except TimeoutError:
            raise SignalError("class_not_started", "The class did not begin.") from None

    async def _negotiate(self) -> None:
        around = self._around
        fingerprint = around.dtls.fingerprints[0]
        credentials = new_credentials(os.urandom)
        local = offer.Local(
            credentials,
            fingerprint,
            int.from_bytes(os.urandom(7), "big"),
            f"bot-{os.urandom(8).hex()}",
            self._ssrcs,
        )
        sdp = offer.write_offer(local, self.plan.audio_slots, self.plan.video_slots)
        answer = offer.read_answer(await self._exchange(sdp))
        now = time.monotonic()
        if self.plan.faults is not None:
            chance = Random(self.plan.faults.seed).random
            self._bad = BadLink(self.plan.faults, chance, self.due_at)
            if self._bad.next_handover is not None:
                around.timers.set(self._hand_over, self._bad.next_handover)
        connection = Connection(answer, credentials, self, around.timers, os.urandom, now)
        self.connection = connection
        self._session = around.dtls.session(self)
        self._link = self._open_link(connection)

    async def _exchange(self, sdp: str) -> str:
        """The answer to the one offer: an event, before the acknowledgement or after."""
        await self._signal.request("video-offer", {"sdp": sdp})
        try:
            return await asyncio.wait_for(self._answer, TIMEOUT)
        except TimeoutError:
            raise SignalError("timeout", "The offer was not answered in time.") from None

    def _open_link(self, connection: Connection) -> PlainLink:
        around = self._around
        udp = open_socket(connection.answer.address)
        if self.plan.sampled or self._bad is not None:
            return MeasuredLink(
                connection,
                around.poller,
                udp,
                self.plan.sampled,
                self._bad,
                around.timers,
                around.lag,
            )
        return PlainLink(connection, around.poller, udp)

    async def show(self) -> None:
        """Asks for whom it wants to see, when that is not what it asked for last."""
        connection, people = self.connection, self._around.people
        if connection is None or self.left or not self.present:
            return
        mids = [slot.mid for slot in connection.answer.slots if slot.kind == "video"]
        wanted = layout(self.plan, mids, people.participants, people.teacher or self._teacher)
        if wanted == self._shown or not mids:
            return
        self._shown = wanted
        await self._signal.request("layout", wanted)

    def people_changed(self) -> None:
        """There is a new publisher."""
        self._around.spawn(self._show_again())

    async def _show_again(self) -> None:
        try:
            await self.show()
        except SignalError as error:
            self._fail(error.code, error.message)

    async def leave(self, why: str = "finished") -> None:
        """Goes in order; idempotent."""
        if self.present:
            self._end(why)
            with suppress(SignalError):  # it is gone already
                await self._signal.request("video-leave", {})
        self._end("not_joined")
        await self._signal.close()

    def _depart(self, now: float) -> None:
        self._around.spawn(self.leave("left"))

    def _fail(self, code: str, message: str) -> None:
        """The one end that is told."""
        if not self.left:
            self._around.tell(Failed(self.plan.name, self._since_start(), code, message))
            self._end(code)
            self._around.spawn(self._signal.close())

    def _end(self, why: str) -> None:
        if self.left:
            return
        self.left = why
        self.present = False
        if self._joining is not None and self._joining is not asyncio.current_task():
            self._joining.cancel()
        timers = self._around.timers
        for action in (self._look, self._hand_over, self._drop_old, self._depart):
            timers.clear(action)
        if self._session is not None:
            self._session.close()
        if self.connection is not None:
            self.connection.close(time.monotonic())
        for link in self._links():
            self._close(link)
        self._link = self._old = self._other = None

    def _since_start(self) -> float:
        return time.monotonic() - self._around.began

    # -- what signalling tells ----------------------------------------------------------------

    def _hear(self, event: str, payload: dict[str, object]) -> None:
        if event == "slots":
            if self.connection is not None:
                self.connection.slots_changed(payload)
        elif event == "liveclass-started":
            self._started.set()
        elif event == "video-answer":
            self._answer.set_result(str(payload["sdp"]))
        else:
            self._fail(event, f"The server said {event} {payload.get('reason', '')}".rstrip())

    # -- what the connection asks -------------------------------------------------------------

    def send(self, data: bytes) -> None:
        if self._link is not None:
            self._link.send(data)

    def receive_dtls(self, data: bytes) -> None:
        if self._session is not None:
            self._session.receive(data)

    def ice_connected(self) -> None:
        if self._session is not None and self.connection is not None:
            self._session.start(self.connection.answer.fingerprints)

    def lost(self, code: str, message: str) -> None:
        self._fail(code, message)

    def queued(self, now: float) -> float:
        return self._bad.queued(now) if self._bad is not None else 0.0

    def latency(self, stamp: int, arrival_ns: int) -> None:
        self._around.latency((arrival_ns - stamp) / 1e6, self.plan.base)

    # -- what DTLS tells ----------------------------------------------------------------------

    def connected(self, keys: SrtpKeys) -> None:
        assert self.connection is not None
        now = time.monotonic()
        sealing = outbound(keys)
        publisher = None
        if self.plan.publish:
            assert self._around.clip is not None
            studio = SourceMaker(self._around.clip, sealing, self._around.began, os.urandom)
            start = now + self._phase * _FRAME
            sources = studio.sources(self.plan, self._ssrcs[0], start)
            publisher = Publisher(sources, self.send, time.time_ns, self.plan.name)
        self.connection.connect(inbound(keys), sealing, publisher, self._phase, now)

    def closed(self, reason: str) -> None:
        self.lost(reason, "The server ended the DTLS session.")

    # -- the first frame ----------------------------------------------------------------------

    def _look(self, now: float) -> None:
        """Tells that it has joined when it sees something, or has waited long enough."""
        assert self.connection is not None
        if self.left:  # by what was due at the same time
            return
        packet = self._first(lambda stream: stream.first_at)
        frame = self._first(lambda stream: stream.first_frame_at)
        waits = frame if self._expects_video() else packet
        if self._expects_nothing() or waits is not None or now >= self.due_at + SILENT_AFTER:
            self._tell_joined(packet, frame)
            if self.plan.leave_at is not None:
                self._around.timers.set(self._depart, self._around.began + self.plan.leave_at)
        else:
            self._around.timers.set(self._look, now + LOOK_EVERY)

    def _expects_video(self) -> bool:
        return self.plan.show != "nothing" and self.plan.video_slots > 0

    def _expects_nothing(self) -> bool:
        return not self._expects_video() and not self.plan.audio_slots

    def _first(self, moment: Callable[[ReceivedStream], float | None]) -> float | None:
        """Milliseconds from when it was to join to the first such moment of any slot."""
        assert self.connection is not None
        moments = [at for one in self.connection.slots.values() if (at := moment(one)) is not None]
        return (min(moments) - self.due_at) * 1000 if moments else None

    def _tell_joined(self, packet_ms: float | None, frame_ms: float | None) -> None:
        name, at = self.plan.name, self._since_start()
        self._around.tell(Joined(name, self._participant, at, self._join_ms, packet_ms, frame_ms))

    # -- handover -----------------------------------------------------------------------------

    def _hand_over(self, now: float) -> None:
        """A new socket, as on another network; it is taken once the server has answered there."""
        bad, connection = self._bad, self.connection
        if bad is None or connection is None or self.left:
            return
        bad.moved(now)
        if bad.next_handover is not None:
            self._around.timers.set(self._hand_over, bad.next_handover)
        if self._other is None:
            try:
                self._other = self._open_link(connection)
            except OSError:
                return  # as a phone that finds no network: it stays where it is
            connection.try_path(now)

    def probe(self, data: bytes) -> None:
        if self._other is not None:
            self._other.send(data)

    def probed(self, found: bool) -> None:
        """The new path is taken, or given up."""
        self._drop_old(0.0)
        if found:
            self._link, self._old = self._other, self._link
            self._around.timers.set(self._drop_old, time.monotonic() + OLD_PATH_FOR)
        else:
            self._old = self._other
            self._drop_old(0.0)
        self._other = None

    def _drop_old(self, now: float) -> None:
        if self._old is not None:
            self._close(self._old)
            self._old = None

    def _close(self, link: PlainLink) -> None:
        self.overflows += link.close()
        self.unsent += link.unsent

    # -- figures ------------------------------------------------------------------------------

    def overflowed(self) -> int:
        """Datagrams that its sockets had no room for, so far."""
        return self.overflows + sum(link.overflows for link in self._links())

    def refused(self) -> int:
        """Datagrams that the system refused to send, so far."""
        return self.unsent + sum(link.unsent for link in self._links())

    def _links(self) -> list[PlainLink]:
        return [link for link in (self._link, self._old, self._other) if link is not None]

    def result(self) -> BotResult:
        """Its totals."""
        return result(self.plan, self.connection, self.left or "present", self.refused())


def _random_ssrc() -> int:
    return int.from_bytes(os.urandom(4), "big") or 1
