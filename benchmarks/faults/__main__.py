"""The command line: ``python -m benchmarks.faults COMMAND``."""

from __future__ import annotations

import argparse


def main() -> None:
    """Runs one of the commands."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("generate", help="train the cases that are missing")
    command.add_argument("--jobs", type=int, default=2, help="processes, each on one thread")
    command.add_argument("--minutes", type=float, help="begin no training after so long")
    command.add_argument("--only", default="", help="part of the names of the cases to train")
    _add_framework(command)
    command = commands.add_parser("compare", help="train a case with Keras' fit as well")
    command.add_argument("case", help="a name that `list` prints")
    _add_framework(commands.add_parser("pack", help="write the data set from what was trained"))
    command = commands.add_parser("score", help="diagnose the data set and print how it went")
    command.add_argument("--part", choices=("fit", "tune", "test"), default="test")
    command.add_argument("--jobs", type=int, default=1)
    command.add_argument("--wrong", action="store_true", help="print every wrong answer")
    _add_framework(command)
    commands.add_parser("fit", help="fit the weights and write them into the package")
    command = commands.add_parser("thresholds", help="print what thresholds would cost")
    command.add_argument(
        "--level", choices=("curves", "history", "unsampled", "recorded"), default="recorded"
    )
    commands.add_parser("report", help="write docs/accuracy.md")
    commands.add_parser("forecast", help="foretell second halves of curves from their first")
    commands.add_parser("digests", help="write the digests of the data that each run saw")
    commands.add_parser("list", help="print the names of all cases")
    arguments = parser.parse_args()
    if arguments.command == "generate":
        from benchmarks.faults.generate import generate

        generate(arguments.jobs, arguments.minutes, arguments.only, arguments.framework)
    elif arguments.command == "compare":
        compare(arguments.case)
    elif arguments.command == "pack":
        from benchmarks.faults.pack import pack

        print(f"{pack(arguments.framework)} runs packed")
    elif arguments.command == "score":
        score(arguments.part, arguments.jobs, arguments.wrong, arguments.framework)
    elif arguments.command == "fit":
        from benchmarks.faults.fit import fit

        print(fit())
    elif arguments.command == "thresholds":
        thresholds(arguments.level)
    elif arguments.command == "report":
        from benchmarks.faults.report import report

        print(report())
    elif arguments.command == "forecast":
        from benchmarks.faults.dataset import load
        from benchmarks.faults.forecasts import foretold

        print("\n".join(foretold(load())))
    elif arguments.command == "digests":
        from benchmarks.faults.digests import write_digests

        print(f"{write_digests()} digests written")
    elif arguments.command == "list":
        from benchmarks.faults.cases import all_cases

        print("\n".join(case.name for case in all_cases()))


def _add_framework(command: argparse.ArgumentParser) -> None:
    command.add_argument("--framework", choices=("keras", "pytorch"), default="keras")


def compare(name: str) -> None:
    """Prints a case trained in two ways side by side."""
    from benchmarks.faults.cases import all_cases
    from benchmarks.faults.through_fit import compare

    case = next(case for case in all_cases() if case.name == name)
    print("\n".join(compare(case)))


def score(part: str, jobs: int, wrong: bool, framework: str = "keras") -> None:
    """Prints the scores of one part of the data set."""
    from benchmarks.faults.answers import answers
    from benchmarks.faults.dataset import FILES, LEVELS, UNRECORDED, load
    from benchmarks.faults.tables import causes, confused, figures

    runs = [run for run in load(FILES[framework]) if run.part == part and run.counts]
    levels = LEVELS if framework == "keras" else UNRECORDED
    given = answers(runs, jobs, levels)
    print("\n".join(figures(given)))
    for level in levels:
        own = [a for a in given if a.level == level]
        print(f"\n{level}:\n", *causes(own), "", *confused(own), sep="\n")
    for a in given if wrong else ():
        if not a.right:
            print(a.level, a.run.name, a.status, a.cause, f"{a.confidence:.2f}", *a.ranked[:3])


def thresholds(level: str) -> None:
    """Prints what thresholds would cost on the tasks that they are chosen on."""
    from benchmarks.faults.thresholds import asked_left_out, trade_off

    print("\n".join(trade_off(asked_left_out(level))))


if __name__ == "__main__":
    main()
