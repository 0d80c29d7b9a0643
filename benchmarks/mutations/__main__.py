"""Names what was done to validation data? Mutations of known kind, and controls, counted.

Run it from the repository with ``python -m benchmarks.mutations``. It draws data sets, splits them
at random, changes one split in one way, and asks ``check_consistency``. The table says, for each
kind, how often the first finding names it; for natural shifts and untouched controls, how often
something else is claimed.

The rules were first written with the cases in ``known.py`` and ``controls.py``; those in
``held_out.py``, on data of other distributions, were written afterwards. Later the rules were
changed after a look at what was misnamed in these, in ``fresh.py`` and ``second_look.py``, then in
``later.py``, whose cases were asked once before, and at last in ``scaled_shifts.py``: other
populations that were scaled as is right.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping

import numpy as np

from benchmarks.mutations.controls import CONTROLS
from benchmarks.mutations.fresh import FRESH, FRESH_CONTROLS, FRESH_SHIFTS
from benchmarks.mutations.held_out import HELD_OUT, HELD_OUT_SHIFTS
from benchmarks.mutations.known import KNOWN, SHIFTS
from benchmarks.mutations.later import LATER, LATER_CONTROLS, LATER_SHIFTS
from benchmarks.mutations.scaled_shifts import SCALED_SHIFTS
from benchmarks.mutations.score import count, large_rows
from benchmarks.mutations.second_look import SECOND_LOOK, SECOND_LOOK_CONTROLS, SECOND_LOOK_SHIFTS

GROUPS = {
    "known": KNOWN,
    "held-out": HELD_OUT,
    "fresh": FRESH,
    "second-look": SECOND_LOOK,
    "later": LATER,
    "shifts": SHIFTS,
    "held-out-shifts": HELD_OUT_SHIFTS,
    "fresh-shifts": FRESH_SHIFTS,
    "second-look-shifts": SECOND_LOOK_SHIFTS,
    "later-shifts": LATER_SHIFTS,
    "scaled-shifts": SCALED_SHIFTS,
}
CONTROL_GROUPS = {
    "controls": (CONTROLS, (40, 1_000, 1_000_000)),
    "fresh-controls": (FRESH_CONTROLS, (40, 1_000, 5_000)),
    "second-look-controls": (SECOND_LOOK_CONTROLS, (40, 1_000, 5_000)),
    "later-controls": (LATER_CONTROLS, (40, 1_000, 5_000)),
}
MUTATION_ROWS = (1_000, 5_000)

MANY = 90
"""Of more cases than this a tenth of a percent is told."""


def main() -> None:
    """Prints the tables."""
    names = [*GROUPS, *CONTROL_GROUPS]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mutations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--large-seeds", type=int, default=3, help="seeds at a million rows")
    parser.add_argument("--quiet", action="store_true", help="do not list what was named wrong")
    parser.add_argument("--groups", nargs="+", default=names, choices=names)
    arguments = parser.parse_args()
    begin = time.perf_counter()
    measured: dict[str, Mapping[str, list[bool]]] = {}
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    for title, group in GROUPS.items():
        if title not in arguments.groups:
            continue
        print(f"{title}: {len(seeds)} seeds at {MUTATION_ROWS} rows")
        right = count(group, seeds, MUTATION_ROWS, not arguments.quiet)
        measured[title] = right
        for kind, cases in right.items():
            print(f"  {kind:<22} {np.mean(cases):7.1%} of {len(cases)}")
        together = [case for cases in right.values() for case in cases]
        print(f"  {'all':<22} {np.mean(together):7.1%} of {len(together)}")
        print(f"  {'mean over kinds':<22} {np.mean([np.mean(c) for c in right.values()]):7.1%}")
    for title, (controls, sizes) in CONTROL_GROUPS.items():
        if title not in arguments.groups:
            continue
        for rows in sizes:
            some = seeds if rows <= 10_000 else seeds[: arguments.large_seeds]
            print(f"{title}: {len(some)} seeds at {rows:,} rows")
            false, asked = 0, 0
            for control in controls:
                size = large_rows(control[2], rows)
                cases = count([control], some, (size,), not arguments.quiet)["pass"]
                false, asked = false + len(cases) - sum(cases), asked + len(cases)
            print(f"  {false} false of {asked}")
    print(table(measured))
    print(f"{time.perf_counter() - begin:.0f} s")


def table(measured: Mapping[str, Mapping[str, list[bool]]]) -> str:
    """Returns the shares named right as a table in Markdown, a column for each group."""
    groups = [title for title in measured if not title.endswith("shifts")]
    kinds = list(dict.fromkeys(kind for title in groups for kind in measured[title]))
    rows = {f"`{kind}`": [measured[title].get(kind, []) for title in groups] for kind in kinds}
    rows["all"] = [_together(measured[title]) for title in groups]
    rows["natural shifts taken for nothing else"] = [
        _together(measured.get("shifts" if title == "known" else f"{title}-shifts", {}))
        for title in groups
    ]
    lines = [["kind", *groups], ["---"] * (1 + len(groups))]
    lines += [[name, *map(_share, cases)] for name, cases in rows.items()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _together(right: Mapping[str, list[bool]]) -> list[bool]:
    return [case for cases in right.values() for case in cases]


def _share(cases: list[bool]) -> str:
    if not cases:
        return ""
    digits = 1 if len(cases) > MANY and not all(cases) else 0
    return f"{100 * np.mean(cases):.{digits}f} % of {len(cases)}"


if __name__ == "__main__":
    main()
