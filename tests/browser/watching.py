"""What a visitor receives of another person, from getStats."""

from loadtest.browser.page import PATIENCE, ClassPage, Json

MORE_THAN_CHECKS = 50_000  # bytes


async def picture(visitor: ClassPage, of: ClassPage, source: str = "camera") -> Json | None:
    """The statistics of the slot in which a visitor receives another's camera or screen."""
    participant = await of.own_id()
    for slot in (await visitor.stats())["video"]:
        if slot["participant"] == participant and slot["source"] == source:
            found: Json = slot
            return found
    return None


async def sees(
    visitor: ClassPage,
    of: ClassPage,
    source: str,
    height: int,
    frames: int = 10,
    within: float = PATIENCE,
) -> None:
    """Waits for a picture at least this high, and then until `frames` more of it are decoded."""

    async def has_height() -> bool:
        slot = await picture(visitor, of, source)
        return slot is not None and slot["height"] >= height and slot["framesDecoded"] > 0

    try:
        await visitor.until(f"sees {of.name}'s {source} at {height}p", has_height, within)
    except AssertionError as error:
        sent = (await of.stats())["outbound"] if of.is_open() else "nothing"
        raise AssertionError(
            f"{error}\nreceived: {await picture(visitor, of, source)}\nsent: {sent}"
        ) from None
    before = await picture(visitor, of, source)
    assert before is not None

    async def goes_on() -> bool:
        slot = await picture(visitor, of, source)
        return slot is not None and slot["framesDecoded"] >= before["framesDecoded"] + frames

    await visitor.until(f"decodes {frames} more frames of {of.name}'s {source}", goes_on, within=5)


async def moves(watcher: ClassPage, slot: Json, to: ClassPage) -> None:
    """Waits until the very same slot (as `picture` gave it) shows another person's camera."""

    async def moved() -> bool:
        now = await picture(watcher, to)
        return (
            now is not None
            and now["mid"] == slot["mid"]
            and now["framesDecoded"] > slot["framesDecoded"] + 10
        )

    await watcher.until("the slot shows the second student", moved)


async def energy(visitor: ClassPage, of: ClassPage) -> float:
    """How much sound of another person a visitor has decoded."""
    participant = await of.own_id()
    heard = [s for s in (await visitor.stats())["audio"] if s["participant"] == participant]
    return sum(float(slot["totalAudioEnergy"]) for slot in heard)


async def moves_network(visitor: ClassPage, of: ClassPage) -> None:
    """Has the page find a new path, as when its network changes, and waits until media comes there.

    The server sends to the new address only when the browser has answered its check from there.
    """
    old = (await visitor.stats())["path"]["port"]
    assert old is not None
    await visitor.evaluate("dispatchEvent(new Event('online')) && undefined")

    async def comes_elsewhere() -> bool:
        path = (await visitor.stats())["path"] or {"port": None}
        return path["port"] not in (None, old) and path["bytesReceived"] > MORE_THAN_CHECKS

    await visitor.until("receives media at another port", comes_elsewhere)
    await sees(visitor, of, "camera", 90)
