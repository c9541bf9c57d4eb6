"""Reads routers and transports into the plain records of sfu.stats. Pure: no I/O, no clock."""

from collections.abc import Callable
from dataclasses import replace

from sfu.publish.producer import Layer, Producer
from sfu.router import Router
from sfu.stats import (
    ConsumerSnapshot,
    LayerSnapshot,
    ProducerSnapshot,
    RouterReading,
    TransportSnapshot,
)
from sfu.subscribe.consumer import Consumer
from sfu.transport import Transport


def read_router(router: Router[Transport], clock: Callable[[], float]) -> RouterReading:
    """A class: its transports are read one by one as they are asked for."""
    present = tuple(router.transports.values())
    reading = (snapshot_transport(transport, clock()) for transport in present)
    return RouterReading(router.router_id, replace(router.closed_traffic), reading)


def snapshot_transport(transport: Transport, now: float) -> TransportSnapshot:
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


def _producer(producer: Producer, now: float) -> ProducerSnapshot:
    return ProducerSnapshot(
        producer.producer_id,
        producer.source,
        producer.kind,
        producer.codec.name,
        producer.paused,
        [_layer(layer, now) for layer in producer.layers],
    )


def _layer(layer: Layer, now: float) -> LayerSnapshot:
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


def _consumer(consumer: Consumer) -> ConsumerSnapshot:
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
