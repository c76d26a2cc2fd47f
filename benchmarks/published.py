"""What the field's models reach on CDNOW, to stand beside ours: from papers, packages, and a study made beforehand.

Fader, Hardie & Lee (2005) for the sample's parameters and curves; the vignette of the package BTYD for the tracking of
weeks and the means by repeat purchases. Bias is a share: -0.143 is 14.3 % too little.
"""

from __future__ import annotations

from collections.abc import Mapping

Table = dict[str, dict[str, float]]

_ERRORS = ("MAE", "RMSE", "bias", "Spearman", "Gini", "top10")
_ACTIVE = ("AUC", "Brier", "ECE", "cov80", "PIT80", "P(active)", "accuracy")
_SHORT = ("MAE", "RMSE", "bias", "Gini", "top10", "AUC", "Brier", "PIT80")


def _row(names: tuple[str, ...], *figures: float | None) -> dict[str, float]:
    return {name: figure for name, figure in zip(names, figures, strict=False) if figure is not None}


FULL_COUNTS: Table = {
    "BG/NBD": _row(_ERRORS, 0.8187, 1.7329, -0.143, 0.442, 0.663, 0.456)
    | _row(_ACTIVE, 0.747, 0.1654, 0.0489, 0.920, 0.787, 0.266, 0.7699),
    "MBG/NBD": _row(_ERRORS, 0.7945, 1.7396, -0.191, 0.445, 0.666, 0.459)
    | _row(_ACTIVE, 0.755, 0.1661, 0.0620, 0.920, 0.775, 0.237, 0.7698),
    "Pareto/NBD": _row(_ERRORS, 0.7938, 1.7262, -0.129, 0.452, 0.673, 0.460)
    | _row(_ACTIVE, 0.763, 0.1656, 0.0704, 0.883, 0.766, 0.229, 0.7737),
    "NBD": _row(_ERRORS, 1.0546, 1.8594, 0.474, 0.439, 0.664, 0.444),
    "historic rate": _row(_ERRORS, 1.0381, 2.1582, 0.474, 0.485, 0.657, 0.444),
    "historic rate, 13 weeks": _row(_ERRORS, 0.8580, 2.0585, -0.050, 0.462, 0.536, 0.457),
    "historic rate, 26 weeks": _row(_ERRORS, 0.9664, 2.1385, 0.316, 0.502, 0.640, 0.447),
    "mean of all": _row(_ERRORS, 1.3889, 2.3552, 0.473, None, 0.0, 0.100),
}

FULL_SPEND: Table = {
    "BG/NBD x Gamma-Gamma (repeats)": _row(_ERRORS, 32.68, 92.94, -0.173, 0.421, 0.672, 0.516),
    "MBG/NBD x Gamma-Gamma (repeats)": _row(_ERRORS, 31.84, 93.22, -0.219, 0.430, 0.676, 0.516),
    "Pareto/NBD x Gamma-Gamma (repeats)": _row(_ERRORS, 31.99, 92.87, -0.158, 0.442, 0.684, 0.516),
    "BG/NBD x Gamma-Gamma (all)": _row(_ERRORS, 32.19, 92.94, -0.190, 0.429, 0.709, 0.524) | {"PIT80": 0.785},
    "Pareto/NBD x Gamma-Gamma (all)": _row(_ERRORS, 31.68, 92.85, -0.168, 0.449, 0.720, 0.524) | {"PIT80": 0.756},
    "historic spend, repeated": _row(_ERRORS, 60.54, 129.22, 1.218, 0.395, 0.696, 0.498),
    "spend rate, 13 weeks": _row(_ERRORS, 40.28, 126.27, 0.227, 0.457, 0.560, 0.516),
}

HIATUS: Table = {
    "13 weeks": {"accuracy": 0.7733, "Brier": 0.2267},
    "26 weeks": {"accuracy": 0.7639, "Brier": 0.2361},
}

ALIVE_ACCURACY = {"BG/NBD": 0.3473, "MBG/NBD": 0.7725, "Pareto/NBD": 0.7721}

SPEND_DECILES = [(157.4, 173.0), (38.4, 53.8), (18.8, 30.4), (11.4, 20.1), (7.8, 14.2)]
SPEND_DECILES += [(5.8, 9.6), (4.5, 9.1), (3.6, 6.8), (3.0, 6.3), (2.4, 6.3)]
"""Mean predicted and actual spend of MBG/NBD x Gamma-Gamma (all), by tenths of CDNOW's customers, USD."""

SAMPLE_COUNTS: Table = {
    "BG/NBD": _row(_SHORT, 0.7855, 1.608, -0.121, 0.662, 0.470, 0.757, 0.161, 0.793),
    "MBG/NBD": _row(_SHORT, 0.7648, 1.607, -0.162, 0.664, 0.477, 0.760, 0.161, 0.794),
    "Pareto/NBD": _row(_SHORT, 0.7545, 1.603, -0.115, 0.673, 0.474, 0.771, 0.162, 0.780),
    "historic rate": _row(("MAE", "RMSE", "bias"), 1.0237, 2.212, 0.557),
}

_REPEATS = tuple("01234567")
SAMPLE_BY_REPEATS: Table = {
    "actual": _row(_REPEATS, 0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359),
    "BG/NBD": _row(_REPEATS, 0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157),
    "MBG/NBD": _row(_REPEATS, 0.185, 0.551, 1.049, 1.493, 2.104, 2.564, 3.361, 5.849),
    "Pareto/NBD": _row(_REPEATS, 0.138, 0.599, 1.196, 1.714, 2.398, 2.907, 3.819, 6.403),
}

_WEEKS = ("20", "21", "22", "23", "24", "25", "39", "78")
CUMULATIVE: Table = {
    "actual": _row(_WEEKS, 1359, 1414, 1484, 1517, 1573, 1672, 2457, 4339),
    "BG/NBD": _row(_WEEKS, 1312.458, 1387.346, 1460.392, 1531.713, 1601.418, 1669.6, 2501.5, 4165.7),
    "MBG/NBD": {"39": 2483.0, "78": 4054.6},
    "Pareto/NBD": _row(_WEEKS, 1308.856, 1385.275, 1459.923, 1532.906, 1604.32, 1674.253, 2532.8, 4275.4),
}


def table(title: str, found: Mapping[str, Mapping[str, float]], reference: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table of what was found, each figure beside the one that others reach where there is one."""
    columns = list(dict.fromkeys(column for row in found.values() for column in row))
    lines = [f"\n{title} (found / reference)\n", "| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, row in found.items():
        known = reference.get(name, {})
        cells = [_cell(row.get(column), known.get(column)) for column in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(found: float | None, reference: float | None) -> str:
    if found is None:
        return ""
    return _shown(found) if reference is None else f"{_shown(found)} / {_shown(reference)}"


def _shown(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 1_000 else f"{figure:.4g}"
