"""What is attacked: a server, a class in it with a teacher and students, and the probes."""

import asyncio
import contextlib
import multiprocessing
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from common.roles import Role
from loadtest.records import Begin, BotPlan, Failed, FleetPlan, Joined, People, Ready, Tick
from loadtest.run.local_server import HOST, LocalServer
from loadtest.run.processes import Crash, FleetProcesses, Gone
from loadtest.run.server_stats import Usage, usage_of
from signalling.auth.tokens import mint
from signalling.classroom.permissions import Identity
from tests.siege.probe import Probes
from tests.siege.records import Order
from tests.siege.sockets import connected_port

CLASS = "siege"
PROBES = 5
SAMPLED = 10  # students whose packets are opened
READY_WITHIN = 60.0
JOINED_WITHIN = 60.0
SETTLES = 3.0  # s from the last join
MISSING = 0.1  # of the students, that a busy machine may keep out
JOINS_A_SECOND = 50
LIFETIME = 7_200.0
SCRAPED_WITHIN = aiohttp.ClientTimeout(total=5.0)


class GroundError(Exception):
    """The class could not be made."""


class Ground:
    """One server with one class; everything here is started by it and ended by it."""

    def __init__(
        self,
        checkout: Path,
        cores: tuple[int, int],
        students: int,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`cores` are the server's and everybody else's. Without students there is no class."""
        self._folder = TemporaryDirectory(prefix="liveclass-siege-")
        self._core = cores[1]
        self._students = students
        self.metrics_token = secrets.token_urlsafe(24)
        self.secret = secrets.token_urlsafe(32)
        own = {
            "LIVECLASS_METRICS_TOKEN": self.metrics_token,
            "LIVECLASS_SECRET": self.secret,
            **(settings or {}),
        }
        self.server = LocalServer(
            Path(self._folder.name),
            core=cores[0],
            settings=own,
            apart=True,
            program=checkout / ".venv" / "bin" / "liveclass",
        )
        self.probes = Probes(self.server.url, PROBES if students else 0)
        self.ticks: list[tuple[float, Tick]] = []  # with the middle of the second they tell of
        self.failed: list[Failed] = []
        self.teacher = ""
        self._joined: set[str] = set()
        self._ready: set[int] = set()
        self._began = 0.0
        self._broken = ""
        self._crew: FleetProcesses | None = None
        self._listening: asyncio.Task[None] | None = None

    # -- its life -----------------------------------------------------------------------------

    async def open(self) -> None:
        """The server, then everybody in it; raises GroundError."""
        try:
            await self.server.start()
        except RuntimeError as error:
            raise GroundError(str(error)) from None
        if not self._students:
            return
        plans = self._plans()
        self._crew = FleetProcesses(plans)
        self._crew.start()
        self._listening = asyncio.get_running_loop().create_task(self._listen(self._crew))
        await self._until(lambda: len(self._ready) == len(plans), READY_WITHIN, "fleets")
        self._began = time.monotonic() + 0.3
        self._crew.tell(Begin(self._began))
        people = self._students + 1
        allowed = JOINED_WITHIN + people / JOINS_A_SECOND
        await self._until(lambda: len(self._joined) + len(self.failed) >= people, allowed, "people")
        await self.probes.open(lambda name: self.mint(name, Role.STUDENT), CLASS)
        await asyncio.sleep(SETTLES)

    async def close(self) -> None:
        """Ends what it started, whatever state that is in."""
        with contextlib.suppress(Exception):
            await self.probes.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self._crew is not None:
            await self._crew.stop()
        await self.server.stop()
        self._folder.cleanup()

    def _plans(self) -> list[FleetPlan]:
        """The teacher apart: decrypting must not make her late."""
        teacher = self._bot("teacher", Role.TEACHER, 0.0)
        students = tuple(
            self._bot(f"student-{n:03}", Role.STUDENT, 1.5 + n / JOINS_A_SECOND, n < SAMPLED)
            for n in range(self._students)
        )
        return [
            FleetPlan(n, self.server.url, CLASS, bots, self._core)
            for n, bots in enumerate(((teacher,), students))
        ]

    def _bot(self, name: str, role: Role, join_at: float, sampled: bool = False) -> BotPlan:
        publishes = role is Role.TEACHER
        return BotPlan(
            name=name,
            role=role.value,
            token=self.mint(name, role),
            join_at=join_at,
            publish=("camera", "microphone") if publishes else (),
            audio_slots=3,
            video_slots=0 if publishes else 2,
            show="nothing" if publishes else "gallery",
            sampled=sampled,
        )

    def mint(self, name: str, role: Role) -> str:
        identity = Identity(name, name, role, CLASS)
        return mint(identity, self.secret, now=time.time(), lifetime=LIFETIME)

    # -- what its fleets tell -----------------------------------------------------------------

    async def _listen(self, fleets: FleetProcesses) -> None:
        while True:
            self._take(await fleets.messages.get())

    def _take(self, message: object) -> None:
        match message:
            case Ready():
                self._ready.add(message.fleet)
            case Joined():
                self._joined.add(message.name)
                if message.name == "teacher":
                    self.teacher = message.participant
                    self.show()
            case Failed():
                self.failed.append(message)
            case Tick():
                self.ticks.append((self._began + message.at - 0.5, message))
            case Crash():
                self._broken = f"fleet {message.fleet} failed: {message.error}"
            case Gone():
                self._broken = self._broken or f"fleet {message.fleet} has gone"

    async def _until(self, done: Callable[[], bool], within: float, what: str) -> None:
        deadline = time.monotonic() + within
        while not done():
            few = len(self.failed) <= MISSING * self._students
            if self._broken or not few or time.monotonic() > deadline:
                why = self._broken or (self.failed and self.failed[0].message) or "too late"
                raise GroundError(f"{what}: {why}")
            await asyncio.sleep(0.05)

    def show(self, attacker: str = "") -> None:
        """Students see the teacher, and the attacker if that one publishes."""
        people = {"teacher": self.teacher} | ({"attacker": attacker} if attacker else {})
        if self._crew is not None:
            self._crew.tell(People(people, self.teacher))

    # -- what can be seen from outside --------------------------------------------------------

    @property
    def disconnected(self) -> list[str]:
        """Everybody who fell out so far, and why."""
        fallen = [f"{one.name} ({one.code})" for one in self.failed]
        return fallen + [f"{one.name} ({one.why})" for one in self.probes.lost]

    @property
    def usage(self) -> Usage:
        return usage_of(self.server.pid) or Usage(0.0, 0)

    async def scrape(self) -> str:
        """The worker's metrics; nothing when the server has no time for them."""
        headers = {"Authorization": f"Bearer {self.metrics_token}"}
        url = f"{self.server.url}/metrics?scope=worker"
        try:
            async with (
                aiohttp.ClientSession(timeout=SCRAPED_WITHIN, headers=headers) as session,
                session.get(url) as response,
            ):
                return await response.text() if response.status == 200 else ""
        except (aiohttp.ClientError, TimeoutError):
            return ""

    def order(self, attack: str, seconds: float) -> Order:
        """What an attacker needs to know."""
        return Order(
            attack=attack,
            url=self.server.url,
            host=HOST,
            udp_port=self.server.udp_port,
            class_id=CLASS,
            secret=self.secret,
            metrics_token=self.metrics_token,
            log_file=str(self.server.log_file),
            server_pid=self.server.pid,
            teacher_port=self._teacher_port(),
            seconds=seconds,
        )

    def _teacher_port(self) -> int:
        """Of the one socket of her fleet's process that is connected to the server."""
        fleets = (one for one in multiprocessing.active_children() if one.name == "fleet-0")
        teacher = next(fleets, None)
        if teacher is None or teacher.pid is None:
            return 0
        return connected_port(teacher.pid, self.server.udp_port)
