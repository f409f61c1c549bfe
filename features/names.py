"""Company and person names as bank statements mangle them.

One normal form: upper-case ASCII words without punctuation, umlauts in both customary spellings folded
together (MUELLER and MULLER become MULLER), legal forms and titles apart from the words that tell parties
apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Prefix

from features.text import ascii_upper, hash_strings, mix

_WORD = re.compile(r"[A-Z0-9]+")
_SPACED_INITIALS = re.compile(r"\b(?:[A-Z][. ]){2,}(?=\W|$)")

# Legal forms of the trade registers of Europe, America and Asia, as they survive upper-casing and lost dots.
LEGAL_FORMS = frozenset(
    """
    AB ABP AG AKTIENGESELLSCHAFT AKTIEBOLAG ANPARTSSELSKAB APS AS ASA ASBL BHD BV BVBA CIA CO COMPANY CORP
    CORPORATION CV DBA DOO EG EI EIRL EK EURL EV FZ FZE GBR GESELLSCHAFT GIE GMBH HF IKE INC INCORPORATED
    KABUSHIKI KAISHA KFT KG KGAA KK KS LDA LIMITADA LIMITED LLC LLLP LLP LP LTD LTDA MBB MBH NV OE OG OHG OOO
    OU OY OYJ PARTGMBB PC PCL PLC PRIVATE PT PTE PTY PUBLIC PVT RT SA SAPI SARL SAS SASU SC SCA SCE SCOP SCS
    SDN SE SL SLU SNC SP SPA SPJ SPK SPOL SPRL SRL SRO STIFTUNG TBK TNC UAB UG ULC VOF VZW YK ZOO ZRT
    HAFTUNGSBESCHRANKT
    """.split()
)
_FILLERS = frozenset(
    "AND UND ET E Y EN OF THE DER DIE DAS DE LA LE LES DEL DI DA VAN DEN VON O I THIRD PARTY".split()
)
_TITLES = frozenset("MR MRS MS DR PROF HERR FRAU HR FR MONSIEUR MADAME MME SIG DIPL ING DOTT SR SRA".split())
_UMLAUTS = (("AE", "A"), ("OE", "O"), ("UE", "U"))


@dataclass(frozen=True, slots=True)
class Name:
    """One normalised name: ``words`` tell parties apart, ``forms`` are legal forms, ``text`` joins words."""

    words: tuple[str, ...]
    forms: tuple[str, ...]
    text: str


def fold_word(word: str) -> str:
    """Fold the two spellings of an umlaut together."""
    for long, short in _UMLAUTS:
        if long in word:
            word = word.replace(long, short)
    return word


def normalise(upper_ascii: str) -> Name:
    """Normalise a name that `ascii_upper` has folded."""
    text = upper_ascii.replace(".", " ") if "." in upper_ascii else upper_ascii
    joined = _SPACED_INITIALS.sub(lambda m: m.group(0).replace(" ", "").replace(".", "") + " ", text)
    found = _WORD.findall(joined)
    words = [
        fold_word(word)
        for word in found
        if word not in LEGAL_FORMS and word not in _FILLERS and word not in _TITLES
    ]
    forms = tuple(word for word in found if word in LEGAL_FORMS)
    if not words:
        words = [fold_word(word) for word in found]
    return Name(tuple(words), forms, " ".join(words))


def normalise_column(names: pa.Array) -> list[Name]:
    """Normalise a column of distinct names."""
    return [normalise(text) for text in ascii_upper(names).to_pylist()]


def name_keys(name: Name) -> list[str]:
    """Return the blocking keys of a name: words, adjacent pairs, truncation-proof beginnings."""
    keys = {word for word in name.words if len(word) >= 3}
    squeezed = "".join(name.words)
    if len(squeezed) >= 6:
        keys.add("^" + squeezed[:6])
        keys.add("=" + squeezed[:12])
    if not keys and name.words:
        keys.add("=" + squeezed)
    if len(name.words) > 1:
        keys.add("&" + "".join(sorted(name.words))[:16])
        keys.update("+" + a + b for a, b in zip(name.words, name.words[1:], strict=False))
    return sorted(keys)


def key_hashes(keys: list[str]) -> NDArray[np.uint64]:
    """Hash name keys into the namespace of names."""
    marks = str.maketrans({"^": "Q1", "=": "Q2", "&": "Q3", "+": "Q4"})
    return mix(hash_strings([key.translate(marks) for key in keys]), salt=77)


def _lengths(texts: list[str]) -> NDArray[np.int64]:
    return np.fromiter(map(len, texts), np.int64, len(texts))


def similarity(left: list[str], right: list[str], threads: int = 1) -> NDArray[np.float32]:
    """Compare names pairwise: 0 (nothing alike) to 1 (the same words), robust to word order and truncation.

    The mean of token-sort and token-set ratios, raised to the partial ratio when the shorter text is a
    beginning of the longer one (a bank's field was full).
    """
    if not left:
        return np.zeros(0, np.float32)
    sort_ratio = process.cpdist(left, right, scorer=fuzz.token_sort_ratio, workers=threads, dtype=np.float32)
    set_ratio = process.cpdist(left, right, scorer=fuzz.token_set_ratio, workers=threads, dtype=np.float32)
    score = (sort_ratio + set_ratio) / np.float32(200)
    shared = process.cpdist(left, right, scorer=Prefix.similarity, workers=threads, dtype=np.int32)
    shorter = np.minimum(_lengths(left), _lengths(right))
    begins = shared == shorter
    score = np.where(begins & (shorter >= 8), np.maximum(score, np.float32(0.93)), score)
    return np.asarray(score, np.float32)
