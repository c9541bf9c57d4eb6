"""Billing's refusals: a code and a sentence for the person, a status for HTTP."""

from common.errors import LiveclassError


class BillingError(LiveclassError):
    """A refusal; `field` names the input it is about."""

    status = 400

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(code, message)
        self.field = field


class SignInError(BillingError):
    """The request comes without a session, or with one that is over."""

    status = 401


class NotAllowedError(BillingError):
    """The person is signed in, but may not do this."""

    status = 403


class NotFoundError(BillingError):
    """The thing does not exist, or not for this person."""

    status = 404


class ConflictError(BillingError):
    """The state of things does not allow it (any more)."""

    status = 409


class TooManyError(BillingError):
    """The person has tried too often; `retry_after` in whole seconds."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__("too_many_requests", message)
        self.retry_after = retry_after


class GatewayError(BillingError):
    """The payment gateway did not do what was asked; nothing is lost, and it can be tried again."""

    status = 502
