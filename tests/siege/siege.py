"""Runs attacks one after another: a calm stretch, the attack, a rest, and what was felt."""

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path

from loadtest.run.machine import on_cores
from tests.siege.attack import Attack
from tests.siege.attacker import attacker_main
from tests.siege.figures import SENT_BYTES, counters, grown, judge, spread
from tests.siege.ground import Ground, GroundError
from tests.siege.records import Finding, Kind, Outcome, Prepared, Span

CALM = 4.0  # s before an attack
BEAT = 0.02
REST = 2.0  # s after it: what was held up comes
PREPARED_WITHIN = 60.0
PATIENCE = 60.0  # s beyond its time that an attack may take
CALM_AGAIN = 8.0  # s that a class may take to be itself again
CALM_ACK = 100.0  # ms

Say = Callable[[str], None]


class Siege:
    """`students` watch a teacher; an attack that hurts them gets the next one a new class."""

    def __init__(
        self, checkout: Path, cores: tuple[int, int], students: int, seconds: float, say: Say
    ) -> None:
        self._checkout = checkout
        self._cores = cores
        self._students = students
        self._seconds = seconds
        self._say = say
        self._ground: Ground | None = None

    async def run(self, attack: Attack) -> Finding:
        """One attack from its preparation to its finding."""
        self._say(f"{attack.row:>4}  {attack.name} ...")
        try:
            if attack.settings:
                return await self._alone(attack)
            return await self._beside_a_class(attack)
        except GroundError as error:
            await self.close()
            return _finding(attack, Outcome(error=str(error)))

    async def close(self) -> None:
        """The class is over."""
        if self._ground is not None:
            await self._ground.close()
            self._ground = None

    async def _alone(self, attack: Attack) -> Finding:
        """On a server of its own, with other settings and without a class."""
        ground = Ground(self._checkout, self._cores, 0, attack.settings)
        try:
            await ground.open()
            async with _Assault(ground, attack, self._cores[1], self._seconds) as assault:
                await assault.prepared()
                return _finding(attack, await assault.carried_out())
        finally:
            await ground.close()

    async def _class(self, attack: Attack) -> Ground:
        """The running one, unless the attack needs one of its own."""
        if attack.students:
            await self.close()
        if self._ground is None:
            students = attack.students or self._students
            self._ground = Ground(self._checkout, self._cores, students)
            await self._ground.open()
        return self._ground

    async def _beside_a_class(self, attack: Attack) -> Finding:
        ground = await self._class(attack)
        fallen = len(ground.disconnected)
        async with _Assault(ground, attack, self._cores[1], self._seconds) as assault:
            participant = await assault.prepared()
            ground.show(participant)
            calm = await self._stretch(ground) if attack.kind is Kind.LOAD else None
            under, outcome = await self._attack(ground, assault)
        ground.show()
        lost = () if attack.ends_class else tuple(ground.disconnected[fallen:])
        finding = _finding(attack, outcome, calm, under, lost)
        if attack.students or lost or not await self._is_calm(ground):
            await self.close()
        return finding

    async def _stretch(self, ground: Ground) -> Span:
        before = await _Moment.look(ground)
        await asyncio.sleep(CALM)
        return _span(ground, before, await _Moment.look(ground))

    async def _attack(self, ground: Ground, assault: "_Assault") -> tuple[Span, Outcome]:
        before = await _Moment.look(ground)
        outcome = await assault.carried_out()
        ended = time.monotonic(), ground.usage.cpu_s
        await asyncio.sleep(REST)
        after = await _Moment.look(ground)
        return _span(ground, before, after, ended), outcome

    async def _is_calm(self, ground: Ground) -> bool:
        """Within a while the probes must be answered at once again."""
        ends = time.monotonic() + CALM_AGAIN
        while time.monotonic() < ends and not ground.disconnected:
            start = time.monotonic()
            await asyncio.sleep(1.0)
            acks = ground.probes.within(start, start + 0.8)
            if acks and all(ack.took is not None and ack.took < CALM_ACK for ack in acks):
                ground.probes.forget()
                return True
        return False


