"""Order of what goes out, and acknowledgements before what follows them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from signalling.effects import Disconnect, Send
from signalling.outgoing import AT_ONCE, Outgoing
from tests.support.fakes import CollectingEmitter


@asynccontextmanager
async def writing(emitter: CollectingEmitter) -> AsyncIterator[Outgoing]:
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
