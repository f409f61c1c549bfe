"""The evidence behind chosen explanations: what speaks for them, of which kind it is, and what was moved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compare import SCHEMA
from features.comparison import F32, Comparison
from features.decide import evidence_mask
from features.frame import I64, KINDS, NO_CODE, B
from features.hypotheses import Hypotheses, Shape
from features.lane import CELLS
from features.references import Rule
from features.undo import Undone
from features.weigh import own_account
from receivables.decision import DISMISSALS
from receivables.reasons import Reason

_COLUMN = {name: index for index, name in enumerate(SCHEMA)}

SHAPES = ("exact", "alike", "reduced", "partial", "named", "sum", "lines", "none")

REFERENCES = ("full", "part", "none")

PARTIES = ("known", "named", "open")

SEGMENTS = (
    *(f"{shape}/{reference}/{party}" for shape in SHAPES for reference in REFERENCES for party in PARTIES),
    *CELLS,
)
"""Kinds of evidence: how the cash is explained (alike: the customer has another open item of that balance),
how the text names the items, how the payer is known; then the cells of the deterministic lane.
"""

SHAPE_GROUP = np.full(32, SHAPES.index("partial"), np.int64)
SHAPE_GROUP[Shape.EXACT] = SHAPES.index("exact")
SHAPE_GROUP[[Shape.DISCOUNT, Shape.CHARGED, Shape.INSTALMENT]] = SHAPES.index("reduced")
SHAPE_GROUP[[Shape.NAMED_EXACT, Shape.NAMED_DISCOUNT]] = SHAPES.index("named")
SHAPE_GROUP[[Shape.SUBSET, Shape.SUBSET_DISCOUNT, Shape.WINDOW, Shape.OLDEST_FIRST]] = SHAPES.index("sum")
SHAPE_GROUP[Shape.LINES] = SHAPES.index("lines")

UNDOING = np.array([KINDS.index("return"), KINDS.index("chargeback"), KINDS.index("representment")])


@dataclass(frozen=True)
class Chosen:
    """The chosen explanation of each payment, and what its lines and pairs say together."""

    comparison: Comparison
    matrix: F32
    hypotheses: Hypotheses
    chosen: I64  # hypothesis of each payment, -1 for none

    @cached_property
    def has(self) -> B:
        """Whether an explanation was chosen."""
        return self.chosen >= 0

    @cached_property
    def shape(self) -> I64:
        """Shapes of the chosen explanations, -1 for none."""
        return self.of_hypothesis(self.hypotheses.shape, -1)

    @cached_property
    def level(self) -> F32:
        """How well the text names the item of each line, 0 where a longer mention covers the name."""
        return np.where(self.pairs("ref_covered") > 0, 0, self.pairs("ref_level"))

    def of_hypothesis(self, values: NDArray[Any], empty: int | np.integer[Any] = 0) -> NDArray[Any]:
        """Look up values of hypotheses for the chosen ones."""
        return np.where(self.has, values[np.maximum(self.chosen, 0)] if len(values) else empty, empty)

    def pairs(self, name: str) -> F32:
        """Return a feature of the pairs for each line."""
        return np.asarray(self.matrix[self.hypotheses.pair, _COLUMN[name]], np.float32)

    def lines(self, values: NDArray[Any], reduce: np.ufunc, empty: object = 0) -> NDArray[Any]:
        """Reduce line values over the chosen hypothesis of each payment."""
        out = np.full(len(self.chosen), empty, values.dtype)
        rows = np.flatnonzero(self.has)
        if len(rows):
            out[rows] = reduce.reduceat(values, self.hypotheses.first_line[:-1])[self.chosen[rows]]
        return out

    def any_line(self, values: B) -> B:
        """Tell where a line of the chosen hypothesis has something."""
        return self.lines(values, np.logical_or, False).astype(np.bool_)

    def feature(self, name: str, reduce: np.ufunc) -> NDArray[Any]:
        """Reduce a feature of the pairs over the chosen hypothesis of each payment."""
        return self.lines(self.pairs(name), reduce)


def segments(of: Chosen) -> I64:
    """Return the kind of evidence of each payment, a code into `SEGMENTS`."""
    matrix_level = of.lines(of.level, np.minimum)
    full = (
        (matrix_level >= 5)
        & (of.feature("ref_written", np.minimum) > 0)
        & (of.feature("ref_clean", np.minimum) >= 2)
        & (of.feature("ref_length", np.minimum) >= 5)
        & (of.feature("ref_share", np.maximum) <= 1)
    )
    reference = np.select([full, matrix_level >= 3], [0, 1], 2)
    known = np.maximum.reduce([
        of.feature("party_given", np.minimum), of.feature("party_account", np.minimum),
        of.feature("party_alias", np.minimum),
    ])  # fmt: skip
    party = np.select([known >= 0.5, of.feature("party_score", np.minimum) >= 0.7], [0, 1], 2)
    group = np.where(of.has, SHAPE_GROUP[np.maximum(of.shape, 0)], SHAPES.index("none"))
    # an old text of a standing order names an older item than it pays; the youngest is named only if meant
    younger, older = of.feature("younger_equal_open", np.maximum), of.feature("older_equal_open", np.maximum)
    siblings = (younger > 0) | ((older > 0) & (reference > 0))
    # so does a text that names something else, settled or open
    elsewhere = of.feature("text_stale", np.maximum) + of.feature("ref_rivals", np.maximum) > 0
    siblings |= elsewhere & (reference == REFERENCES.index("none"))
    group = np.where((group == SHAPES.index("exact")) & siblings, SHAPES.index("alike"), group)
    return np.asarray((group * len(REFERENCES) + reference) * len(PARTIES) + party, np.int64)


def kinds(c: Comparison, chosen: I64, undone: Undone) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Recognise what sort of movement each payment is, and which lines pay nothing by their kind."""
    frame, batch = c.frame, c.candidates.batch
    amount = frame.payment_amount[batch]
    about = c.texts.about
    own = own_account(c)
    out = amount < 0
    undo = (undone.original >= 0) & (chosen < 0)
    guess = np.select(
        [
            own, ~out & about("chargeback"), out & about("chargeback"), out & (undo | about("return")),
            out & ((chosen >= 0) | about("refund")), (chosen < 0) & about("transfer"), out,
        ],
        [
            KINDS.index("transfer"), KINDS.index("representment"), KINDS.index("chargeback"),
            KINDS.index("return"), KINDS.index("refund"), KINDS.index("transfer"), KINDS.index("other"),
        ],
        KINDS.index("receipt"),
    )  # fmt: skip
    stated = frame.payment_kind[batch]
    kind = np.where(stated >= 0, stated, guess).astype(np.int8)
    dismissal = np.select(
        [
            own | (kind == KINDS.index("transfer")), about("salary") & out, about("tax"),
            about("bank_fee") & out, out & (kind == KINDS.index("other")), about("interest", "income") & ~out,
        ],
        [
            DISMISSALS.index(Reason.OWN_TRANSFER), DISMISSALS.index(Reason.SALARY),
            DISMISSALS.index(Reason.TAX), DISMISSALS.index(Reason.BANK_FEE_LINE),
            DISMISSALS.index(Reason.SUPPLIER_PAYMENT), DISMISSALS.index(Reason.OTHER_INCOME),
        ],
        NO_CODE,
    ).astype(np.int8)  # fmt: skip
    dismissal = np.where(np.isin(kind, UNDOING), NO_CODE, dismissal).astype(np.int8)
    return kind, dismissal


