"""The razorpay SDK, one client a thread, with timeouts: by itself it waits without limit."""

import re
import threading
from collections.abc import Callable
from typing import Any

import razorpay
import requests

from billing.errors import GatewayError
from billing.gateway.keys import Keys
from common.logs import get_logger

CONNECT_TIMEOUT, READ_TIMEOUT = 3.0, 10.0  # s
WORD = re.compile(r"[A-Za-z_.]{1,60}")
PASSING = (409, 429)  # the same question is under way; too many questions

UNREACHABLE = "The payment service does not answer. Try again in a moment."
REFUSED = "The payment service refused this. Try again, or ask the school."
WRONG_KEYS = "The payment service does not accept this school's keys. Please tell the school."

log = get_logger(__name__)


class GatewayUnreachableError(GatewayError):
    """No answer, or one that says nothing: what was asked may have been done, or not."""

    def __init__(self) -> None:
        super().__init__("gateway_unreachable", UNREACHABLE)


class GatewayRefusedError(GatewayError):
    """The gateway understood and said no."""

    def __init__(self, code: str = "gateway_refused", message: str = REFUSED) -> None:
        super().__init__(code, message)


class _Session(requests.Session):
    """Failures are ours before the SDK sees them: it would print what it knows of them."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = (CONNECT_TIMEOUT, READ_TIMEOUT)
        kwargs["allow_redirects"] = False
        try:
            response = super().request(*args, **kwargs)
        except requests.RequestException:
            raise GatewayUnreachableError from None
        if response.status_code >= 500 or response.status_code in PASSING:
            raise GatewayUnreachableError
        if response.status_code == 401:
            log.error("gateway.keys_refused")
            raise GatewayRefusedError("gateway_keys", WRONG_KEYS)
        if response.status_code >= 400:
            log.warning("gateway.refused", status=response.status_code, **_words(response))
        return response


def _words(response: requests.Response) -> dict[str, str]:
    """A refusal's words of the API; its sentences are left out, as they may repeat the question."""
    try:
        error = response.json()["error"]
        said = {name: error.get(name) for name in ("code", "reason", "field")}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}
    return {
        name: word
        for name, word in said.items()
        if isinstance(word, str) and WORD.fullmatch(word) is not None
    }


class ThreadClients(threading.local):
    """The SDK's client of the running thread; `base_url` is asked when it is first needed. On
    this machine (`is_local`) no proxy of the environment is in between."""

    def __init__(self, keys: Keys, base_url: Callable[[], str], is_local: bool) -> None:
        auth = (keys.key_id, keys.key_secret)
        session = _Session()
        session.trust_env = not is_local
        self.client: Any = razorpay.Client(session=session, auth=auth, base_url=base_url())


def ask(client: Any, work: Callable[[Any], Any]) -> Any:
    """Asks once; raises GatewayError, whose sentence holds nothing of the question."""
    try:
        return work(client)
    except GatewayError:
        raise
    except razorpay.errors.BadRequestError:
        raise GatewayRefusedError from None
    except (razorpay.errors.GatewayError, razorpay.errors.ServerError):
        raise GatewayUnreachableError from None
    except (ValueError, LookupError, TypeError, AttributeError):  # not the API's JSON
        raise GatewayUnreachableError from None
