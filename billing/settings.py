"""Billing's settings from the environment: LIVECLASS_… and the four RAZORPAY_… of the gateway."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from billing.mail.letters import parse_mail_url
from billing.receipts.tax import STATES, is_gstin
from billing.store.database import database_url
from common.config import CommonSettings


def _razorpay(name: str) -> AliasChoices:
    return AliasChoices(f"razorpay_{name}", f"RAZORPAY_{name.upper()}")


class BillingSettings(CommonSettings):
    """Everything that can be set; see docs/operations.md. Without keys the sandbox serves."""

    database_url: SecretStr | None = None
    razorpay_key_id: str | None = Field(default=None, validation_alias=_razorpay("key_id"))
    razorpay_key_secret: SecretStr | None = Field(
        default=None, validation_alias=_razorpay("key_secret")
    )
    razorpay_webhook_secret: SecretStr | None = Field(
        default=None, validation_alias=_razorpay("webhook_secret")
    )
    razorpay_base_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+")] | None = Field(
        default=None, validation_alias=_razorpay("base_url")
    )
    mail_url: SecretStr = SecretStr("console")
    seller_name: Annotated[str, Field(min_length=1, max_length=120)] = "liveclass"
    seller_address: Annotated[str, Field(max_length=300)] = ""
    seller_gstin: str | None = None
    seller_state: str | None = None
    seller_zone: str = "Asia/Kolkata"
    hsn_sac: Annotated[str, Field(pattern=r"^[0-9]{4,8}$")] = "999293"
    gst_percent: Annotated[float, Field(ge=0, le=100)] = 18
    registration: Literal["open", "closed"] = "open"
    order_minutes: Annotated[int, Field(ge=5, le=1_440)] = 30
    opens_before_minutes: Annotated[int, Field(ge=0, le=1_440)] = 15
    demo: bool = True

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            database_url(value.get_secret_value())
        return value

    @field_validator("mail_url")
    @classmethod
    def _is_mail(cls, value: SecretStr) -> SecretStr:
        parse_mail_url(value.get_secret_value())
        return value

    @field_validator("seller_gstin")
    @classmethod
    def _is_gstin(cls, value: str | None) -> str | None:
        if value is not None and not is_gstin(value):
            raise ValueError("must be a GSTIN: 15 characters, the last of which checks the others")
        return value

    @field_validator("seller_state")
    @classmethod
    def _is_state(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        if value not in STATES:
            raise ValueError("must be the two digits of a state's GST code, as 29")
        if info.data.get("seller_gstin") and not info.data["seller_gstin"].startswith(value):
            raise ValueError("must be the state that the GSTIN begins with")
        return value

    @field_validator("seller_zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError, ValueError):
            raise ValueError("must be a time zone, as Asia/Kolkata") from None
        return value

    @model_validator(mode="after")
    def _keys_come_together(self) -> "BillingSettings":
        if (self.razorpay_key_id is None) != (self.razorpay_key_secret is None):
            raise ValueError("RAZORPAY_KEY_ID and RAZORPAY_KEY_SECRET must be set together")
        if self.razorpay_key_id is None and self.razorpay_base_url is not None:
            raise ValueError("RAZORPAY_BASE_URL needs RAZORPAY_KEY_ID and the other keys")
        if self.razorpay_key_id is not None and self.razorpay_webhook_secret is None:
            raise ValueError("RAZORPAY_WEBHOOK_SECRET must be set with the keys")
        return self

    @property
    def is_sandbox(self) -> bool:
        """No keys: no real money moves."""
        return self.razorpay_key_id is None

    @property
    def database(self) -> str:
        """The database's URL: as set, else a file beside the server's other ones."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.var_dir / 'liveclass.db'}"
