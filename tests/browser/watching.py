"""What a seat receives of another person, from getStats."""

from loadtest.seat import Json, Seat


async def picture(seat: Seat, of: Seat, source: str = "camera") -> Json | None:
    """The statistics of the slot in which a seat receives another's camera or screen."""
    participant = await of.own_id()
    for slot in (await seat.stats())["video"]:
        if slot["participant"] == participant and slot["source"] == source:
            found: Json = slot
            return found
    return None


async def sees(seat: Seat, of: Seat, source: str, height: int, frames: int = 10) -> None:
    """Waits until a picture of this height comes, and `frames` more of its frames are decoded."""

    async def has_height() -> bool:
        slot = await picture(seat, of, source)
        return slot is not None and slot["height"] == height and slot["framesDecoded"] > 0

    await seat.until(f"sees {of.name}'s {source} at {height}p", has_height)
    before = await picture(seat, of, source)
    assert before is not None

    async def goes_on() -> bool:
        slot = await picture(seat, of, source)
        return slot is not None and slot["framesDecoded"] >= before["framesDecoded"] + frames

    await seat.until(f"decodes {frames} more frames of {of.name}'s {source}", goes_on, within=5)


async def energy(seat: Seat, of: Seat) -> float:
    """How much sound of another person a seat has decoded."""
    participant = await of.own_id()
    heard = [s for s in (await seat.stats())["audio"] if s["participant"] == participant]
    return sum(float(slot["totalAudioEnergy"]) for slot in heard)
