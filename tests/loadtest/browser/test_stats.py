"""One browser viewer's numbers, from its page's reports."""

from typing import Any

from loadtest.browser.stats import FIELDS, PageCounts
from loadtest.records import BrowserResult

Entry = dict[str, Any]


def entry(mid: str, at: float, **values: float) -> Entry:
    return {**dict.fromkeys(FIELDS, 0), "mid": mid, "timestamp": at * 1000, **values}


def video(mid: str, at: float, frames: int, **values: float) -> Entry:
    return entry(mid, at, framesDecoded=frames, **values)


def connection(*inbound: Entry, state: str = "connected") -> Entry:
    return {"state": state, "inbound": list(inbound)}


def result(tally: PageCounts) -> BrowserResult:
    return tally.result("Browser 1", True, 300.0, 500.0, None)


def test_nothing_heard_is_a_result_of_zeros() -> None:
    assert PageCounts().result("Browser 1", False, None, None, "no answer") == BrowserResult(
        *("Browser 1", False, None, None, 0, 0, 0, 0.0, 0, 0, 0.0, 0, 0, 0.0, 0.0, "no answer")
    )


def test_the_rate_is_that_since_the_first_picture_was_seen() -> None:
    tally = PageCounts()
    tally.take([connection(video("4", 10.0, 0))])
    tally.take([connection(video("4", 11.0, 12))])
    tally.take([connection(video("4", 15.0, 132))])
    assert result(tally).fps == 30.0


def test_one_report_with_pictures_gives_no_rate() -> None:
    tally = PageCounts()
    tally.take([connection(video("4", 10.0, 30))])
    assert result(tally).fps == 0.0


def test_size_and_buffer_are_of_the_picture_most_shown_and_counts_of_all() -> None:
    tally = PageCounts()
    shown = {"frameWidth": 1280, "frameHeight": 720, "jitterBufferDelay": 6.0}
    small = {"frameWidth": 320, "frameHeight": 180, "jitterBufferDelay": 9.0}
    counts = {"framesDropped": 1, "freezeCount": 2, "totalFreezesDuration": 0.25}
    both = {"packetsReceived": 100, "packetsLost": 3, "jitterBufferEmittedCount": 100}
    tally.take(
        [
            connection(
                video("5", 1.0, 90, **small, **counts, **both),
                video("4", 1.0, 300, **shown, **counts, **both),
                entry("1", 1.0, packetsReceived=50, packetsLost=-2),
            )
        ]
    )
    found = result(tally)
    assert (found.width, found.height, found.jitter_buffer_ms) == (1280, 720, 60.0)
    assert (found.frames_decoded, found.frames_dropped) == (390, 2)
    assert (found.freezes, found.freeze_s) == (4, 0.5)
    assert (found.packets, found.lost) == (250, 4)


def test_a_new_connections_numbers_add_to_the_old_ones() -> None:
    tally = PageCounts()
    old = connection(video("4", 1.0, 100, packetsReceived=10), state="closed")
    tally.take([old])
    tally.take([connection(state="closed"), connection(video("4", 9.0, 50, packetsReceived=5))])
    found = result(tally)
    assert (found.frames_decoded, found.packets) == (150, 15)


def test_a_viewer_is_connected_while_one_connection_is() -> None:
    tally = PageCounts()
    assert not tally.open
    tally.take([connection(state="closed"), connection(state="connected")])
    assert tally.open
    tally.take([connection(state="closed"), connection(state="failed")])
    assert not tally.open


def test_made_up_sound_counts_only_where_it_was_not_silent() -> None:
    tally = PageCounts()
    sound = {"totalSamplesReceived": 48_000, "concealedSamples": 960}
    tally.take([connection(entry("0", 1.0, **sound, silentConcealedSamples=480))])
    assert result(tally).audio_concealed == 0.01


def test_what_came_before_counting_began_is_left_out() -> None:
    tally = PageCounts()
    early = {"freezeCount": 3, "packetsReceived": 70, "jitterBufferDelay": 9.0}
    late = {"freezeCount": 4, "packetsReceived": 100, "jitterBufferDelay": 9.6}
    tally.take([connection(video("4", 10.0, 20, jitterBufferEmittedCount=20, **early))])
    tally.begin()
    tally.take([connection(video("4", 11.0, 50, jitterBufferEmittedCount=50, **late))])
    found = result(tally)
    assert (found.frames_decoded, found.freezes, found.packets) == (30, 1, 30)
    assert (found.fps, found.jitter_buffer_ms) == (30.0, 20.0)
