"""Reads a worker's state into the plain records of sfu.stats. Pure: no I/O, no clock."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sfu.stats import (
    ConsumerSnapshot,
    LayerSnapshot,
    ProducerSnapshot,
    RouterReading,
    TransportSnapshot,
    WorkerSnapshot,
)

if TYPE_CHECKING:
    from sfu.publish.producer import Layer, Producer
    from sfu.router import Router
    from sfu.subscribe.consumer import Consumer
    from sfu.transport import Transport
    from sfu.worker import Worker


def snapshot_totals(worker: "Worker") -> WorkerSnapshot:
    """The totals alone; drops are those of the worker, of its transports and of those that left."""
    drops = worker.drops.copy()
    for router in worker.routers.values():
        for transport in router.transports.values():
            for reason, count in transport.drops.items():  # Counter.update costs 1 ms for 1,000
                drops[reason] += count
    return WorkerSnapshot(
        worker.arrivals.datagrams,
        worker.arrivals.bytes,
        worker.forwarded.packets,
        worker.forwarded.copies,
        worker.forwarded.bytes,
        worker.arrivals.stun_answers,
        {reason.value: count for reason, count in drops.items()},
        sum(len(router.transports) for router in worker.routers.values()),
        datagrams_accepted=worker.arrivals.accepted,
    )


def read_routers(worker: "Worker", clock: Callable[[], float]) -> list[RouterReading]:
    """All classes at this instant. The worker may run while the transports are read, 50 µs each;
    whoever is present now is in the reading, and not among the departed, whatever happens."""
    return [_read(router, clock) for router in worker.routers.values()]


def _read(router: "Router", clock: Callable[[], float]) -> RouterReading:
    present = tuple(router.transports.values())
    reading = (snapshot_transport(transport, clock()) for transport in present)
    return RouterReading(router.router_id, replace(router.departed), reading)


def snapshot_transport(transport: "Transport", now: float) -> TransportSnapshot:
    """One transport with its producers and slots; one that has left, as of then."""
    if transport.final is not None:
        return transport.final
    downlink = transport.downlink
    consumers = [_consumer(consumer) for consumer in downlink.consumers.values()]
    round_trip = downlink.round_trip
    return TransportSnapshot(
        transport.transport_id,
        transport.state.value,
        transport.srtp_profile,
        transport.packets_received,
        transport.bytes_received,
        downlink.ended.copies_sent + sum(consumer.packets for consumer in consumers),
        downlink.ended.bytes_sent + sum(consumer.bytes for consumer in consumers),
        None if round_trip is None else round_trip * 1000,
        downlink.loss,
        downlink.remb,
        downlink.estimator.limit(now),
        {reason.value: count for reason, count in transport.drops.items()},
        [_producer(producer, now) for producer in transport.uplink.producers.values()],
        consumers,
        replace(downlink.ended),
    )


def _producer(producer: "Producer", now: float) -> ProducerSnapshot:
    return ProducerSnapshot(
        producer.producer_id,
        producer.source,
        producer.kind,
        producer.codec.name,
        producer.paused,
        [_layer(layer, now) for layer in producer.layers],
    )


def _layer(layer: "Layer", now: float) -> LayerSnapshot:
    stream, reception = layer.stream, layer.stream.reception
    return LayerSnapshot(
        layer.rid,
        stream.ssrc,
        reception.packets,
        reception.bytes,
        reception.bitrate(now) if layer.active else 0.0,
        stream.loss,
        reception.jitter * 1000,
        stream.nack.requested if stream.nack is not None else 0,
        stream.plis_sent,
    )


def _consumer(consumer: "Consumer") -> ConsumerSnapshot:
    return ConsumerSnapshot(
        consumer.mid,
        consumer.kind,
        consumer.producer.producer_id if consumer.producer is not None else None,
        consumer.layer.position if consumer.layer is not None else None,
        consumer.target.position if consumer.target is not None else None,
        consumer.packets,
        consumer.bytes,
        consumer.retransmitted,
        consumer.nacks_received,
        consumer.plis_received,
        consumer.switches,
    )
