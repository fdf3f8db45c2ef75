"""The mix of programmes that would bring extreme poverty to nought: its cost, who pays it, and what it leaves."""

from dataclasses import dataclass

from kaur_analysis.formats import rupiah_short
from kaur_analysis.reference.catalogue import FUND_NAMES
from kaur_analysis.reporting.facts import Facts
from kaur_analysis.reporting.figures import Figure, PublishedTable

COVERAGES = ("0.8", "0.95")  # shares of the extremely poor reached by a list of probabilities, as pages print them


@dataclass(frozen=True)
class Package:
    """The mix in one place.

    Attributes
    ----------
    cost
        Rupiah of a year if it is known exactly who is extremely poor.
    lifted
        Expected families that the mix brings above the line.
    uncovered
        Rupiah of the gap that it leaves.
    by_list
        Share of the extremely poor → rupiah to reach it when families are served in the order of their probability.
    funds
        Name of a source of funds → its rupiah; empty where a part of them is not shown.
    unlisted
        Rupiah through programmes whose list of recipients is not held.
    """

    cost: Figure
    lifted: Figure
    uncovered: Figure
    by_list: dict[str, Figure]
    funds: dict[str, float]
    unlisted: float

    @property
    def paid_by(self) -> str:
        """Who pays, the largest first: ``APBN Rp3,1 miliar, Dana Desa Rp820 juta``."""
        largest = sorted(self.funds.items(), key=lambda pair: (-pair[1], pair[0]))
        return ", ".join(f"{name} {rupiah_short(amount)}" for name, amount in largest)

    @property
    def in_words(self) -> str:
        """Who pays, what it costs when probabilities are all that is known, and how many leave."""
        first = self.by_list[COVERAGES[0]]
        parts = [
            self.paid_by,
            f"perkiraan {self.lifted.words} naik ke atas garis" if self.lifted.shown else "",
            f"menjangkau 80% miskin ekstrem dengan daftar menurut peluang: {first.estimate} per tahun"
            if first.shown
            else "",
        ]
        return "; ".join(part for part in parts if part)


def package_of(table: PublishedTable, facts: Facts, place: str) -> Package:
    """The mix in an area, from the published table."""
    name = "zero_cost.programme_mix_rp_year"
    parts = {code: table.groups(name, place, code) for code in facts.programmes}
    funds: dict[str, float] = {}
    for by_fund in parts.values():
        for fund, figure in by_fund.items():
            funds[FUND_NAMES.get(fund, fund)] = funds.get(FUND_NAMES.get(fund, fund), 0.0) + figure.value
    whole = all(figure.shown for by_fund in parts.values() for figure in by_fund.values())
    return Package(
        cost=table.one(name, place),
        lifted=table.one("zero_cost.lifted_families", place),
        uncovered=table.one("zero_cost.uncovered_rp_year", place),
        by_list={share: table.one("zero_cost.imperfect_targeting_rp_year", place, group=share) for share in COVERAGES},
        funds={fund: amount for fund, amount in funds.items() if amount > 0} if whole else {},
        unlisted=sum(
            figure.value
            for code, by_fund in parts.items()
            if not facts.programmes[code].listed
            for figure in by_fund.values()
            if figure.shown
        ),
    )
