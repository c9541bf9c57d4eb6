"""Demo people and classes, made on an empty database of the sandbox."""

import asyncio
import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.context import Context
from billing.service.accounts import NewUser, prepare
from billing.settings import BillingSettings
from billing.store.tables import Class, User

PEOPLE = (
    ("asha@example.com", "Asha Rao", "teacher"),
    ("ravi@example.com", "Ravi Kumar", "student"),
    ("meera@example.com", "Meera Iyer", "parent"),
    ("admin@example.com", "Dev Admin", "admin"),
)
# id, title, description, price in paise, seats, minutes of trial, when
CLASSES = (
    (
        "algebra-for-class-8",
        "Algebra for class 8",
        "Equations, step by step, with many examples.\n\n"
        "Three evenings a week for three months. Bring a notebook.",
        149_900,
        30,
        15,
        "weekly",
    ),
    (
        "english-conversation",
        "English conversation",
        "Small group, everybody speaks. Open to all levels.",
        49_900,
        4,
        0,
        "soon",
    ),
    ("how-to-learn", "How to learn", "One free evening about learning.", 0, None, 0, "soon"),
)
FILE = "demo-password"


async def seed(context: Context) -> str | None:
    """The demo people's password, when they are there; makes them in an empty database."""
    settings = context.settings
    if not settings.is_sandbox or not settings.demo:
        return None
    async with context.db.reading() as session:
        if await _people(session):
            first = await session.scalar(select(User.id).where(User.email == PEOPLE[0][0]))
            return _read(settings.var_dir / FILE) if first is not None else None
    password = _password(settings)
    await _make(context, password)
    return password


async def _people(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(User)) or 0


async def _make(context: Context, password: str) -> None:
    """Makes all of it, or nothing when another process was faster."""
    users = await asyncio.gather(*(prepare(context, NewUser(*who, password)) for who in PEOPLE))
    async with context.db.writing() as session:
        if await _people(session):
            return
        session.add_all(users)
        await session.flush()
        session.add_all(_classes(users[0].id, context.now(), context.settings.seller_zone))


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return None


def _password(settings: BillingSettings) -> str:
    """Made once, readable by this user alone."""
    path = settings.var_dir / FILE
    if found := _read(path):
        return found
    password = secrets.token_urlsafe(9)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(password)
    return password


def _classes(teacher_id: str, now: int, zone: str) -> list[Class]:
    local = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(zone))
    schedules = {"weekly": _weekly(local, zone), "soon": _soon(local, zone)}
    return [
        Class(
            id=id,
            title=title,
            description=description,
            price=price,
            seats=seats,
            trial_minutes=trial,
            schedule=schedules[when],
            teacher_id=teacher_id,
            currency="INR",
            state="scheduled",
            created_at=now,
            updated_at=now,
        )
        for id, title, description, price, seats, trial, when in CLASSES
    ]


def _weekly(local: datetime, zone: str) -> dict[str, object]:
    today = local.date()
    return {
        "kind": "weekly",
        "days": [0, 2, 4],
        "time": "18:00",
        "from": today.isoformat(),
        "until": (today + timedelta(days=90)).isoformat(),
        "minutes": 60,
        "zone": zone,
    }


def _soon(local: datetime, zone: str) -> dict[str, object]:
    start = (local + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M")
    return {"kind": "single", "start": start, "minutes": 90, "zone": zone}
