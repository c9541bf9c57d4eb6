"""SIGTERM at a real server with people and media: who hears what, and that it ends in time."""

from pathlib import Path

from aiohttp import WSCloseCode

from tests.interop.shutdown import server_log, stopped_with_media

SOCKETS, BOTS = 40, 4


async def test_everybody_hears_that_the_server_goes_away(tmp_path: Path) -> None:
    stop = await stopped_with_media(tmp_path, SOCKETS, BOTS)
    assert stop.exit_code == 0  # the watchdog would say otherwise after SHUTDOWN_WITHIN
    assert stop.codes == {WSCloseCode.GOING_AWAY: SOCKETS}
    assert all(one.was_told for one in stop.seen)
    assert not [line for line in server_log(tmp_path) if '"level": "error"' in line]
