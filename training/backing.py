"""Which labels of a history may back a certificate, and the certificate they back."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow.compute as pc

from features.book import Book
from features.evidence import SEGMENTS
from features.frame import F64, B, Frame, flat
from features.state import FOREVER
from training.blocks import to_main_currency
from training.bounds import burst_near_top
from training.certify import Certificate, RiskSet, certify, supporting_rows
from training.ladder import Segments, lay_plan
from training.outcomes import Checked
from training.replay import DAY
from training.segments import fit_segments

OURSELVES = "tieout"


def support(frame: Frame) -> tuple[B, B]:
    """Return by payment whether its label may back a certificate, and whether it was truly double-checked.

    Only allocations in force count. A payment is checked when all of them are; it is the machine's when any
    of them is ours and unchecked. Other software's decisions are history like a clerk's: they stand if nobody
    reversed them.
    """
    size = frame.payment_count
    last = int(max(frame.allocation_decided.max(initial=0), frame.payment_known.max(initial=0)))
    known = (frame.allocation_payment >= 0) & (frame.allocation_item >= 0)
    in_force = known & (frame.allocation_reversed == FOREVER)
    looked_at = np.asarray(pc.is_valid(flat(frame.book.allocations["checked_by"])))
    ours = _ours(frame.book)

    def count(rows: B) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.bincount(frame.allocation_payment[rows], minlength=size).astype(np.int64)

    standing = count(in_force)
    checked = (standing > 0) & (count(in_force & looked_at) == standing)
    machine = count(in_force & ours & ~looked_at) > 0
    gone = (standing == 0) & (count(known) > 0) & (frame.payment_resolution < 0)
    since = frame.payment_known.copy()
    np.maximum.at(since, frame.allocation_payment[in_force], frame.allocation_decided[in_force])
    undone = known & ~in_force
    np.maximum.at(since, frame.allocation_payment[undone], frame.allocation_reversed[undone])
    return supporting_rows(checked, machine, gone, (last - since) / DAY), checked


def _ours(book: Book) -> B:
    """Tell which allocations this software decided."""
    said = np.zeros(book.allocations.num_rows, np.bool_)
    for column in ("decided_by", "source"):
        word = pc.utf8_lower(pc.fill_null(flat(book.allocations[column]), ""))
        said |= np.asarray(pc.starts_with(word, OURSELVES))
    return said


def certificate(
    frame: Frame, calibration: Checked, certification: Checked, weight: F64 | None = None
) -> Certificate:
    """Lay the order of tests on the calibration block and walk it on the certification block.

    ``weight``: what each payment of the book stands for, where only a sample was looked at.
    """
    backed, double = support(frame)
    low = calibration.closes
    names = np.asarray(SEGMENTS)
    segments = Segments()
    if low.any():
        # Kinds of evidence differ in how honest they are; small ones stand at the common threshold.
        segments = fit_segments(
            calibration.confidence[low],
            ~calibration.wrong[low],
            names[calibration.segment[low]].tolist(),
            unlisted=0.0,
        )
    rows = certification.closes & backed[certification.payment]
    payment = certification.payment[rows]
    if low.any():
        knob = segments.knob_of(calibration.confidence[low], names[calibration.segment[low]].tolist())
        plan = lay_plan(
            knob,
            int(rows.sum()),
            burst=burst_near_top(calibration.wrong[low], calibration.customer[low], knob),
            segments=segments,
            calibration_wrong=calibration.wrong[low],
        )
    else:
        kinds = names[certification.segment[rows]].tolist()
        plan = lay_plan(segments.knob_of(certification.confidence[rows], kinds), int(rows.sum()), burst=1.0)
    risk = RiskSet(
        confidence=certification.confidence[rows],
        is_wrong=certification.wrong[rows],
        customer=certification.customer[rows],
        segment=names[certification.segment[rows]].tolist(),
        lane=np.where(certification.in_lane[rows], "deterministic", "model").tolist(),
        is_harmful=certification.harmful[rows],
        amount_minor=to_main_currency(frame, payment),
        is_checked=double[payment],
        weight=None if weight is None or (weight[payment] == 1.0).all() else weight[payment],
    )
    last = int(frame.payment_known.max())
    return certify(risk, plan, as_of=datetime.fromtimestamp(last / 1_000_000, UTC).date())