class _Moment:
    """The server's counters and clock at one time."""

    def __init__(self, counts: dict[str, float], cpu_s: float) -> None:
        self.counts = counts
        self.cpu_s = cpu_s
        self.at = time.monotonic()

    @classmethod
    async def look(cls, ground: Ground) -> "_Moment":
        counts = counters(await ground.scrape())
        return cls(counts, ground.usage.cpu_s)


def _span(
    ground: Ground,
    before: _Moment,
    after: _Moment,
    ended: tuple[float, float] | None = None,
) -> Span:
    """`ended`: the end of the attack and the CPU so far; what comes later still counts as late."""
    end, cpu_s = ended or (after.at, after.cpu_s)
    seconds = max(0.001, end - before.at)
    acks = ground.probes.within(before.at, end)
    now = time.monotonic()
    waits = [(now - ack.sent_at) * 1000 if ack.took is None else ack.took for ack in acks]
    sent = None
    if SENT_BYTES in before.counts and SENT_BYTES in after.counts:
        sent = (after.counts[SENT_BYTES] - before.counts[SENT_BYTES]) * (
            seconds / (after.at - before.at)
        )
    middles = [(at, tick) for at, tick in ground.ticks if before.at <= at < after.at]
    told = {round(at) for at, _ in middles}
    return Span(
        seconds=round(len(told) or seconds, 2),
        latency=spread(value for _, tick in middles for value in tick.latencies),
        acks=spread(waits),
        unanswered=sum(ack.took is None for ack in acks),
        cpu_share=round((cpu_s - before.cpu_s) / seconds, 3),
        sent_bytes=sent,
        grown=grown(before.counts, after.counts),
    )


def _finding(
    attack: Attack,
    outcome: Outcome,
    calm: Span | None = None,
    under: Span | None = None,
    disconnected: tuple[str, ...] = (),
) -> Finding:
    missed = judge(attack.kind, calm, under, len(disconnected), outcome)
    return Finding(
        row=attack.row,
        name=attack.name,
        does=attack.does,
        kind=attack.kind,
        calm=calm,
        under=under,
        disconnected=disconnected,
        outcome=outcome,
        missed=missed,
    )


class _Assault:
    """The attacker's process and the pipe to it; it is ended in every case."""

    def __init__(self, ground: Ground, attack: Attack, core: int, seconds: float) -> None:
        self._order = ground.order(attack.row, seconds)
        self._core = core
        self._patience = seconds + PATIENCE
        self._pipe: Pipe
        self._process: BaseProcess

    async def __aenter__(self) -> "_Assault":
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=attacker_main, args=(self._order, theirs), name="attacker", daemon=True
        )
        with on_cores([self._core]):
            self._process.start()
        theirs.close()
        return self

    async def prepared(self) -> str:
        """Who of it publishes; empty when nobody does, or when it could not even begin."""
        message = await self._hear(PREPARED_WITHIN)
        if isinstance(message, Prepared):
            return message.participant
        raise GroundError(
            f"the attack was not prepared: {message.error if message is not None else 'no word'}"
        )

    async def carried_out(self) -> Outcome:
        """Lets it begin and waits for what it tells."""
        self._pipe.send(True)
        message = await self._hear(self._patience)
        return message if isinstance(message, Outcome) else Outcome(error="it told nothing")

    async def _hear(self, within: float) -> "Prepared | Outcome | None":
        try:
            for _ in range(int(within / BEAT)):
                if self._pipe.poll():
                    break
                await asyncio.sleep(BEAT)
            found = self._pipe.recv() if self._pipe.poll() else None
        except (EOFError, OSError):  # its process has ended
            return None
        return found if isinstance(found, Prepared | Outcome) else None

    async def __aexit__(self, *_: object) -> None:
        self._pipe.close()
        await asyncio.to_thread(self._process.join, 2.0)
        for end in (self._process.terminate, self._process.kill):
            if self._process.is_alive():
                end()
                await asyncio.to_thread(self._process.join, 2.0)
