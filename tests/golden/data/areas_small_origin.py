"""Computes the expected numbers of the small invented areas; run by hand, needs mpmath.

Nothing of kaur_analysis is used: covariance matrices are written out in full, likelihoods are maximised and
expectations integrated numerically with 40 digits.
"""

from pathlib import Path

import mpmath as mp
import pandas as pd

mp.mp.dps = 40
HERE = Path(__file__).parent
LINE, SHIFT, POWER = mp.mpf("400000"), mp.mpf("150000"), mp.mpf("0.4")


def numbers(column):
    return [mp.mpf(repr(float(value))) for value in column]


def least_squares(y, X, V):
    """Generalised least squares: β, (X'V⁻¹X)⁻¹, V⁻¹ and the residual."""
    precision = V**-1
    inverse = (X.T * precision * X) ** -1
    beta = inverse * X.T * precision * y
    return beta, inverse, precision, y - X * beta


def log_likelihood(y, X, V, restricted):
    _, inverse, precision, residual = least_squares(y, X, V)
    total = mp.log(mp.det(V)) + (residual.T * precision * residual)[0]
    return -(total - (mp.log(mp.det(inverse)) if restricted else 0)) / 2


def area_level():
    table = pd.read_csv(HERE / "areas_small_direct.csv")
    m = len(table)
    y, psi = mp.matrix(numbers(table["direct"])), numbers(table["variance"])
    X = mp.matrix([[1, x] for x in numbers(table["x"])])

    def covariance(s2):
        return mp.diag([s2 + one for one in psi])

    def moment(s2):
        _, _, precision, residual = least_squares(y, X, covariance(s2))
        return (residual.T * precision * residual)[0] - (m - 2)

    rows = []
    for method in ("reml", "ml", "fh"):

        def height(s2, own=method):
            return log_likelihood(y, X, covariance(s2), own == "reml")

        equation = moment if method == "fh" else lambda s2, own=height: mp.diff(own, s2)
        s2 = mp.findroot(equation, (mp.mpf("0.0005"), mp.mpf("0.004")), solver="anderson")
        beta, inverse, precision, residual = least_squares(y, X, covariance(s2))
        first = sum(1 / (s2 + one) for one in psi)
        second = sum(1 / (s2 + one) ** 2 for one in psi)
        error = 2 * m / first**2 if method == "fh" else 2 / second
        bias = mp.mpf(0)
        if method == "ml":
            bias = -sum((inverse * X.T * precision**2 * X)[i, i] for i in range(2)) / second
        if method == "fh":
            bias = 2 * (m * second - first**2) / first**3
        rows += [(method, "sigma2_u", "", s2), (method, "constant", "", beta[0]), (method, "x", "", beta[1])]
        for d, area in enumerate(table["area"]):
            gamma = s2 / (s2 + psi[d])
            x = X[d, :]
            g1, g2 = gamma * psi[d], (1 - gamma) ** 2 * (x * inverse * x.T)[0]
            g3 = psi[d] ** 2 / (s2 + psi[d]) ** 3 * error
            rows.append((method, "estimate", area, (x * beta)[0] + gamma * residual[d]))
            rows.append((method, "mse", area, g1 + g2 + 2 * g3 - (1 - gamma) ** 2 * bias))
    return rows


def unit_level():
    sample, census = (pd.read_csv(HERE / f"areas_small_{name}.csv") for name in ("sample", "census"))
    X = mp.matrix([[1, x] for x in numbers(sample["size"])])
    n = len(sample)
    same = mp.matrix(n, n)
    for i in range(n):
        for j in range(n):
            same[i, j] = mp.mpf(int(sample["area"][i] == sample["area"][j]))
    forward = {
        "log": mp.log,
        "log_shift": lambda w: mp.log(w + SHIFT),
        "box_cox": lambda w: (w**POWER - 1) / POWER,
    }
    back = {
        "log": mp.exp,
        "log_shift": lambda z: mp.exp(z) - SHIFT,
        "box_cox": lambda z: max(1 + POWER * z, mp.mpf(0)) ** (1 / POWER),
    }
    rows = []
    for name, turn in forward.items():
        y = mp.matrix([turn(w) for w in numbers(sample["welfare"])])

        def profile(ratio, y=y):
            V = mp.eye(n) + ratio * same
            _, inverse, precision, residual = least_squares(y, X, V)
            within = (residual.T * precision * residual)[0] / (n - 2)
            return -((n - 2) * mp.log(within) + mp.log(mp.det(V)) - mp.log(mp.det(inverse))) / 2

        ratio = mp.findroot(
            lambda r, own=profile: mp.diff(own, r), (mp.mpf("0.05"), mp.mpf("1")), solver="anderson", tol=1e-20
        )
        beta, _, precision, residual = least_squares(y, X, mp.eye(n) + ratio * same)
        within = (residual.T * precision * residual)[0] / (n - 2)
        between = ratio * within
        rows += [(name, "sigma2_u", "", between), (name, "sigma2_e", "", within)]
        rows += [(name, "constant", "", beta[0]), (name, "size", "", beta[1])]
        for area in sorted(census["area"].unique()):
            own = [i for i in range(n) if sample["area"][i] == area]
            # conditional normal distribution of u given the survey, from the joint covariance
            effect = ratio * sum((precision * residual)[i] for i in own)
            left = between * (1 - ratio * sum(precision[i, j] for i in own for j in own))
            deviation = mp.sqrt(left + within)
            totals = {"fgt0": mp.mpf(0), "fgt1": mp.mpf(0), "fgt2": mp.mpf(0), "mean": mp.mpf(0)}
            families = numbers(census.loc[census["area"] == area, "size"])
            for size in families:
                centre = beta[0] + beta[1] * size + effect
                top = (turn(LINE) - centre) / deviation
                # where welfare meets zero the integrand has a kink: a limit of integration lies there
                floor = [(-1 / POWER - centre) / deviation] if name == "box_cox" else []
                cuts = sorted([*(mp.mpf(cut) for cut in (-16, -8, -4, 0, 4, 8, 16)), top, *floor])

                def value(t, centre=centre, deviation=deviation, name=name):
                    return back[name](centre + deviation * t)

                for power in (0, 1, 2):
                    below = [cut for cut in cuts if cut <= top]
                    totals[f"fgt{power}"] += mp.quad(
                        lambda t, power=power, value=value: (1 - value(t) / LINE) ** power * mp.npdf(t), below
                    )
                totals["mean"] += mp.quad(lambda t, value=value: value(t) * mp.npdf(t), cuts)
            rows += [(name, indicator, area, total / len(families)) for indicator, total in totals.items()]
    return rows


if __name__ == "__main__":
    for name, rows in (("area_level", area_level()), ("unit_level", unit_level())):
        table = pd.DataFrame(rows, columns=["model", "quantity", "area", "value"])
        table["value"] = [mp.nstr(value, 17) for value in table["value"]]
        table.to_csv(HERE / f"areas_small_{name}_expected.csv", index=False, lineterminator="\n")
