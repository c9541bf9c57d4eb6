"""What billing refuses: a code and a sentence for the person, a status for HTTP."""

from common.errors import LiveclassError


class BillingError(LiveclassError):
    """A refusal; `field` names the input it is about."""

    status = 400

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(code, message)
        self.field = field


class SignInError(BillingError):
    """Nobody is signed in, or the session is over."""

    status = 401


class NotAllowedError(BillingError):
    """Signed in, but not for this."""

    status = 403


class NotFoundError(BillingError):
    """There is no such thing, or not for this person."""

    status = 404


class ConflictError(BillingError):
    """The state of things does not allow it (any more)."""

    status = 409


class TooManyError(BillingError):
    """Tried too often; `retry_after` in whole seconds."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__("too_many_requests", message)
        self.retry_after = retry_after


class GatewayError(BillingError):
    """The payment gateway did not do what was asked; nothing is lost, and it can be tried again."""

    status = 502
