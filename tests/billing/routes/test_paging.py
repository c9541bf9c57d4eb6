"""A page of a list: what a request asks for, and whether another page follows."""

import json

import pytest
from aiohttp.test_utils import make_mocked_request

from billing.errors import BillingError
from billing.routes.paging import DEFAULT, page_of, read_page

FOUND = ["ann", "bob", "cy"]


@pytest.mark.parametrize(
    ("limit", "items", "following"),
    [
        (1, ["ANN"], "ann"),
        (2, ["ANN", "BOB"], "bob"),
        (3, ["ANN", "BOB", "CY"], None),
        (4, ["ANN", "BOB", "CY"], None),
    ],
)
def test_another_page_follows_when_one_more_was_found(
    limit: int, items: list[str], following: str | None
) -> None:
    answer = page_of(FOUND[: limit + 1], limit, str.upper, lambda last: last)
    assert json.loads(answer.text or "") == {"items": items, "next": following}


def test_an_empty_list_is_one_page() -> None:
    answer = page_of([], 10, str.upper, lambda last: last)
    assert json.loads(answer.text or "") == {"items": [], "next": None}


def test_a_request_without_a_limit_gets_the_usual_one() -> None:
    assert read_page(make_mocked_request("GET", "/list?cursor=bob")) == (DEFAULT, "bob")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1e2"])
def test_a_limit_out_of_bounds_is_refused(limit: str) -> None:
    with pytest.raises(BillingError, match="limit"):
        read_page(make_mocked_request("GET", f"/list?limit={limit}"))
