"""What a notebook cell calls: each module composes the rooms for one notebook, each function is one sentence of it."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.refusals import told_in_indonesian

Given = ParamSpec("Given")
Result = TypeVar("Result")


def where_registry(
    step: Callable[Concatenate[Edition, Given], Result],
) -> Callable[Concatenate[Edition, Given], Result | None]:
    """Skip a step that speaks of registry families where the study has no registry: it then returns ``None``."""

    @wraps(step)
    def run(edition: Edition, *args: Given.args, **kwargs: Given.kwargs) -> Result | None:
        return None if edition.study.registry is None else told_in_indonesian(step)(edition, *args, **kwargs)

    return run
