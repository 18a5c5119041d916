"""What ArviZ makes of a file that `Fit::to_inference_data` wrote, beside the table of the same draws."""

import csv
import json
import sys

import arviz as az
import numpy as np


def opened(path):
    """ArviZ 0.x reads the file; later ones read its groups from a dictionary."""
    if hasattr(az, "from_json"):
        return az.from_json(path)
    with open(path) as file:
        content = json.load(file)
    coords, dims = content.pop("coords"), content.pop("dims")
    groups = {name: group for name, group in content.items() if not name.endswith("attrs")}
    arrays = {name: {of: np.array(values) for of, values in group.items()} for name, group in groups.items()}
    return az.from_dict(arrays, coords=coords, dims=dims)


def main(inference_data, table):
    data = opened(inference_data)
    groups = ["posterior", "sample_stats", "log_likelihood", "posterior_predictive", "observed_data"]
    found = {group: data[group] for group in groups}
    with open(table) as file:
        rows = list(csv.DictReader(file))
    posterior = found["posterior"]
    assert dict(posterior.sizes) == {"chain": 1, "draw": len(rows), "task": 18}, posterior.sizes
    assert list(posterior.coords["task"].values[:2]) == ["308", "309"], posterior.coords["task"]
    for name in ["level", "change", "level_sd", "change_sd", "noise"]:
        drawn = np.array([float(row[name]) for row in rows])
        assert np.array_equal(posterior[name].values[0], drawn), name
    of_372 = posterior["own_change"].sel(task="372").values[0]
    assert np.array_equal(of_372, [float(row["own_change 372"]) for row in rows])

    observed = found["observed_data"]["night.reaction"]
    assert observed.shape == (180,) and observed.sel({observed.dims[0]: "308 [9]"}) == 466.3535
    ln_p = found["log_likelihood"]["night.reaction"]
    assert ln_p.shape == (1, len(rows), 180)
    # ln p of the tenth night of the first subject, by hand
    mean = posterior["own_level"].values[0, :, 0] + 9 * posterior["own_change"].values[0, :, 0]
    sd = posterior["noise"].values[0]
    by_hand = -0.5 * ((466.3535 - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    assert np.allclose(ln_p.values[0, :, 9], by_hand, rtol=1e-10)
    replicated = found["posterior_predictive"]["night.reaction"]
    assert abs(float(replicated.mean()) - float(observed.mean())) < 5.0

    loo = az.loo(data)
    print(az.summary(data, var_names=["level", "change", "level_sd", "change_sd", "noise"]))
    print(loo)
    print("ArviZ", az.__version__, "opened", inference_data)


main(*sys.argv[1:])