def evidence_of(of: Chosen) -> NDArray[np.uint64]:
    """Name what speaks for each chosen explanation."""
    c, h, has, shape, level = of.comparison, of.hypotheses, of.has, of.shape, of.level
    row = c.candidates.reference_row[h.pair]
    found = c.candidates.references
    rule = (
        np.where(row >= 0, found.rule[np.maximum(row, 0)], -1)
        if len(found.rule)
        else np.full(len(h.pair), -1)
    )
    plain = level >= 3
    written = (
        np.where(row >= 0, found.written[np.maximum(row, 0)], False)
        if len(found.rule)
        else np.zeros(len(h.pair), np.bool_)
    )
    listed = rule == Rule.LISTED
    exact = plain & np.isin(rule, (Rule.NUMBER, Rule.NUMBER_WITHOUT_PREFIX)) & written
    partial = plain & np.isin(rule, (Rule.NUMBER_SERIAL, Rule.NUMBER_YEAR_SERIAL))
    repaired = (plain & ~written & ~listed) | (of.feature("ref_neighbour", np.maximum) > 0)[
        h.payment[h.owner]
    ]
    several = has & (of.lines(np.ones(len(h.pair), np.int64), np.add) > 1)
    whole = np.isin(shape, (Shape.EXACT, Shape.NAMED_EXACT, Shape.SUBSET, Shape.WINDOW))
    columns = {
        Reason.STRUCTURED_REFERENCE: of.any_line(plain & (rule == Rule.STRUCTURED)),
        Reason.REFERENCE_EXACT: of.any_line(exact),
        Reason.REFERENCE_PARTIAL: of.any_line(partial),
        Reason.REFERENCE_REPAIRED: of.any_line(repaired) & has,
        Reason.REFERENCE_LIST: of.any_line(plain & listed),
        Reason.PURCHASE_ORDER: of.any_line(plain & (rule == Rule.PURCHASE_ORDER)),
        Reason.REMITTANCE_LINES: (shape == Shape.LINES) | of.any_line(rule == Rule.LINE),
        Reason.CUSTOMER_NUMBER: has & (of.feature("party_number", np.maximum) > 0),
        Reason.CUSTOMER_GIVEN: has & (of.feature("party_given", np.maximum) > 0),
        Reason.CUSTOMER_KNOWN_ACCOUNT: has & (of.feature("party_account", np.maximum) >= 0.5),
        Reason.CUSTOMER_ALIAS: has & (of.feature("party_alias", np.maximum) >= 0.5),
        Reason.CUSTOMER_NAME: has & (of.feature("party_name", np.fmax) >= 0.8),
        Reason.CUSTOMER_PARENT: has & (of.feature("party_family", np.maximum) > 0),
        Reason.AMOUNT_EXACT: has & whole & ~several,
        Reason.AMOUNT_DISCOUNTED: np.isin(
            shape, (Shape.DISCOUNT, Shape.LATE_DISCOUNT, Shape.NAMED_DISCOUNT, Shape.SUBSET_DISCOUNT)
        ),
        Reason.AMOUNT_NET_OF_FEE: np.isin(shape, (Shape.FEE, Shape.NAMED_FEE, Shape.CHARGED)),
        Reason.AMOUNT_NET_OF_WITHHOLDING: shape == Shape.WITHHOLDING,
        Reason.AMOUNT_FX: has & (of.feature("amount_foreign", np.maximum) == 1),
        Reason.AMOUNT_INSTALMENT: shape == Shape.INSTALMENT,
        Reason.SUM_OF_ITEMS: has & whole & several,
        Reason.NET_OF_CREDIT_MEMO: several & of.any_line((c.balance < 0)[h.pair]),
        Reason.DATE_FITS_HABIT: has
        & (of.feature("history_payments", np.minimum) > 1)
        & (of.feature("habit_score", np.maximum) <= 1),
        Reason.PERIOD_NAMED: has & (of.feature("month_named", np.maximum) > 1),
        Reason.REFERENCE_TO_OTHER_ITEM: has
        & (of.feature("ref_rivals", np.maximum) > 0)
        & ~of.any_line(plain),
        Reason.REFERENCE_UNEXPLAINED: has
        & (of.feature("text_unexplained", np.maximum) > 0)
        & ~of.any_line(plain),
    }
    return evidence_mask(columns, len(has))
