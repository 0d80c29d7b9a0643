"""A saved profile comes back as it was; anything else is refused in words."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlflow_plateau.consistency import check_consistency
from mlflow_plateau.errors import ProfileError
from mlflow_plateau.profiles import Profile, merge, profile
from tests.profiles.states import state
from tests.profiles.test_merge import DATA


@pytest.mark.parametrize("name", DATA)
def test_what_is_saved_comes_back_and_still_merges(name: str, tmp_path: Path) -> None:
    x, y = DATA[name]
    one = profile((x, y))
    one.save(tmp_path / "train.npz")
    back = Profile.load(tmp_path / "train.npz")
    assert state(back) == state(one)
    assert state(merge(back, one)) == state(merge(one, one))
    assert state(profile(tmp_path / "train.npz")) == state(one)


def test_holds_no_pickle(tmp_path: Path) -> None:
    profile(pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})).save(tmp_path / "p.npz")
    with np.load(tmp_path / "p.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


def forge(path: Path, **changes: object) -> None:
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    document = json.loads(arrays["profile"].tobytes())
    for name, value in changes.items():
        if name in document:
            document[name] = value
        elif name in document["inputs"][0]:
            document["inputs"][0][name] = value
        else:
            arrays[name.replace("__", "/")] = np.asarray(value)
    arrays["profile"] = np.frombuffer(json.dumps(document).encode(), dtype=np.uint8)
    np.savez(path, **arrays)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 99},
        {"inputs": "nonsense"},
        {"columns": [["a", "weird", "int64"]]},
        {"columns": [["a", "number", "f"]] * 5000},
        {"sums": [["9" * 5000] * 2] * 6},
        {"sums": [["70000000"] * 2] * 6},
        {"labels": [{"x": "y"}]},
        {"0__histogram__bins": [5, 4, 3]},
        {"0__histogram__bins": [1.5]},
        {"0__distinct__marks": np.array([1 << 60], dtype=np.uint64)},
        {"0__moments__count": [1]},
        {"row_hashes": np.array([3, 1], dtype=np.uint64)},
        {"hashed_rows": -1},
        {"coverage": {"rows": -10, "measured": -10, "sampled": -10, "complete": True}},
    ],
    ids=str,
)
def test_a_forged_profile_is_refused(changes: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    profile(np.arange(20.0).reshape(10, 2)).save(path)
    forge(path, **changes)
    with pytest.raises(ProfileError):
        Profile.load(path)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("number", [-1, 10**6, 2**40, 2**62])
def test_forged_numbers_are_refused_or_compared(name: str, number: int, tmp_path: Path) -> None:
    x, y = DATA[name]
    honest = profile((x, y))
    honest.save(tmp_path / "p.npz")
    with np.load(tmp_path / "p.npz") as file:
        arrays = {key: file[key] for key in file.files}
    for key, array in arrays.items():
        if key == "profile" or not array.size:
            continue
        forged = array.copy()
        with np.errstate(over="ignore"):
            forged.flat[forged.size // 2] = np.int64(number).astype(array.dtype)
        np.savez(tmp_path / "p.npz", **{**arrays, key: forged})
        try:
            odd = Profile.load(tmp_path / "p.npz")
        except ProfileError:
            continue
        for pair in ((honest, odd), (odd, honest)):
            assert check_consistency(*pair).verdict in ("pass", "warn", "fail", "unknown")


def test_other_files_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "a.npz"
    text.write_text("no profile")
    with pytest.raises(ProfileError, match=r"a\.npz.*damaged"):
        profile(text)
    with pytest.raises(ProfileError, match="no file"):
        profile(tmp_path / "missing.npz")
    pickled = tmp_path / "b.npy"
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ProfileError, match="cannot be read"):
        profile(pickled)
    with zipfile.ZipFile(tmp_path / "c.npz", "w") as archive:
        archive.writestr("profile.npy", b"\x93NUMPY garbage")
    with pytest.raises(ProfileError):
        profile(tmp_path / "c.npz")
