"""An attacker's process: what every attack is given, and its life from Order to Outcome."""

import asyncio
import os
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from multiprocessing.connection import Connection as Pipe
from typing import Any

import aiohttp
import uvloop

from common.roles import Role
from loadtest.bot.bot import BotContext
from loadtest.bot.connection import Action
from loadtest.bot.link import Lag, Poller
from loadtest.records import BotPlan, Failed, People
from sfu.dtls.session import AiortcDtls
from sfu.timers import Timers
from signalling.auth.tokens import mint
from signalling.classroom.permissions import Identity
from tests.siege.insider import Insider
from tests.siege.records import Order, Outcome, Prepared
from tests.siege.web_socket import RawSocket, Refused

POLITENESS = 10  # nice: the load beside it on its core goes first
LIFETIME = 600.0  # s of a token
TURN = 0.004  # s between two looks at its sockets
BEAT = 0.005  # s between two bursts of a fast attack
BEGUN_WITHIN = 60.0
ENTERS_WITHIN = 20.0


class Attacker:
    """Tokens, a browser's session, insiders, a pace, and the tally. Everything goes to loopback."""

    def __init__(self, order: Order, pipe: Pipe, http: aiohttp.ClientSession) -> None:
        self.order = order
        self.http = http
        self.outcome = Outcome()
        self.insiders: list[Insider] = []
        self._pipe = pipe
        self._timers: Timers[Action] = Timers()
        self._poller = Poller()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._started = time.monotonic()
        self._ends = 0.0
        self._closing = False
        self._surroundings = self._make_surroundings()
        self.spawn(self._keep_time())

    def _make_surroundings(self) -> BotContext:
        return BotContext(
            url=self.order.url,
            class_id=self.order.class_id,
            http=self.http,
            dtls=AiortcDtls(role="client"),
            timers=self._timers,
            poller=self._poller,
            lag=Lag(),
            clip=None,
            tell=self._hear,
            latency=lambda milliseconds, base: None,
            spawn=self.spawn,
            began=self._started,
            people=People({}, None),
        )

    # -- who it can be ------------------------------------------------------------------------

    def token(self, name: str, role: Role = Role.STUDENT) -> str:
        """A join token, as the link that a student was given."""
        identity = Identity(f"siege-{name}", name, role, self.order.class_id)
        return mint(identity, self.order.secret, now=time.time(), lifetime=LIFETIME)

    def unique(self, name: str = "attacker") -> str:
        """A name that nobody was removed under."""
        return f"{name}-{os.urandom(3).hex()}"

    async def insider(
        self,
        make: Callable[[BotPlan, BotContext], Insider] = Insider,
        *,
        publish: tuple[str, ...] = (),
        video_slots: int = 1,
        show: str = "teacher",
    ) -> Insider:
        """A student with keys who watches the teacher; raises RuntimeError."""
        name = self.unique()
        plan = BotPlan(
            name=name,
            role="student",
            token=self.token(name),
            join_at=time.monotonic() - self._started,
            publish=publish,
            video_slots=video_slots,
            show=show,
            sampled=True,
        )
        insider = make(plan, self._surroundings)
        self.insiders.append(insider)
        async with asyncio.timeout(ENTERS_WITHIN):
            await insider.enter()
        return insider

    async def student(self, name: str = "") -> RawSocket:
        """A student's socket that has joined the class and asks for no media."""
        socket = await self.socket(self.token(name or self.unique()))
        await socket.request("video-join", {"classId": self.order.class_id})
        return socket

    async def socket(self, token: str | None = None, receive_buffer: int = 0) -> RawSocket:
        """A WebSocket, connected with the token if there is one; raises Refused or OSError."""
        port = int(self.order.url.rpartition(":")[2])
        socket = await RawSocket.open(self.order.host, port, receive_buffer)
        if token is not None:
            await socket.connect(token)
        return socket

    # -- time ---------------------------------------------------------------------------------

    async def begin(self, participant: str = "") -> None:
        """Waits for the word; from then on the attack's seconds count."""
        self._pipe.send(Prepared(participant))
        await asyncio.to_thread(self._pipe.poll, BEGUN_WITHIN)
        self._pipe.recv()
        now = time.monotonic()
        self._started_attack = now
        self._ends = now + self.order.seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._ends

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._started_attack

    async def pace(self, rate: float) -> AsyncIterator[int]:
        """How many are due, again and again, `rate` a second, until the attack's end."""
        begun, done = time.monotonic(), 0
        while not self.is_over:
            due = int((time.monotonic() - begun) * rate) + 1 - done
            if due > 0:
                done += due
                yield due
            await asyncio.sleep(max(BEAT, (done / rate) - (time.monotonic() - begun)))

    def count(self, size: int, sent: int = 1) -> None:
        """Something was sent."""
        self.outcome.sent += sent
        self.outcome.sent_bytes += size

    def say(self, fact: str) -> None:
        self.outcome.facts.append(fact)

    # -- its life -----------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _keep_time(self) -> None:
        """Reads what has come for the insiders and does what is due."""
        while True:
            self._poller.serve()
            now = time.monotonic()
            for action in self._timers.pop_due(now):
                action(now)
            await asyncio.sleep(TURN)

    def _hear(self, message: object) -> None:
        if not isinstance(message, Failed) or self._closing:
            return
        for insider in self.insiders:
            if insider.plan.name == message.name:
                insider.heard_failure(message)
                self.outcome.removed = f"{message.code}: {message.message}"

    async def run(self, attack: Callable[["Attacker"], Awaitable[None]]) -> Outcome:
        """The attack; what goes wrong in it is told, not raised."""
        try:
            await attack(self)
            self.outcome.seconds = self.elapsed
        except (OSError, RuntimeError, Refused, TimeoutError, aiohttp.ClientError) as error:
            self.outcome.error = f"{type(error).__name__}: {error}".rstrip(": ")
        return self.outcome

    async def close(self) -> None:
        self._closing = True
        self.outcome.drawn_bytes += sum(insider.drawn for insider in self.insiders)
        leaving = [insider.leave() for insider in self.insiders]
        try:
            async with asyncio.timeout(3.0):
                await asyncio.gather(*leaving, return_exceptions=True)
        except TimeoutError:
            pass  # a server that is down answers nobody
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._poller.close()


def attacker_main(order: Order, pipe: Pipe) -> None:
    """What an attacker's process does: Prepared, then, at a word, the attack and its Outcome."""
    os.nice(POLITENESS)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_attack(order, pipe))


async def _attack(order: Order, pipe: Pipe) -> None:
    from tests.siege.registry import find

    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=30.0)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        attacker = Attacker(order, pipe, http)
        outcome = await attacker.run(find(order.attack).run)
        await attacker.close()
    pipe.send(outcome)
