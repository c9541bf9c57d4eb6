from sfu.publish.stream import QUIET_AFTER, Stream


def test_another_ssrc_begins_statistics_and_clock_anew_and_keeps_the_counters() -> None:
    stream = Stream(90_000, is_video=True)
    stream.restart(11)
    stream.reception.receive(5, 0, 0.0, 100)
    stream.clock.sender_report(0, 1.0)
    stream.plis_sent = 3
    nack = stream.nack
    stream.restart(12)
    assert stream.ssrc == 12
    assert stream.reception.packets == 0
    assert stream.clock.ntp_at(0) is None
    assert (stream.plis_sent, stream.nack) == (3, nack)


def test_the_first_ssrc_keeps_what_is_known() -> None:
    stream = Stream(48_000, is_video=False)
    stream.reception.receive(5, 0, 0.0, 100)
    stream.restart(11)
    assert stream.reception.packets == 1


def test_sound_is_not_asked_for_again() -> None:
    assert Stream(48_000, is_video=False).nack is None


def test_a_stream_is_quiet_after_a_while_and_at_once_after_a_goodbye() -> None:
    stream = Stream(90_000, is_video=True)
    stream.last_packet_at = 1.0
    assert not stream.is_quiet(1.0 + QUIET_AFTER)
    assert stream.is_quiet(1.1 + QUIET_AFTER)
    stream.ended = True
    assert stream.is_quiet(1.0)
