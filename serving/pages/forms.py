"""What the desk sends: strict and bounded; money is decimal text, read by its digits."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from serving.auth.people import Role

__all__ = ["Cases", "ClaimForm", "LineForm", "NewUserForm", "RoleForm", "UndoForm", "VerdictForm"]

Id = Annotated[str, Field(min_length=1, max_length=512)]
Money = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^-?\d{1,18}(\.\d{1,4})?$")]


class Form(BaseModel):
    """Nothing is coerced, nothing unknown is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ClaimForm(Form):
    """Which cases somebody wants."""

    order: Annotated[str, Field(max_length=20)] = "value"
    reason: Annotated[str, Field(max_length=60)] | None = None
    count: Annotated[int, Field(ge=0, le=50)] = 10
    skip: Annotated[list[Id], Field(max_length=500)] = []


class Cases(Form):
    """Cases held."""

    cases: Annotated[list[Id], Field(max_length=100)]


class LineForm(Form):
    """So much on one item, in the item's currency; `payment_amount` where the payment is in another."""

    invoice_id: Id
    apply: Money
    payment_amount: Money | None = None
    write_off: Money | None = None
    write_off_reason: (
        Annotated[str, Field(pattern="^(bank_fee|early_payment_discount|rounding|processor_fee|other)$")]
        | None
    ) = None


class VerdictForm(Form):
    """What somebody says of a case."""

    id: Annotated[str, Field(min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]
    version: Annotated[int, Field(ge=0, le=2**53)]
    said: Annotated[str, Field(max_length=20)]
    lines: Annotated[list[LineForm], Field(max_length=200)] = []
    reason: Annotated[str, Field(max_length=500)] | None = None
    customer_id: Id | None = None
    until: AwareDatetime | None = None
    took_ms: Annotated[int, Field(ge=0, le=10**9)] | None = None


class UndoForm(Form):
    """The id of the undoing itself."""

    id: Annotated[str, Field(min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]


class RoleForm(Form):
    """A role to give."""

    role: Role


class NewUserForm(Form):
    """Somebody new."""

    email: Annotated[str, Field(max_length=254)]
    role: Role
    password: Annotated[str, Field(min_length=1, max_length=200)]
