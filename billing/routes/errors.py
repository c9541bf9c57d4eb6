"""One middleware turns exceptions into JSON errors."""

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from billing.errors import BillingError, TooManyError
from billing.routes.keys import CONTEXT
from common.errors import LiveclassError
from common.logs import get_logger

PATHS = ("/api/", "/payments/", "/receipts/")

log = get_logger(__name__)


def error_response(code: str, message: str, status: int, field: str | None = None) -> web.Response:
    """The error as every client gets it."""
    body = {"code": code, "message": message}
    if field is not None:
        body["field"] = field
    return web.json_response({"error": body}, status=status)


@web.middleware
async def errors_to_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers refusals with their status, and unexpected errors without details."""
    if not request.path.startswith(PATHS):
        return await handler(request)
    try:
        return await handler(request)
    except LiveclassError as error:
        request.app[CONTEXT].counts[f"refused:{error.code}"] += 1
        return _refusal(error)
    except ValidationError as error:
        return _invalid(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return error_response(f"http_{error.status}", error.reason, error.status)
    except Exception as error:
        request.app[CONTEXT].counts["request_failed"] += 1
        log.error("request.failed", path=request.path, error=type(error).__name__, exc_info=error)
        message = "Something went wrong on the server. Try again."
        return error_response("internal", message, 500)


def _refusal(error: LiveclassError) -> web.Response:
    status = error.status if isinstance(error, BillingError) else 400
    field = error.field if isinstance(error, BillingError) else None
    response = error_response(error.code, error.message, status, field)
    if isinstance(error, TooManyError):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _invalid(error: ValidationError) -> web.Response:
    fault = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in fault["loc"]) or None
    return error_response("invalid", _sentence(fault), 422, field)


_SENTENCES = {
    "missing": "This is needed.",
    "extra_forbidden": "This is not expected here.",
    "json_invalid": "This is not JSON.",
    "string_too_short": "This needs at least {min_length} characters.",
    "string_too_long": "This may have {max_length} characters at most.",
    "string_pattern_mismatch": "This does not look right.",
    "greater_than_equal": "This must be {ge} or more.",
    "greater_than": "This must be more than {gt}.",
    "less_than_equal": "This must be {le} or less.",
    "literal_error": "This must be one of: {expected}.",
}


def _sentence(fault: ErrorDetails) -> str:
    """The sentence for a person; our own checks bring theirs."""
    known = _SENTENCES.get(fault["type"])
    if known is not None:
        return known.format_map(fault.get("ctx", {}))
    message = str(fault["msg"]).removeprefix("Value error, ")
    return message if message.endswith(".") else f"{message}."
