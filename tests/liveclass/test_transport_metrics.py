"""Series of transports and layers."""

from liveclass.metrics import MAX_TRANSPORTS, Scope
from tests.support.scrapes import names, scrape, sources, transport, value


def test_transport_and_layer_series() -> None:
    samples = scrape(sources(transports={"demo": [transport("p1")]}), Scope.TRANSPORTS)
    who = {"class_id": "demo", "participant": "p1"}
    assert value(samples, "transport_copies_sent_total", **who) == 3
    assert value(samples, "transport_drops_total", **who) == 7
    assert value(samples, "transport_plis_received_total", **who) == 15
    assert value(samples, "transport_round_trip_seconds", **who) == 0.04
    assert value(samples, "transport_video_slots", **who, layer="2") == 2
    assert value(samples, "transport_video_slots", **who, layer="none") == 1
    assert value(samples, "layer_bits", **who, source="camera", rid="f") == 12.0
    assert value(samples, "layer_plis_sent_total", **who, source="camera", rid="f") == 14
    assert ("liveclass_transport_remb_bits", frozenset(who.items())) not in samples


def test_series_are_bounded_and_the_rest_is_counted() -> None:
    many = [transport(f"p{number}") for number in range(MAX_TRANSPORTS + 30)]
    samples = scrape(sources(transports={"demo": many}), Scope.TRANSPORTS)
    assert names(samples).count("liveclass_transport_copies_sent_total") == MAX_TRANSPORTS
    assert value(samples, "metrics_omitted", kind="transport") == 30
