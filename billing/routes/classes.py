"""Classes over HTTP: the catalogue, a person's own, and their teachers' changes."""

from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field, StringConstraints, field_validator

from billing.catalogue import schedule
from billing.catalogue.classes import ClassState
from billing.catalogue.schedule import Schedule
from billing.context import Context
from billing.errors import BillingError
from billing.routes.keys import CONTEXT
from billing.routes.paging import next_cursor, page_of, read_page
from billing.routes.session import (
    MAX_TEXTS,
    Account,
    Strict,
    account,
    account_with,
    maybe_account,
    read_body,
    read_json,
)
from billing.service import cancel, catalogue, classes, images
from billing.service.catalogue import ClassFilter, ListedClass, OwnView
from billing.service.rights import Asker
from billing.store.queries import cursor_of
from billing.store.tables import Enrolment, User

CLASS_ID = "{class_id:[A-Za-z0-9_-]{1,64}}"
PATH = f"/api/classes/{CLASS_ID}"
MAX_PRICE = 100_000_000  # paise
LEAST_PRICE = 100

routes = web.RouteTableDef()

Title = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=3, max_length=120, pattern=r"^[^\x00-\x1f]+$"
    ),
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000)]
Price = Annotated[int, Field(ge=0, le=MAX_PRICE)]
Seats = Annotated[int, Field(ge=1, le=10_000)]
Trial = Annotated[int, Field(ge=0, le=600)]
Days = Annotated[int, Field(ge=1, le=3_650)]


class ChangeClass(Strict):
    """The changes of a class; a field that is not named stays."""

    title: Title = ""
    description: Text = ""
    price: Price = 0
    currency: Literal["INR"] = "INR"
    seats: Seats | None = None
    schedule: Schedule | None = None
    trialMinutes: Trial = 0
    accessDays: Days | None = None

    @field_validator("price")
    @classmethod
    def _can_be_paid(cls, value: int) -> int:
        if 0 < value < LEAST_PRICE:
            raise ValueError("At least ₹1, or make the class free.")
        return value

    @field_validator("schedule")
    @classmethod
    def _is_there(cls, value: Schedule | None) -> Schedule | None:
        if value is None:
            raise ValueError("A class needs its dates.")
        return value

    def columns(self) -> dict[str, Any]:
        """The named fields by the table's columns."""
        names = {"trialMinutes": "trial_minutes", "accessDays": "access_days"}
        named = {names.get(one, one): getattr(self, one) for one in self.model_fields_set}
        if "schedule" in named:
            named["schedule"] = schedule.dump(named["schedule"])
        return named


class CreateClass(ChangeClass):
    """A new class."""

    title: Title
    schedule: Schedule


def asker_of(found: Account) -> Asker:
    """The account as services know it."""
    return Asker(found.id, found.role)


def describe(shown: ListedClass, context: Context) -> dict[str, object]:
    """A class as the pages get it."""
    class_, lesson = shown.class_, shown.lesson
    described: dict[str, object] = {
        "id": class_.id,
        "title": class_.title,
        "description": class_.description,
        "teacher": {"id": shown.teacher.id, "name": shown.teacher.name},
        "price": class_.price,
        "currency": class_.currency,
        "seats": class_.seats,
        "seatsLeft": shown.seats_left,
        "imageUrl": class_.image_url,
        "state": class_.state,
        "schedule": class_.schedule,
        "nextAt": lesson.start if lesson else None,
        "nextEndsAt": lesson.end if lesson else None,
        "trialMinutes": class_.trial_minutes,
        "accessDays": class_.access_days,
        "liveSince": class_.live_since,
        "my": None if shown.mine is None else _mine(shown.mine),
    }
    if shown.assistants is not None:
        described["assistants"] = [
            {"id": user.id, "name": user.name, "email": user.email} for user in shown.assistants
        ]
    if shown.student is not None:
        described["student"] = {"id": shown.student.id, "name": shown.student.name}
    return described


def _mine(mine: OwnView) -> dict[str, object]:
    reason = mine.refusal
    return {
        "enrolled": mine.enrolled,
        "kind": mine.kind,
        "expiresAt": mine.expires_at,
        "orderState": mine.order_state,
        "canJoin": reason is None,
        "opensAt": mine.opens_at,
        "reason": None if reason is None else {"code": reason.code, "message": reason.message},
        "isTeacher": mine.is_teacher,
    }


@routes.get("/api/classes")
async def search(request: web.Request) -> web.Response:
    """The catalogue, the newest first; `mine=1`: what one teaches, admins: all."""
    context = request.app[CONTEXT]
    found = await maybe_account(request)
    limit, cursor = read_page(request)
    wanted = _filter(request, found)
    asker = None if found is None else asker_of(found)
    every = await catalogue.search(context, asker, wanted, limit + 1, cursor)
    page = every[:limit]
    following = next_cursor(
        every, limit, lambda last: cursor_of(last.class_.created_at, last.class_.id)
    )
    if not wanted.mine and wanted.state is None:
        page = [one for one in page if catalogue.is_offered(one, context.now())]
    return web.json_response({"items": [describe(one, context) for one in page], "next": following})


