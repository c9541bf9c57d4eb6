"""What a DTLS session keeps: no context of its own, no circles."""

import gc
import weakref

import pytest

from tests.support.dtls_pair import Pair, turned


async def joined(pair: Pair) -> None:
    """Once the session has started: the client's part."""
    await pair.client.connect()
    await pair.until(lambda: pair.keys)


async def test_all_sessions_share_one_context() -> None:
    pairs = Pair(), Pair()
    for pair in pairs:
        pair.start()
    await turned(lambda: all(pair.session._dtls._ssl for pair in pairs))
    contexts = [pair.session._dtls._ssl.get_context() for pair in pairs if pair.session._dtls._ssl]
    assert len(contexts) == 2
    assert contexts[0] is contexts[1]
    for pair in pairs:
        await joined(pair)
    assert pairs[0].keys != pairs[1].keys
    for pair in pairs:
        await pair.finish()


@pytest.mark.parametrize("ender", ["server", "client"])
async def test_an_ended_session_is_freed_by_reference_counts(ender: str) -> None:
    gc.collect()
    gc.disable()
    try:
        pair = Pair()
        await pair.connect()
        end = pair.session._dtls
        watched = [weakref.ref(one) for one in (pair.session, end, end._ssl, end._link)]
        del end
        if ender == "server":
            pair.session.close()
        await pair.client.stop()
        await turned(lambda: pair.session._task is None)
        pair.link.deliver = None
        del pair.session
        await turned(lambda: not any(ref() for ref in watched))
    finally:
        gc.enable()
