"""Made-up snapshots of the SFU."""

from sfu.stats import ConsumerSnapshot, LayerSnapshot, ProducerSnapshot, TransportSnapshot


def transport(name: str) -> TransportSnapshot:
    """One publisher with three slots, two of which show a layer."""
    layer = LayerSnapshot("f", 1, 10, 11, 12.0, 0.5, 20.0, 13, 14)
    producer = ProducerSnapshot(f"{name}:camera", "camera", "video", "VP8", False, [layer])
    slots = [
        ConsumerSnapshot(str(mid), "video", None, layer_, None, 1, 2, 3, 4, 5, 6)
        for mid, layer_ in enumerate((None, 2, 2))
    ]
    return TransportSnapshot(
        name, "connected", None, 1, 2, 3, 4, 40.0, 0.25, None, 9e5, {"x": 7}, [producer], slots
    )
