"""Counts of rows by reason, as they may be told to whoever sent a list: few rows are not told apart."""

from collections.abc import Mapping


def protect_parts(parts: Mapping[str, int], minimum: int) -> tuple[dict[str, int | None], int | None]:
    """Hide small parts of a sum, and as many others as it takes that no subtraction brings one back.

    Parameters
    ----------
    parts
        Count by reason; their sum is told as well.
    minimum
        Smallest count that may be told.

    Returns
    -------
    parts : dict of int or None
        None where hidden.
    total : int or None
        None where telling it would give away the only hidden part.
    """
    told = {reason: count for reason, count in parts.items() if count > 0}
    hidden = {reason for reason, count in told.items() if count < minimum}
    others = sorted(told.keys() - hidden, key=lambda reason: (told[reason], reason))
    # One hidden part is the total minus the others; several that add up to less than the minimum are small together.
    while hidden and others and (len(hidden) == 1 or sum(told[reason] for reason in hidden) < minimum):
        hidden.add(others.pop(0))
    alone = len(hidden) == 1 or (bool(hidden) and sum(told[reason] for reason in hidden) < minimum)
    total = None if alone else sum(told.values())
    return {reason: None if reason in hidden else count for reason, count in told.items()}, total
