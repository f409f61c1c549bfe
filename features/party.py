"""Who paid: from a payment's name, account, numbers and past habits to a short list of customers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features import names
from features.frame import F64, I32, I64, NO_CODE, Frame, codes, flat, integers, vocabulary_of
from features.join import equijoin, expand, group_starts, lookup
from features.likeness import Likeness
from features.sorting import counted, distinct, order_by
from features.state import State
from features.text import U64, ascii_upper, mix, span_text

F32 = NDArray[np.float32]

NAME_KEY_CAP = 60  # customers that may share a name key before it tells nothing
NAMES_PER_PAYER = 5
MIN_NAME_SCORE = 0.60
ACCOUNT_CAP = 12


def normalise_accounts(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return account numbers in upper case without blanks and punctuation; empty becomes null."""
    bare = pc.replace_substring_regex(pc.ascii_upper(pc.fill_null(flat(column), "")), "[^0-9A-Z]", "")
    return pc.if_else(pc.equal(bare, ""), pa.scalar(None, bare.type), bare)


@dataclass(frozen=True)
class Parties:
    """The names and accounts of a book, normalised once (functions of single strings, so nothing leaks)."""

    frame: Frame
    likeness: dict[int, Likeness] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def payer_names(self) -> pa.Array:
        """Distinct payer names, sorted."""
        return vocabulary_of(self.frame.book.payments["payer_name"])

    @cached_property
    def payer_normal(self) -> list[names.Name]:
        """Normal forms of the distinct payer names."""
        return names.normalise_column(self.payer_names)

    @cached_property
    def _normal_codes(self) -> tuple[I32, list[str], list[int]]:
        texts = [name.text for name in self.payer_normal]
        distinct = sorted(set(texts))
        position = {text: index for index, text in enumerate(distinct)}
        of_raw = np.array([position[text] for text in texts], np.int32)
        example = [0] * len(distinct)
        for index in range(len(texts) - 1, -1, -1):
            example[of_raw[index]] = index
        return of_raw, distinct, example

    @cached_property
    def payer_texts(self) -> list[str]:
        """Distinct normal forms of payer names."""
        return self._normal_codes[1]

    @cached_property
    def payer_of_payment(self) -> I32:
        """Normal-form code of each payment's payer, `NO_CODE` where no name is given."""
        raw = codes(self.frame.book.payments["payer_name"], self.payer_names)
        table = np.append(self._normal_codes[0], NO_CODE).astype(np.int32)
        out = table[raw]
        empty = np.array([text == "" for text in self.payer_texts] + [True])
        return np.where(empty[out], NO_CODE, out).astype(np.int32)

    @cached_property
    def payer_keys(self) -> tuple[I32, U64]:
        """(payer code, name key hash), one row a key."""
        normal = self.payer_normal
        return _key_rows([normal[index] for index in self._normal_codes[2]])

    @cached_property
    def accounts(self) -> pa.Array:
        """Distinct account numbers of payers and customers."""
        book = self.frame.book
        return vocabulary_of(
            normalise_accounts(book.payments["payer_account"]),
            normalise_accounts(book.customer_accounts["account"]),
        )

    @cached_property
    def account_of_payment(self) -> I32:
        """Account code of each payment's payer."""
        return codes(normalise_accounts(self.frame.book.payments["payer_account"]), self.accounts)

    @cached_property
    def own_accounts(self) -> pa.Array:
        """Our own account numbers."""
        return vocabulary_of(normalise_accounts(self.frame.book.own_accounts["account"]))

    @cached_property
    def customer_names(self) -> tuple[I32, list[names.Name], I64]:
        """(customer code, normal form, known_at) of every name and alias that a customer goes by."""
        book, frame = self.frame.book, self.frame
        who: list[NDArray[np.int32]] = []
        what: list[pa.Array] = []
        when: list[I64] = []
        if book.customers.num_rows:
            code = codes(book.customers["customer_id"], frame.customers)
            known = integers(book.customers["known_at"], 0)
            who.append(code)
            what.append(flat(book.customers["name"]).cast(pa.string()))
            when.append(known)
            aliases = pc.split_pattern(pc.fill_null(flat(book.customers["aliases"]), ""), ";")
            parents = np.asarray(pc.list_parent_indices(aliases))
            who.append(code[parents])
            what.append(pc.utf8_trim_whitespace(pc.list_flatten(aliases)).cast(pa.string()))
            when.append(known[parents])
        named = flat(book.invoices["customer_name"])
        if named.null_count < len(named):
            table = pa.table({"c": frame.item_customer, "n": named, "k": frame.item_known})
            first = table.group_by(["c", "n"], use_threads=False).aggregate([("k", "min")])
            who.append(np.asarray(first["c"]).astype(np.int32))
            what.append(flat(first["n"]).cast(pa.string()))
            when.append(np.asarray(first["k_min"]))
        if not who:
            return np.zeros(0, np.int32), [], np.zeros(0, np.int64)
        text = pa.concat_arrays(what)
        good = np.asarray(pc.fill_null(pc.greater(pc.utf8_length(text), 0), False))
        code_all, known_all = np.concatenate(who)[good], np.concatenate(when)[good]
        distinct = vocabulary_of(text)
        normal = names.normalise_column(distinct)
        index = codes(text.filter(pa.array(good)), distinct)
        packed = code_all.astype(np.int64) * len(distinct) + index
        order = order_by(packed, known_all)
        pick = order[group_starts(packed[order])]
        return code_all[pick], [normal[i] for i in index[pick]], known_all[pick]

    @cached_property
    def customer_keys(self) -> tuple[I32, U64]:
        """(row of `customer_names`, name key hash)."""
        return _key_rows(self.customer_names[1])

    @cached_property
    def number_keys(self) -> tuple[I32, U64]:
        """(customer code, folded hash) of customer numbers and ids that could stand in a text."""
        book, frame = self.frame.book, self.frame
        parts: list[tuple[I32, pa.Array]] = [
            (np.arange(len(frame.customers), dtype=np.int32), frame.customers)
        ]
        if book.customers.num_rows:
            parts.append(
                (
                    codes(book.customers["customer_id"], frame.customers),
                    flat(book.customers["customer_number"]),
                )
            )
        who: list[I32] = []
        keys: list[U64] = []
        for code, column in parts:
            text = span_text(column)
            first, last = text.row_first_atom[:-1], text.row_first_atom[1:] - 1
            rows = np.flatnonzero(last >= first)
            start, end = text.atom_start[first[rows]], text.atom_end[last[rows]]
            digits = np.add.accumulate(np.append(0, text.atom_is_digit))
            has_digit = digits[text.row_first_atom[1:]][rows] > digits[first[rows]]
            for begin in (start, text.skip_zeros(start, end)):
                fits = has_digit & (end - begin >= 4)
                who.append(code[rows[fits]])
                keys.append(mix(text.folded_hash(begin[fits], end[fits])))
        row = np.dtype([("key", np.uint64), ("who", np.int32)])
        packed = np.unique(np.rec.fromarrays([np.concatenate(keys), np.concatenate(who)], dtype=row))
        return packed["who"].astype(np.int32), packed["key"].astype(np.uint64)


