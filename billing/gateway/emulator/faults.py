"""Faults of a gateway, switched on for tests and rehearsals."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Faults(BaseModel):
    """All off. `answers`: "fail" does nothing and answers 503; "cut" does the work, then cuts the
    connection; `only` "writes": questions that change nothing are answered; so many `times`, 0:
    until it is switched off. `delay` (s) comes before each answer. `capture` "late": payments
    stay authorized until they are captured. `amount`: so many paise are added to what is
    taken; `currency`: it is taken in this one. `webhooks`: "twice" sends each two times,
    "reversed" the newest of a burst first, "none" no one. `refunds` "fail": the bank refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    delay: Annotated[float, Field(ge=0, le=60)] = 0.0
    answers: Literal["normal", "fail", "cut"] = "normal"
    only: Literal["all", "writes"] = "all"
    times: Annotated[int, Field(ge=0, le=1_000)] = 0
    capture: Literal["automatic", "late"] = "automatic"
    amount: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    webhooks: Literal["normal", "twice", "reversed", "none"] = "normal"
    refunds: Literal["process", "fail"] = "process"

    def after_one(self) -> "Faults":
        """The faults that are left when an answer has failed or was cut."""
        if self.times == 0:
            return self
        left = self.times - 1
        change = {"times": left} if left else {"times": 0, "answers": "normal"}
        return self.model_copy(update=change)


def parse_faults(text: str) -> Faults:
    """Faults as written by people: "delay=2,webhooks=twice". Raises ValueError in one line."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    try:
        return Faults.model_validate({name.strip(): value.strip() for name, _, value in pairs})
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from None
