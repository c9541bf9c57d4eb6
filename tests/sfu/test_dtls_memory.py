"""What a DTLS session keeps: no context of its own, no OpenSSL after the handshake, no circles."""

import gc
import weakref

import pytest
from OpenSSL import SSL

from sfu import dtls
from sfu.dtls_established import EstablishedDtls
from tests.support.dtls_pair import Pair, turned


async def joined(pair: Pair) -> None:
    """Once the session has started: the client's part."""
    await pair.client.connect()
    await pair.until(lambda: pair.keys)


async def test_openssl_is_gone_after_the_handshake() -> None:
    pair = Pair()
    pair.start()
    await turned(lambda: pair.session._dtls._ssl)
    ssl = weakref.ref(pair.session._dtls._ssl)
    await joined(pair)
    assert ssl() is None
    assert isinstance(pair.session._dtls._ssl, EstablishedDtls)
    await pair.finish()


async def test_openssl_goes_on_where_it_can_not_be_let_go_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dtls, "take_over", lambda *_: None)
    told, closing = Pair(), Pair()
    for pair in (told, closing):
        await pair.connect()
        assert isinstance(pair.session._dtls._ssl, SSL.Connection)
        assert pair.keys == pair.client.exported()
    await told.client.stop()
    await told.until(lambda: told.reasons)
    assert told.reasons == ["dtls_closed"]
    closing.session.close()
    await turned(lambda: closing.client.state == "closed")


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
        pair.link.session = None
        del pair.session
        await turned(lambda: not any(ref() for ref in watched))
    finally:
        gc.enable()