def _key_rows(normal: list[names.Name]) -> tuple[I32, U64]:
    keys = [names.name_keys(name) for name in normal]
    count = np.array([len(k) for k in keys], np.int64)
    flat_keys = [key for some in keys for key in some]
    distinct = sorted(set(flat_keys))
    hashes = dict(zip(distinct, names.key_hashes(distinct).tolist(), strict=True))
    hashed = np.array([hashes[key] for key in flat_keys], np.uint64)
    return np.repeat(np.arange(len(normal), dtype=np.int32), count), hashed


@dataclass(frozen=True)
class PartyTable:
    """Customers that may stand behind payments: one row a (payment, customer), ordered by both.

    ``payment`` counts within the batch. Shares are of the payments of the past that had this account or name.
    """

    payment: I32
    customer: I32
    given: NDArray[np.bool_]  # the source said so
    account: F32  # share of this account's past with this customer; 1 for an account on file
    alias: F32  # share of this name's past with this customer
    alias_count: F32
    name: F32  # best similarity to a name on file, NaN when not compared
    number: NDArray[np.bool_]  # the customer number stands in the text
    family: NDArray[np.bool_]  # reached through a parent or child company

    def score(self) -> F32:
        """How likely each customer stands behind its payment, 0 to 1, by the best of all evidence."""
        best = np.maximum.reduce([
            self.given * np.float32(1.0), self.account * np.float32(0.98), self.alias * np.float32(0.95),
            self.number * np.float32(0.9), np.nan_to_num(self.name) * np.float32(0.9),
        ])  # fmt: skip
        return np.asarray(best, np.float32)

    def find(self, payment: I32, customer: I32, customers: int) -> tuple[I64, NDArray[np.bool_]]:
        """Find rows by (payment, customer)."""
        packed = self.payment.astype(np.int64) * customers + self.customer
        return lookup(payment.astype(np.int64) * customers + customer, packed)


