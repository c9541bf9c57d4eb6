"""The razorpay SDK, one client a thread, with timeouts: by itself it waits without limit."""

import threading
from collections.abc import Callable
from typing import Any

import razorpay
import requests

from billing.errors import GatewayError
from billing.gateway.keys import Keys

CONNECT_TIMEOUT, READ_TIMEOUT = 3.0, 10.0  # s

UNREACHABLE = "The payment service does not answer. Try again in a moment."
REFUSED = "The payment service refused this. Try again, or ask the school."


class GatewayUnreachableError(GatewayError):
    """No answer, or one that says nothing: what was asked may have been done, or not."""

    def __init__(self) -> None:
        super().__init__("gateway_unreachable", UNREACHABLE)


class GatewayRefusedError(GatewayError):
    """The gateway understood and said no."""

    def __init__(self) -> None:
        super().__init__("gateway_refused", REFUSED)


class _Session(requests.Session):
    """Failures are ours before the SDK sees them: it would print what it knows of them."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = (CONNECT_TIMEOUT, READ_TIMEOUT)
        kwargs["allow_redirects"] = False
        try:
            response = super().request(*args, **kwargs)
        except requests.RequestException:
            raise GatewayUnreachableError from None
        if response.status_code >= 500 or response.status_code == 429:
            raise GatewayUnreachableError
        return response


class ThreadClients(threading.local):
    """The SDK's client of the running thread; `base_url` is asked when it is first needed."""

    def __init__(self, keys: Keys, base_url: Callable[[], str]) -> None:
        auth = (keys.key_id, keys.key_secret)
        self.client: Any = razorpay.Client(session=_Session(), auth=auth, base_url=base_url())


def ask(client: Any, work: Callable[[Any], Any]) -> Any:
    """Asks once; raises GatewayError, whose sentence holds nothing of the question."""
    try:
        return work(client)
    except GatewayError:
        raise
    except razorpay.errors.BadRequestError:
        raise GatewayRefusedError from None
    except (razorpay.errors.GatewayError, razorpay.errors.ServerError, ValueError):
        raise GatewayUnreachableError from None
