"""Money as people in India read it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.text.amounts import in_words, money, percent


@pytest.mark.parametrize(
    ("paise", "currency", "text"),
    [
        (0, "INR", "₹0.00"),
        (5, "INR", "₹0.05"),
        (999_99, "INR", "₹999.99"),
        (1_499_00, "INR", "₹1,499.00"),
        (1_23_456_78, "INR", "₹1,23,456.78"),
        (12_34_56_789_00, "INR", "₹12,34,56,789.00"),
        (-500_00, "INR", "-₹500.00"),
        (1_234_567_00, "USD", "USD 1,234,567.00"),
    ],
)
def test_money(paise: int, currency: str, text: str) -> None:
    assert money(paise, currency) == text


@given(st.integers(0, 10**14))
def test_money_loses_no_digit(paise: int) -> None:
    text = money(paise, "INR")
    assert int(re.sub(r"[₹,.]", "", text)) == paise
    assert re.fullmatch(r"₹\d{1,3}(,\d\d\d)?\.\d\d|₹\d{1,2}(,\d\d)*,\d\d\d\.\d\d", text)


@pytest.mark.parametrize(
    ("paise", "text"),
    [
        (0, "Rupees zero only"),
        (1_00, "Rupees one only"),
        (1_499_50, "Rupees one thousand four hundred ninety-nine and fifty paise only"),
        (1_00_000_00, "Rupees one lakh only"),
        (1_23_45_678_00, "Rupees one crore twenty-three lakh forty-five thousand six hundred"
         " seventy-eight only"),
        (12_34_567_00_000_00, "Rupees twelve thousand three hundred forty-five crore sixty-seven"
         " lakh only"),
    ],
)  # fmt: skip
def test_words(paise: int, text: str) -> None:
    assert in_words(paise) == text


def test_rates() -> None:
    assert [percent(rate) for rate in (9_000, 2_500, 18_000, 125)] == [
        "9 %",
        "2.5 %",
        "18 %",
        "0.125 %",
    ]
