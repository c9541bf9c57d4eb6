"""Snapshots as Prometheus text: what each scope tells, and its bounds."""

from collections import Counter

from liveclass.metrics import MAX_CLASSES, ClassCount, Scope, SignallingSnapshot
from sfu.stalls import Stalls
from sfu.stats import SocketSnapshot, TrafficTotals, WorkerSnapshot
from tests.support.scrapes import names, samples_of, sources, value
from tests.support.snapshots import transport


async def test_worker_totals_and_drops_by_reason() -> None:
    worker = WorkerSnapshot(1, 2, 3, 4, 5, 6, {"unknown_address": 7, "empty": 8}, transports=9)
    samples = await samples_of(sources(worker), Scope.WORKER)
    read = ("datagrams_received", "received_bytes", "packets_forwarded", "copies_sent")
    assert [value(samples, f"worker_{name}_total") for name in read] == [1, 2, 3, 4]
    assert value(samples, "worker_drops_total", reason="unknown_address") == 7
    assert value(samples, "worker_drops_total", reason="empty") == 8
    assert value(samples, "worker_transports") == 9


async def test_the_workers_socket() -> None:
    worker = WorkerSnapshot(0, 0, 0, 0, 0, 0, socket=SocketSnapshot(1, 2, 3, 4))
    samples = await samples_of(sources(worker), Scope.WORKER)
    assert value(samples, "worker_overruns_total") == 1
    assert value(samples, "worker_runs_refused_total") == 2
    assert value(samples, "worker_waiting_datagrams") == 3
    assert value(samples, "worker_waiting_bytes") == 4


async def test_signalling_series() -> None:
    counts = SignallingSnapshot(
        3,
        {"hand": 4},
        {"forbidden": 5},
        {"bad_token": 6},
        {"not_read": 7},
        {"unknown_host": 8},
    )
    samples = await samples_of(
        sources(classes=[ClassCount("demo", "live", 2, 1, 1)], signalling=counts)
    )
    assert value(samples, "sockets") == 3
    assert value(samples, "messages_total", event="hand") == 4
    assert value(samples, "refusals_total", code="forbidden") == 5
    assert value(samples, "connections_refused_total", code="bad_token") == 6
    assert value(samples, "sockets_closed_total", reason="not_read") == 7
    assert value(samples, "http_refusals_total", reason="unknown_host") == 8
    assert value(samples, "classes", state="live") == 1
    assert value(samples, "class_present", class_id="demo") == 2
    assert value(samples, "class_away", class_id="demo") == 1


async def test_a_class_is_the_sum_of_those_who_are_in_it_and_of_those_who_left() -> None:
    gone = TrafficTotals(packets_received=100, copies_sent=1_000, drops=5)
    samples = await samples_of(
        sources(
            transports={"demo": [transport("a"), transport("b")]},
            departed={"demo": gone, "other": TrafficTotals()},
        )
    )
    assert value(samples, "class_packets_received_total", class_id="demo") == 102
    assert value(samples, "class_copies_sent_total", class_id="demo") == 1_006
    assert value(samples, "class_drops_total", class_id="demo") == 19
    assert value(samples, "class_plis_received_total", class_id="demo") == 30
    assert value(samples, "class_copies_sent_total", class_id="other") == 0
    assert value(samples, "class_connected", class_id="demo") == 2
    assert value(samples, "class_limited", class_id="demo") == 2
    assert value(samples, "class_worst_loss", class_id="demo") == 0.25
    assert value(samples, "class_worst_round_trip_seconds", class_id="demo") == 0.04


async def test_series_of_classes_are_bounded_and_the_rest_is_counted() -> None:
    ids = [f"c{n}" for n in range(MAX_CLASSES + 5)]
    departed = {class_id: TrafficTotals() for class_id in ids}
    samples = await samples_of(
        sources(
            classes=[ClassCount(class_id, "live", 1, 0, 0) for class_id in ids],
            departed=departed,
        )
    )
    assert names(samples).count("liveclass_class_present") == MAX_CLASSES
    assert names(samples).count("liveclass_class_copies_sent_total") == MAX_CLASSES
    assert value(samples, "metrics_omitted", kind="class") == 5
    assert value(samples, "classes", state="live") == MAX_CLASSES + 5


async def test_stalls_are_told_with_what_ran() -> None:
    stalls = Stalls(3, 0.25, 0.125, Counter({"gc 2": 2, "other": 1}))
    samples = await samples_of(sources(stalls=stalls), Scope.WORKER)
    assert value(samples, "loop_stalls_total") == 3
    assert value(samples, "loop_stall_seconds_total") == 0.25
    assert value(samples, "loop_longest_stall_seconds") == 0.125
    assert value(samples, "loop_stall_causes_total", cause="gc 2") == 2
