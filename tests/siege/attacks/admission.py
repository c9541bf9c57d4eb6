"""Rows 9, 10, 14, 16d, 16e and 16g: tokens, sockets and pages that should not open."""

import asyncio
import time
from contextlib import suppress

import jwt

from common.roles import Role
from signalling.auth.class_key import KeyId, derive
from tests.siege.attack import Attack
from tests.siege.attacker import Attacker
from tests.siege.records import Kind
from tests.siege.web_socket import RawSocket, Refused

PLACES = 60  # sockets of a small server
TRIES = 200
EVIL = "evil.example"
# What a claim could be that no clock ever reaches.
DATES: dict[str, object] = {
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "'9e99'": "9e99",
    "1e300": 1e300,
    "true": True,
    "null": None,
}
FORWARDED: dict[str, dict[str, str]] = {
    "none": {},
    "X-Real-IP": {"X-Real-IP": "203.0.113.9"},
    "Via": {"Via": "1.1 proxy"},
    "CF-Connecting-IP": {"CF-Connecting-IP": "203.0.113.9"},
    "X-Forwarded-For": {"X-Forwarded-For": "203.0.113.9"},
    "Forwarded": {"Forwarded": "for=203.0.113.9"},
}


async def dates(attacker: Attacker) -> None:
    """Tokens of a class key that has expired, with dates that are none."""
    key = derive(attacker.order.secret, KeyId(attacker.order.class_id, int(time.time()) - 3_600))
    await attacker.begin()
    let_in = []
    for name, date in DATES.items():
        claims = {
            "sub": "siege-dates",
            "name": "Mallory",
            "role": "teacher",
            "class": attacker.order.class_id,
            "exp": date,
        }
        token = jwt.encode(claims, key.key, algorithm="HS256", headers={"kid": str(key.id)})
        attacker.count(len(token))
        with suppress(Refused, OSError):
            socket = await attacker.socket(token)
            let_in.append(name)
            await socket.close()
    attacker.say(f"let in with exp {', '.join(let_in)}" if let_in else "all refused")
    attacker.outcome.passed = not let_in


async def every_socket(attacker: Attacker) -> None:
    """One person's token opens what it can; then a teacher comes."""
    await attacker.begin()
    held: list[RawSocket] = []
    token = attacker.token(attacker.unique())
    for _ in range(TRIES):
        attacker.count(0)
        with suppress(Refused, OSError):
            held.append(await attacker.socket(token))
    await asyncio.sleep(0.5)
    attacker.say(f"{len(held)} sockets were let in one after the other, at a server for {PLACES}")
    try:
        teacher = await attacker.socket(attacker.token("late-teacher", Role.TEACHER))
        answer = await teacher.request("video-join", {"classId": attacker.order.class_id})
        attacker.outcome.passed = answer.get("ok") is True
    except (Refused, OSError) as error:
        attacker.outcome.passed = False
        attacker.say(f"a teacher then: {error}")
    else:
        attacker.say("a teacher then comes in")
    for one in held:
        await one.close()


async def metrics(attacker: Attacker) -> None:
    """From loopback, as a proxy on the same machine forwards a stranger."""
    await attacker.begin()
    told = []
    for name, headers in FORWARDED.items():
        async with attacker.http.get(f"{attacker.order.url}/metrics", headers=headers) as response:
            attacker.count(0)
            if response.status == 200:
                told.append(name)
    attacker.say(f"told with {', '.join(told)}" if told else "always refused")
    attacker.outcome.passed = not told


async def strict_transport(attacker: Attacker) -> None:
    """Its public address is https; a proxy takes the TLS away."""
    await attacker.begin()
    headers = {"X-Forwarded-Proto": "https", "Host": "class.example"}
    async with attacker.http.get(f"{attacker.order.url}/", headers=headers) as response:
        found = response.headers.get("Strict-Transport-Security", "")
    attacker.say(found or "no Strict-Transport-Security")
    attacker.outcome.passed = bool(found)


async def jsonp(attacker: Attacker) -> None:
    await attacker.begin()
    url = f"{attacker.order.url}/socket.io/?EIO=4&transport=polling&j=0"
    async with attacker.http.get(url) as response:
        text = await response.text()
    attacker.say(f"{response.status}: {text[:20]}")
    attacker.outcome.passed = "___eio" not in text


async def rebinding(attacker: Attacker) -> None:
    """A page whose name was pointed at this machine: its Host is not one of ours."""
    await attacker.begin()
    headers = {"Host": EVIL, "Origin": f"http://{EVIL}"}
    opened = []
    for path in ("/", "/socket.io/?EIO=4&transport=polling", "/api/me"):
        async with attacker.http.get(f"{attacker.order.url}{path}", headers=headers) as response:
            if response.status < 400:
                opened.append(path.partition("?")[0])
    attacker.say(f"answered for another Host: {', '.join(opened)}" if opened else "refused")
    attacker.outcome.passed = not opened


ATTACKS = (
    Attack(
        "9",
        "dates that are none",
        "Tokens of an expired class key with exp NaN, inf and the like",
        dates,
        Kind.CHECK,
    ),
    Attack(
        "10",
        "every socket",
        f"One student's token opens sockets of a server that has {PLACES}",
        every_socket,
        Kind.CHECK,
        {"LIVECLASS_MAX_SOCKETS": str(PLACES)},
    ),
    Attack(
        "14",
        "metrics behind a proxy",
        "GET /metrics from loopback without a token",
        metrics,
        Kind.CHECK,
    ),
    Attack(
        "16d",
        "strict transport",
        "A page of a server whose public address is https",
        strict_transport,
        Kind.CHECK,
        {"LIVECLASS_PUBLIC_URL": "https://class.example"},
    ),
    Attack("16e", "JSONP", "Long polling with j=0", jsonp, Kind.CHECK),
    Attack("16g", "rebinding", f"GET with Host {EVIL}", rebinding, Kind.CHECK),
)
