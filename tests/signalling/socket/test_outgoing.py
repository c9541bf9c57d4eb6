"""The order of events that go out, and acknowledgements before the events that follow them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from signalling.classroom.effects import Disconnect, Send
from signalling.socket.outgoing import AT_ONCE, Emitter, Outgoing
from tests.support.fakes import CollectingEmitter


class SlowEmitter:
    """A Socket.IO server that takes `turns` turns of the loop for each event it is given."""

    def __init__(self) -> None:
        self.done: list[tuple[str, tuple[str, ...]]] = []
        self.most = 0  # sockets written to at one time
        self._now: list[str] = []

    async def emit(self, event: str, data: object, *, to: list[str]) -> None:
        assert isinstance(data, dict)
        assert not set(to) & set(self._now), "two at a time for one socket"
        self._now += to
        self.most = max(self.most, len(self._now))
        for _ in range(data["turns"]):
            await asyncio.sleep(0)
        self._now = [socket for socket in self._now if socket not in to]
        self.done.append((event, tuple(to)))

    async def disconnect(self, sid: str) -> None:
        await self.emit("disconnect", {"turns": 0}, to=[sid])

    async def has_done(self, count: int) -> int:
        """Waits until so many events were written; returns the number of turns it took."""
        turns = 0
        async with asyncio.timeout(5):
            while len(self.done) < count:
                turns += 1
                await asyncio.sleep(0)
        return turns


@asynccontextmanager
async def writing(emitter: Emitter) -> AsyncIterator[Outgoing]:
    outgoing = Outgoing(emitter)
    task = asyncio.create_task(outgoing.run())
    yield outgoing
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_events_leave_in_the_order_they_were_decided() -> None:
    emitter = CollectingEmitter()
    async with writing(emitter) as outgoing:
        outgoing.put(Send(("a", "b"), "one", {}))
        outgoing.put(Disconnect("a"))
        outgoing.put(Send(("b",), "two", {}))
        await emitter.has_sent(3)
    assert emitter.sent == [("one", {}, ("a", "b")), ("disconnect", "a"), ("two", {}, ("b",))]


async def test_held_socket_gets_everything_after_its_release_in_order() -> None:
    emitter = CollectingEmitter()
    async with writing(emitter) as outgoing:
        outgoing.hold("a")
        outgoing.put(Send(("a", "b"), "one", {}))
        outgoing.put(Disconnect("a"))
        await emitter.has_sent(1)
        assert emitter.sent == [("one", {}, ("b",))]
        outgoing.release("a")
        await emitter.has_sent(3)
    assert emitter.sent[1:] == [("one", {}, ("a",)), ("disconnect", "a")]


async def test_each_hold_needs_its_release() -> None:
    emitter = CollectingEmitter()
    async with writing(emitter) as outgoing:
        outgoing.hold("a")
        outgoing.hold("a")
        outgoing.put(Send(("a",), "one", {}))
        outgoing.release("a")
        outgoing.put(Send(("b",), "mark", {}))
        await emitter.has_sent(1)
        assert emitter.sent[0][0] == "mark"
        outgoing.release("a")
        outgoing.release("a")
        await emitter.has_sent(2)


async def test_forgotten_socket_gets_nothing() -> None:
    emitter = CollectingEmitter()
    async with writing(emitter) as outgoing:
        outgoing.hold("a")
        outgoing.put(Send(("a",), "one", {}))
        outgoing.forget("a")
        outgoing.release("a")
        outgoing.put(Send(("b",), "mark", {}))
        await emitter.has_sent(1)
    assert emitter.sent == [("mark", {}, ("b",))]


async def test_failing_socket_does_not_stop_the_others() -> None:
    emitter = CollectingEmitter()
    emitter.fail_on = "one"
    async with writing(emitter) as outgoing:
        outgoing.put(Send(("a",), "one", {}))
        outgoing.put(Send(("b",), "two", {}))
        await emitter.has_sent(1)
    assert emitter.sent == [("two", {}, ("b",))]


async def test_an_event_for_many_is_written_a_few_at_a_time_before_the_next_one() -> None:
    emitter = CollectingEmitter()
    sockets = tuple(f"s{number}" for number in range(2 * AT_ONCE + 3))
    async with writing(emitter) as outgoing:
        outgoing.put(Send(sockets, "first", {}))
        outgoing.put(Send(("s0",), "second", {}))
        await emitter.has_sent(4)
    events, _, parts = zip(*emitter.sent, strict=True)
    assert events == ("first", "first", "first", "second")
    assert [len(part) for part in parts] == [AT_ONCE, AT_ONCE, 3, 1]
    assert sum(parts[:3], ()) == sockets


async def test_events_for_different_sockets_are_written_together_up_to_a_limit() -> None:
    emitter = SlowEmitter()
    async with writing(emitter) as outgoing:
        for number in range(2 * AT_ONCE):
            outgoing.put(Send((f"s{number}",), "own", {"turns": 5}))
        turns = await emitter.has_done(2 * AT_ONCE)
    assert emitter.most == AT_ONCE
    assert turns < 2 * AT_ONCE


async def test_a_part_of_a_large_event_leaves_room_for_the_next() -> None:
    emitter = SlowEmitter()
    sockets = tuple(f"s{number}" for number in range(AT_ONCE + 3))
    async with writing(emitter) as outgoing:
        outgoing.put(Send(sockets, "all", {"turns": 5}))
        outgoing.put(Send(sockets[:AT_ONCE], "next", {"turns": 5}))
        await emitter.has_done(3)
    assert [event for event, _ in emitter.done] == ["all", "all", "next"]
    assert emitter.most == AT_ONCE


async def test_each_socket_is_written_to_in_order_however_long_each_event_takes() -> None:
    emitter = SlowEmitter()
    async with writing(emitter) as outgoing:
        for number in range(6):
            outgoing.put(Send(("a",), f"a{number}", {"turns": 6 - number}))
            outgoing.put(Send(("b", "c"), f"b{number}", {"turns": number}))
        outgoing.put(Disconnect("a"))
        await emitter.has_done(13)
    for socket, letter in (("a", "a"), ("b", "b"), ("c", "b")):
        mine = [event for event, to in emitter.done if socket in to and event != "disconnect"]
        assert mine == [f"{letter}{number}" for number in range(6)]
    assert emitter.done[-1] == ("disconnect", ("a",))


async def test_small_events_for_one_socket_take_no_extra_turns() -> None:
    emitter = SlowEmitter()
    async with writing(emitter) as outgoing:
        for number in range(50):
            outgoing.put(Send(("a",), str(number), {"turns": 0}))
        assert await emitter.has_done(50) <= 3