def _filter(request: web.Request, found: Account | None) -> ClassFilter:
    state = request.query.get("state") or None
    if state is not None and state not in tuple(ClassState):
        raise BillingError("bad_state", "There is no such state.", "state")
    mine = request.query.get("mine") == "1" and found is not None
    return ClassFilter(request.query.get("search", "")[:100], state, mine)


@routes.post("/api/classes")
async def create(request: web.Request) -> web.Response:
    """A draft."""
    found = await account_with(request, *classes.TEACHERS)
    body = await read_json(request, CreateClass, MAX_TEXTS)
    new = classes.NewClass(
        body.title,
        body.description,
        body.price,
        body.currency,
        body.seats,
        body.schedule,
        body.trialMinutes,
        body.accessDays,
    )
    class_id = await classes.create(request.app[CONTEXT], asker_of(found), new)
    return await _answer(request, found, class_id, 201)


async def _answer(
    request: web.Request, found: Account | None, class_id: str, status: int = 200
) -> web.Response:
    context = request.app[CONTEXT]
    shown = await catalogue.one(context, None if found is None else asker_of(found), class_id)
    return web.json_response(describe(shown, context), status=status)


@routes.get(PATH)
async def one(request: web.Request) -> web.Response:
    """A class."""
    return await _answer(request, await maybe_account(request), request.match_info["class_id"])


@routes.patch(PATH)
async def change(request: web.Request) -> web.Response:
    """Changes what is named."""
    found = await account_with(request, *classes.TEACHERS)
    body = await read_json(request, ChangeClass, MAX_TEXTS)
    class_id = request.match_info["class_id"]
    await classes.change(request.app[CONTEXT], asker_of(found), class_id, body.columns())
    return await _answer(request, found, class_id)


_STEPS = {"publish": classes.publish, "end": classes.end, "cancel": cancel.cancel}


@routes.post(PATH + "/{step:publish|end|cancel}")
async def step(request: web.Request) -> web.Response:
    """Publishes, ends or cancels."""
    found = await account_with(request, *classes.TEACHERS)
    class_id = request.match_info["class_id"]
    take = _STEPS[request.match_info["step"]]
    await take(request.app[CONTEXT], asker_of(found), class_id)
    return await _answer(request, found, class_id)


@routes.put(PATH + "/assistants/{email}")
async def add_assistant(request: web.Request) -> web.Response:
    """Makes a person an assistant."""
    return await _assistant(request, classes.add_assistant)


@routes.delete(PATH + "/assistants/{email}")
async def remove_assistant(request: web.Request) -> web.Response:
    """Ends that."""
    return await _assistant(request, classes.remove_assistant)


async def _assistant(request: web.Request, change: Any) -> web.Response:
    found = await account_with(request, *classes.TEACHERS)
    class_id, email = request.match_info["class_id"], request.match_info["email"]
    await change(request.app[CONTEXT], asker_of(found), class_id, email[:254])
    return await _answer(request, found, class_id)


@routes.put(PATH + "/image")
async def put_image(request: web.Request) -> web.Response:
    """The picture, as it is, in the body."""
    found = await account_with(request, *classes.TEACHERS)
    class_id = request.match_info["class_id"]
    refusal = BillingError("too_large", "A picture may have 1 MB.", "image")
    data = await read_body(request, images.MAX_BYTES, refusal)
    await classes.set_image(request.app[CONTEXT], asker_of(found), class_id, data)
    return await _answer(request, found, class_id)


@routes.get(r"/media/classes/{name:[A-Za-z0-9_-]{1,64}\.[0-9a-f]{12}\.(?:jpg|png|webp)}")
async def image(request: web.Request) -> web.StreamResponse:
    """A picture; its address changes with it."""
    name = request.match_info["name"]
    path = images.folder(request.app[CONTEXT]) / name
    if not path.is_file():
        raise web.HTTPNotFound
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    response = web.FileResponse(path, headers=headers)
    response.content_type = images.TYPES[name.rpartition(".")[2]]
    return response


@routes.get("/api/me/classes")
async def mine(request: web.Request) -> web.Response:
    """Classes one is in, teaches or helps in; a parent's: their children's."""
    found = await account(request)
    context = request.app[CONTEXT]
    every = await catalogue.of_person(context, asker_of(found))
    return web.json_response({"items": [describe(one, context) for one in every], "next": None})


@routes.get(PATH + "/people")
async def people(request: web.Request) -> web.Response:
    """Lists the enrolled students by name."""
    found = await account_with(request, *classes.TEACHERS)
    limit, cursor = read_page(request)
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 9):
        raise BillingError("bad_cursor", "This list has no such page.", "cursor")
    offset = int(cursor or 0)
    class_id = request.match_info["class_id"]
    every = await classes.people(request.app[CONTEXT], asker_of(found), class_id, limit + 1, offset)
    return page_of(every, limit, _person, lambda _: str(offset + limit))


def _person(found: tuple[User, Enrolment]) -> dict[str, object]:
    user, enrolment = found
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "kind": enrolment.kind,
        "since": enrolment.created_at,
        "expiresAt": enrolment.expires_at,
    }
