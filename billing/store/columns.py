"""Column types that all tables share. Times are whole milliseconds since 1970 (UTC); money is
whole paise."""

from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, MetaData, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

Key = Annotated[str, mapped_column(String(64), primary_key=True)]
Ref = Annotated[str, mapped_column(String(64))]
MaybeRef = Annotated[str | None, mapped_column(String(64))]
Word = Annotated[str, mapped_column(String(40))]
MaybeWord = Annotated[str | None, mapped_column(String(40))]
Paise = Annotated[int, mapped_column(BigInteger)]
Millis = Annotated[int, mapped_column(BigInteger)]
MaybeMillis = Annotated[int | None, mapped_column(BigInteger)]
Data = Annotated[dict[str, Any], mapped_column(JSON)]
MaybeData = Annotated[dict[str, Any] | None, mapped_column(JSON)]

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables; constraints are named, so that migrations can speak of them."""

    metadata = MetaData(naming_convention=_NAMES)
