"""What can go wrong at a gateway, switched on for tests and rehearsals."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Faults(BaseModel):
    """All off. `answers`: "fail" does nothing and answers 503; "cut" does the work, then cuts the
    connection. `capture` "late": payments stay authorized until somebody captures them.
    `amount`: so many paise are added to what is taken. `webhooks`: "twice" sends each two times,
    "reversed" the newest of a burst first, "none" no one. `refunds` "fail": the bank refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    delay: Annotated[float, Field(ge=0, le=60)] = 0.0
    answers: Literal["normal", "fail", "cut"] = "normal"
    capture: Literal["automatic", "late"] = "automatic"
    amount: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    webhooks: Literal["normal", "twice", "reversed", "none"] = "normal"
    refunds: Literal["process", "fail"] = "process"
