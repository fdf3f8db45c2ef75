"""What of an edition is still true, what is not, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.provenance import combined_hash
from kaur_analysis.pipeline.run import Job, page_basis, page_jobs, read_state, research_basis, still_true

CURRENT, STALE, NEVER = "terkini", "usang", "belum pernah"


@dataclass(frozen=True)
class StepStatus:
    """A step or page: ``terkini``, ``usang`` or ``belum pernah``, and in words why it is not current."""

    name: str
    status: str
    reasons: tuple[str, ...] = ()


def edition_status(edition: Edition) -> tuple[StepStatus, ...]:
    """Status of the four research steps and of every page; nothing is run.

    A step or page whose numbers come from a step that is stale is stale itself, whatever its own ingredients say: the
    run may still keep it, where that step ends in the same tables.
    """
    state = read_state(edition)
    steps: list[StepStatus] = []
    for job, made_from in research_basis(edition, edition.ingredients()):
        step = _judged(edition, state, job, made_from)
        steps.append(_waiting(steps, job, state) if step.status == CURRENT and _behind(steps) else step)
    jobs = page_jobs(edition)
    if _behind(steps):
        pages = [_waiting(steps, job, state) for job in jobs]
    else:
        pages = [_judged(edition, state, *entry) for entry in page_basis(edition, jobs)]
    return (*steps, *pages)


def _behind(steps: list[StepStatus]) -> list[str]:
    return [step.name for step in steps if step.status != CURRENT]


def _waiting(steps: list[StepStatus], job: Job, state: Mapping[str, Any]) -> StepStatus:
    return StepStatus(job.name, STALE if job.name in state else NEVER, (f"menunggu langkah {_behind(steps)[0]}",))


def _judged(edition: Edition, state: Mapping[str, Any], job: Job, made_from: Mapping[str, str]) -> StepStatus:
    entry = state.get(job.name)
    if entry is None:
        return StepStatus(job.name, NEVER)
    if still_true(edition, dict(state), job, combined_hash(made_from)):
        return StepStatus(job.name, CURRENT)
    changes = _changes(entry.get("made_from", {}), made_from)
    return StepStatus(job.name, STALE, changes or ("hasilnya hilang atau rusak",))


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Names of ingredients that changed, came or went."""
    changed = [f"{name} berubah" for name in now if name in before and before[name] != now[name]]
    new = [f"{name} baru" for name in now if name not in before]
    gone = [f"{name} dihapus" for name in before if name not in now]
    return (*changed, *new, *gone)
