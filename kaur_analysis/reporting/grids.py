"""Places on a grid of cells, each as near as may be to where it lies: what charts and maps of tiles share."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching


def least_moved(distance: NDArray[np.float64]) -> NDArray[np.intp]:
    """Which cell each place gets, so that all together move least.

    ``scipy.optimize`` has the same for dense distances and takes twice as long to load, and whoever asks for one page
    waits for that.

    Parameters
    ----------
    distance
        How far each place lies from each cell, zero or more, places × cells; no fewer cells than places.

    Returns
    -------
    Column of each place, all different.

    Raises
    ------
    ValueError
        A distance is missing or infinite.

    Examples
    --------
    Both lie nearest to the first cell, the second by more:

    >>> least_moved(np.array([[1.0, 2.0], [0.0, 9.0]])).tolist()
    [1, 0]
    """
    if not np.isfinite(distance).all():
        raise ValueError("distances must be finite")
    _, cell = min_weight_full_bipartite_matching(csr_array(distance + 1.0))  # a zero would count as no way at all
    return np.asarray(cell, dtype=np.intp)
