"""What a door knows about families: poverty, receipt, rupiah, welfare; at expected values and in joint draws."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting.definitions import denominator_parts
from kaur_analysis.targeting.engine import Setting
from kaur_analysis.targeting.inputs import (
    BLOCK,
    WIDTH,
    Array,
    Benefit,
    Draws,
    Groups,
    Receipt,
    amounts,
    blocks,
    numbers,
    partitions,
    probability,
    programme_names,
    receipts,
    weight_of,
)

ANY = "any"
LINK_DRAWS = 200  # draws of the links where nothing else is drawn


class Block(NamedTuple):
    """One block of joint draws, rows × size; receipt by programme may have one column where it is known."""

    size: int
    poor: Array
    welfare: Array | None
    received: Mapping[str, Array]


@dataclass(frozen=True)
class Uncertainty:
    """Joint draws a door was given; see :func:`kaur_analysis.targeting.targeting_measures`."""

    poor: Draws | None = None
    received: Mapping[str, Array] | None = None
    welfare: Draws | None = None
    seed: int = 0

    @property
    def is_given(self) -> bool:
        """Whether any draws were handed over."""
        return any(given is not None for given in (self.poor, self.received, self.welfare))


@dataclass(frozen=True)
class Evidence:
    """The checked columns of one table of families; ``poor`` is zero everywhere where a door does not ask for it.

    ``has_any`` where the last receipt is that of at least one of the others, and not a programme of that name.
    """

    setting: Setting
    poor: Array
    receipts: tuple[Receipt, ...]
    amounts: Mapping[str, Array | None]
    welfare: Array | None
    has_any: bool = False

    def expected(self) -> Block:
        """Expected values as a block of one column."""
        welfare = None if self.welfare is None else self.welfare[:, None]
        return Block(1, self.poor[:, None], welfare, {r.programme: r.expected[:, None] for r in self.receipts})

    def uncertain_links(self) -> frozenset[str]:
        """Programmes with a link that is not known."""
        return frozenset(receipt.programme for receipt in self.receipts if not receipt.is_certain)

    def dependent_links(self, given: Uncertainty) -> frozenset[str]:
        """Programmes whose uncertain links were drawn by the caller and so may depend on poverty or on each other.

        Their expected totals are means over the joint draws; links drawn here are independent, and totals of expected
        values are exact.
        """
        return self.uncertain_links() if given.received is not None else frozenset()

    def recipients(self, given: Uncertainty) -> dict[str, NDArray[np.intp]]:
        """Rows of the families that may receive each programme: nobody else adds to what its recipients add up to."""
        found: dict[str, Array] = {}
        for receipt in self.receipts:
            may = receipt.expected > 0
            if receipt.programme == ANY and self.has_any:
                may = np.any([may, *found.values()], axis=0)
            elif given.received is not None and receipt.programme in given.received:
                drawn = np.asarray(given.received[receipt.programme])
                may = may | (drawn.reshape(len(drawn), -1) != 0).any(axis=1)
            found[receipt.programme] = may
        return {programme: np.flatnonzero(may) for programme, may in found.items()}

    def joint_draws(self, given: Uncertainty) -> Iterator[Block]:
        """Blocks of joint draws of poverty, welfare and receipt; none where nothing is uncertain or drawn."""
        generators = {receipt.programme: receipt.generator(given.seed) for receipt in self.receipts}
        start = 0
        for poor, welfare in self._poverty_blocks(given):
            size = poor.shape[1]
            received = self._receipt_block(given.received, generators, start, size)
            start += size
            for first in range(0, size, WIDTH):  # what is summed at once is small; what is drawn at once never changes
                yield _cut(poor, welfare, received, slice(first, min(first + WIDTH, size)))

    def _poverty_blocks(self, given: Uncertainty) -> Iterator[tuple[Array, Array | None]]:
        rows = len(self.poor)
        if given.poor is not None and given.welfare is not None:
            for poor, welfare in zip(blocks(given.poor, rows), blocks(given.welfare, rows), strict=True):
                if poor.shape != welfare.shape:
                    raise EstimationError("Tarikan kemiskinan dan kesejahteraan harus sama banyaknya.")
                yield poor, welfare
        elif given.poor is not None:
            for poor in blocks(given.poor, rows):
                yield poor, None
        elif not np.isin(self.poor, (0.0, 1.0)).all():
            if given.is_given:
                raise EstimationError("Peluang miskin memerlukan tarikan kemiskinan agar selangnya lengkap.")
        elif given.welfare is not None:
            for welfare in blocks(given.welfare, rows):
                yield np.repeat(self.poor[:, None], welfare.shape[1], axis=1), welfare
        else:
            # Poverty is known (a desil): what is left is the uncertainty of the links.
            widths = [np.shape(drawn)[1] for drawn in (given.received or {}).values() if np.ndim(drawn) == 2]
            count = max(widths, default=LINK_DRAWS if self.uncertain_links() else 0)
            for start in range(0, count, BLOCK):
                yield np.repeat(self.poor[:, None], min(BLOCK, count - start), axis=1), None

    def _receipt_block(
        self,
        given: Mapping[str, Array] | None,
        generators: Mapping[str, np.random.Generator],
        start: int,
        size: int,
    ) -> dict[str, Array]:
        """Receipt of every programme; the last, ``any``, follows from the others."""
        drawn: dict[str, Array] = {}
        for receipt in self.receipts:
            if receipt.programme == ANY and self.has_any:
                together = list(drawn.values())
                drawn[ANY] = together[0]
                for other in together[1:]:
                    drawn[ANY] = np.maximum(drawn[ANY], other)
            elif given is not None and receipt.programme in given:
                whole = np.asarray(given[receipt.programme])
                block = whole[:, start : start + size] if whole.ndim == 2 else whole[:, None]
                if block.shape[0] != len(self.poor) or block.shape[1] not in (1, size):
                    raise EstimationError(
                        f"Tarikan penerimaan '{receipt.programme}' tidak seukuran dengan tarikan lain."
                    )
                if block.dtype != bool and not np.isin(block, (0, 1)).all():
                    raise EstimationError(f"Tarikan penerimaan '{receipt.programme}' harus 0 atau 1, bukan peluang.")
                drawn[receipt.programme] = block.astype(float)
            else:
                drawn[receipt.programme] = receipt.draw(generators[receipt.programme], size)
        return drawn

    def counts(self, groups: Groups, programme: str) -> dict[str, Array]:
        """Unweighted expected number of families behind each kind of denominator, per class."""
        present = (self.setting.weights > 0).astype(float)
        return {
            kind: np.bincount(groups.codes, present * of_kind, minlength=groups.size)
            for kind, of_kind in self.families(programme).items()
        }

    def families(self, programme: str) -> dict[str, Array]:
        """How much of each family is expected to be of each kind that a denominator may count, 0 to 1."""
        received = next(receipt.expected for receipt in self.receipts if receipt.programme == programme)
        return {
            "population": np.ones(len(self.poor)),
            "poor": self.poor,
            "nonpoor": 1 - self.poor,
            "recipients": received,
            "nonrecipients": 1 - received,
            "missed_poor": self.poor * (1 - received),
            "included_nonpoor": (1 - self.poor) * received,
        }

    def behind(self, programme: str, measure: str, place: int = 0) -> list[Array]:
        """Families that a measure of a programme rests on, one column per kind that it compares; in all partitions."""
        families = self.families(programme)
        return [families[kind] > 0 for kind in denominator_parts(measure)]


def _cut(poor: Array, welfare: Array | None, received: Mapping[str, Array], part: slice) -> Block:
    """Some draws of a block, as numbers; in rows, as all sums go through them, whatever the order they came in."""
    cut = {
        name: (drawn[:, part] if drawn.shape[1] > 1 else drawn).astype(float, order="C")
        for name, drawn in received.items()
    }
    now = None if welfare is None else welfare[:, part]
    return Block(part.stop - part.start, poor[:, part].astype(float, order="C"), now, cut)


def read_evidence(
    frame: pd.DataFrame,
    poor: str | None,
    received: str | Sequence[str],
    weights: str | None = None,
    benefit: Benefit = None,
    welfare: str | None = None,
    by: str | None = None,
    design: SurveyDesign | None = None,
    given: Uncertainty | None = None,
    confidence: float = 0.95,
    *,
    with_any: bool = True,
) -> Evidence:
    """Check the columns a door was called with; where there are several programmes, add ``any`` (at least one)."""
    if frame.empty:
        raise EstimationError("Tabel keluarga kosong.")
    if design is not None and given is not None and given.is_given:
        raise EstimationError("Jalur survei (desain) dan jalur daftar (tarikan) tidak boleh dicampur.")
    if design is not None and len(design.data) != len(frame):
        raise EstimationError("Tabel harus sama baris demi baris dengan data desain survei.")
    if design is not None and weights not in (None, design.weights):
        raise EstimationError("Penimbang tabel berbeda dari penimbang desain survei.")
    if not 0 < confidence < 1:
        raise EstimationError("Tingkat kepercayaan harus di antara 0 dan 1.")
    names = programme_names(received)
    lists = receipts(frame, names)
    rupiah = amounts(frame, names, benefit)
    has_any = len(names) > 1 and with_any
    if has_any:
        if ANY in names:
            raise EstimationError(f"Nama program '{ANY}' dipakai untuk 'paling sedikit satu program'.")
        reached = 1.0 - np.prod([1.0 - receipt.expected for receipt in lists], axis=0)
        known = [receipt.expected * amount for receipt in lists if (amount := rupiah[receipt.programme]) is not None]
        lists.append(Receipt(ANY, reached))
        rupiah[ANY] = None
        if len(known) == len(names):
            rupiah[ANY] = np.divide(np.sum(known, axis=0), reached, out=np.zeros(len(frame)), where=reached > 0)
    return Evidence(
        setting=Setting(
            weights=design.weight if design is not None else weight_of(frame, weights),
            partitions=tuple(partitions(frame, by)),
            design=design,
            confidence=confidence,
        ),
        poor=np.zeros(len(frame)) if poor is None else probability(frame, poor),
        receipts=tuple(lists),
        amounts=rupiah,
        welfare=None if welfare is None else numbers(frame, welfare),
        has_any=has_any,
    )