@dataclass(frozen=True)
class PartyIndex:
    """The party knowledge of one instant."""

    parties: Parties
    state: State

    @cached_property
    def accounts(self) -> tuple[I32, I32, F32]:
        """(account, customer, share), ordered by account."""
        frame = self.parties.frame
        book = frame.book
        acc = codes(normalise_accounts(book.customer_accounts["account"]), self.parties.accounts)
        cus = codes(book.customer_accounts["customer_id"], frame.customers)
        known = integers(book.customer_accounts["known_at"], 0) <= self.state.known_until
        fine = (acc >= 0) & (cus >= 0) & known
        learned = self._learned(self.parties.account_of_payment)
        account = np.concatenate([acc[fine], learned[0]])
        customer = np.concatenate([cus[fine], learned[1]])
        share = np.concatenate([np.ones(int(fine.sum()), np.float32), learned[2]])
        return _strongest(account, customer, share, len(frame.customers))

    def _learned(self, attribute: I32) -> tuple[I32, I32, F32, F32]:
        """Return (attribute code, customer, share of its payments, how many) from past allocations."""
        frame, state = self.parties.frame, self.state
        value = attribute[state.history_payment]
        customer = frame.item_customer[state.history_item]
        fine = value >= 0
        size = len(frame.customers)
        # one vote a payment and customer
        votes = np.unique(
            (value[fine].astype(np.int64) * size + customer[fine]) * frame.payment_count
            + state.history_payment[fine]
        )
        pair, count = np.unique(votes // frame.payment_count, return_counts=True)
        code = (pair // size).astype(np.int32)
        total = np.zeros(int(code.max()) + 1 if len(code) else 0, np.int64)
        np.add.at(total, code, count)
        share = count / np.maximum(total[code], 1)
        return code, (pair % size).astype(np.int32), share.astype(np.float32), count.astype(np.float32)

    @cached_property
    def aliases(self) -> tuple[I32, I32, F32, F32]:
        """(payer name, customer, share, count), ordered by payer name."""
        return self._learned(self.parties.payer_of_payment)

    @cached_property
    def _name_keys(self) -> tuple[I32, U64]:
        row, key = self.parties.customer_keys
        known = self.parties.customer_names[2] <= self.state.known_until
        fine = known[row] & self.state.visible_customers[self.parties.customer_names[0][row]]
        row, key = row[fine], key[fine]
        order = np.argsort(key, kind="stable")
        starts = group_starts(key[order])
        size = np.diff(np.append(starts, len(order)))
        rare = np.repeat(size <= NAME_KEY_CAP, size)
        return row[order][rare], key[order][rare]

    def similar_customers(self, payers: I32, threads: int) -> tuple[I32, I32, F32]:
        """Return (payer code, customer, similarity): the few customers named most like each payer.

        ``payers``: distinct and sorted. What was found for the same instant is not searched again.
        """
        kept = self.parties.likeness.get(self.state.known_until)
        if kept is None:
            self.parties.likeness.clear()  # an instant that is over does not come back
            kept = Likeness.nothing(len(self.parties.payer_texts))
        fresh = payers[~kept.searched[payers]]
        if len(fresh):
            kept = kept.joined(fresh, *self._search(fresh, threads))
            self.parties.likeness[self.state.known_until] = kept
        rows = np.flatnonzero(np.isin(kept.payer, payers))
        return kept.payer[rows], kept.customer[rows], kept.score[rows]

    def _search(self, payers: I32, threads: int) -> tuple[I32, I32, F32]:
        """Search the customers named most like each payer."""
        payer, key = self.parties.payer_keys
        wanted = np.zeros(len(self.parties.payer_texts) + 1, np.bool_)
        wanted[payers] = True
        fine = wanted[payer]
        payer, key = payer[fine], key[fine]
        row, row_key = self._name_keys
        left, right = equijoin(key, row_key, threads)
        size = len(self.parties.customer_names[1])
        pairs, hits = counted(payer[left].astype(np.int64) * max(size, 1) + row[right])
        who, name_row = pairs // max(size, 1), pairs % max(size, 1)
        keep = _top(who, hits.astype(np.float64), 24)
        who, name_row = who[keep], name_row[keep]
        texts = [name.text for name in self.parties.customer_names[1]]
        score = names.similarity(
            [self.parties.payer_texts[i] for i in who.tolist()],
            [texts[i] for i in name_row.tolist()],
            threads,
        )
        good = score >= MIN_NAME_SCORE
        customer = self.parties.customer_names[0][name_row[good]]
        out = _strongest(who[good].astype(np.int32), customer, score[good], len(self.parties.frame.customers))
        best = _top(out[0].astype(np.int64), out[2].astype(np.float64), NAMES_PER_PAYER)
        return out[0][best], out[1][best], out[2][best]


def _strongest(code: I32, customer: I32, value: F32, size: int) -> tuple[I32, I32, F32]:
    """Keep the largest value of each (code, customer), ordered by both."""
    packed = code.astype(np.int64) * max(size, 1) + customer
    order = order_by(packed, -value)
    pick = order[group_starts(packed[order])]
    return code[pick], customer[pick], value[pick]


def _top(group: I64, value: F64, count: int) -> I64:
    """Return the rows of the ``count`` largest values of each group, ordered by group, value falling, row."""
    order = order_by(group, -value)
    starts = group_starts(group[order])
    size = np.diff(np.append(starts, len(order)))
    rank = np.arange(len(order)) - np.repeat(starts, size)
    return order[rank < count]


def _spread(batch_code: I32, table_code: I32) -> tuple[I64, I64]:
    """Join batch rows to a table ordered by code: (batch row, table row)."""
    low = np.searchsorted(table_code, batch_code)
    high = np.searchsorted(table_code, batch_code, side="right")
    count = np.where(batch_code >= 0, high - low, 0)
    return expand(low, count)


def find_parties(index: PartyIndex, batch: I32, numbers: tuple[I32, I32], threads: int = 2) -> PartyTable:
    """List the customers that may stand behind the payments of a batch.

    ``batch``: payment rows. ``numbers``: (batch position, customer) of customer numbers found in the texts.
    """
    frame = index.parties.frame
    size = max(len(frame.customers), 1)
    given_code = frame.payment_customer[batch]
    given_at = np.flatnonzero(given_code >= 0)
    account = index.parties.account_of_payment[batch]
    table = index.accounts
    acc_row, acc_at = _spread(account, table[0])
    if len(acc_at):
        strong = _top(acc_row, table[2][acc_at].astype(np.float64), ACCOUNT_CAP)
        acc_row, acc_at = acc_row[strong], acc_at[strong]
    payer = index.parties.payer_of_payment[batch]
    ali = index.aliases
    ali_row, ali_at = _spread(payer, ali[0])
    if len(ali_at):
        strong = _top(ali_row, ali[3][ali_at].astype(np.float64), ACCOUNT_CAP)
        ali_row, ali_at = ali_row[strong], ali_at[strong]
    sim = index.similar_customers(distinct(payer[payer >= 0]), threads)
    sim_row, sim_at = _spread(payer, sim[0])

    rows = np.concatenate([given_at, acc_row, ali_row, sim_row, numbers[0].astype(np.int64)])
    who = np.concatenate([given_code[given_at], table[1][acc_at], ali[1][ali_at], sim[1][sim_at], numbers[1]])
    found = distinct(rows * size + who)
    packed = distinct(np.concatenate([found, _family(index, found, size)]))
    count = len(packed)

    def scatter(row: I64, customer: I32, value: NDArray[np.generic], empty: float) -> F32:
        out = np.full(count, empty, np.float32)
        out[np.searchsorted(packed, row * size + customer)] = value
        return out

    _, direct = lookup(packed, found)
    return PartyTable(
        payment=(packed // size).astype(np.int32),
        customer=(packed % size).astype(np.int32),
        given=scatter(given_at, given_code[given_at], np.ones(len(given_at)), 0) > 0,
        account=scatter(acc_row, table[1][acc_at], table[2][acc_at], 0),
        alias=scatter(ali_row, ali[1][ali_at], ali[2][ali_at], 0),
        alias_count=scatter(ali_row, ali[1][ali_at], ali[3][ali_at], 0),
        name=scatter(sim_row, sim[1][sim_at], sim[2][sim_at], np.nan),
        number=scatter(numbers[0].astype(np.int64), numbers[1], np.ones(len(numbers[0])), 0) > 0,
        family=~direct,
    )


def _family(index: PartyIndex, packed: I64, size: int) -> I64:
    """Return (payment, customer) rows reached from found customers through parents and children."""
    frame = index.parties.frame
    customers = frame.book.customers
    if customers.num_rows == 0 or flat(customers["parent_id"]).null_count == customers.num_rows:
        return np.zeros(0, np.int64)
    child = codes(customers["customer_id"], frame.customers)
    parent = codes(customers["parent_id"], frame.customers)
    known = integers(customers["known_at"], 0) <= index.state.known_until
    fine = (parent >= 0) & (child >= 0) & known
    child, parent = child[fine], parent[fine]
    source = np.concatenate([parent, child])
    target = np.concatenate([child, parent])
    order = np.lexsort((target, source))
    source, target = source[order], target[order]
    row, at = _spread((packed % size).astype(np.int32), source)
    return np.asarray((packed[row] // size) * size + target[at], np.int64)


def name_similarity(parties: Parties, until: int, payer: I32, customer: I32, threads: int = 2) -> F32:
    """Return the best similarity of payers' names to any name of customers, pair by pair; NaN without a name.

    ``until``: names that became known later do not count; ``payer``: normal-form codes; ``customer``:
    customer codes; both shape (n,).
    """
    size = max(len(parties.frame.customers), 1)
    out = np.full(len(payer), np.nan, np.float32)
    fine = np.flatnonzero(payer >= 0)
    asked = payer[fine].astype(np.int64) * size + customer[fine]
    pairs = distinct(asked)
    who, normal, known = parties.customer_names
    order = np.argsort(who, kind="stable")
    order = order[known[order] <= until]
    row, at = _spread((pairs % size).astype(np.int32), who[order])
    texts = [name.text for name in normal]
    score = names.similarity(
        [parties.payer_texts[i] for i in (pairs[row] // size).tolist()],
        [texts[i] for i in order[at].tolist()],
        threads,
    )
    best = np.full(len(pairs), np.nan, np.float32)
    np.fmax.at(best, row, score)
    out[fine] = best[np.searchsorted(pairs, asked)]
    return out


def upper(texts: pa.Array) -> list[str]:
    """Return folded texts as Python strings."""
    return list(ascii_upper(texts).to_pylist())
