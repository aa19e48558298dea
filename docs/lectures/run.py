"""Run the lectures: python docs/lectures/run.py [PAGE.md ...]

Each page's ```pycon blocks are one session of doctest. The pictures that it saves go to docs/lectures/images.
`--write` puts what Python answers into the page, for an author who has changed its code.
"""

from __future__ import annotations

import argparse
import doctest
import io
import os
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def pages() -> list[Path]:
    return sorted(HERE.glob("0*.md"))


def session(page: Path) -> doctest.DocTest:
    """The page's blocks as one doctest; all else becomes empty lines, so that line numbers stay."""
    lines, inside = [], False
    for line in page.read_text(encoding="utf-8").split("\n"):
        fence = line.startswith("```")
        inside = line.startswith("```pycon") if fence else inside
        lines.append(line if inside and not fence else "")
    return doctest.DocTestParser().get_doctest("\n".join(lines) + "\n", {}, page.name, str(page), 0)


def run(page: Path) -> str:
    """Run a page in the current folder, into whose images/ it draws; the report of what differs, empty if nothing."""
    Path("images").mkdir(exist_ok=True)
    report = io.StringIO()
    doctest.DocTestRunner(verbose=False, optionflags=FLAGS).run(session(page), out=report.write)
    return report.getvalue()


class _Writer(doctest.DocTestRunner):
    """Collects what each example answers."""

    def __init__(self) -> None:
        super().__init__(optionflags=FLAGS)
        self.answers: dict[int, str] = {}

    def report_success(self, out, test, example, got):  # type: ignore[no-untyped-def]  # doctest's signature
        self.answers[example.lineno] = example.want

    def report_failure(self, out, test, example, got):  # type: ignore[no-untyped-def]  # doctest's signature
        self.answers[example.lineno] = got

    def report_unexpected_exception(self, out, test, example, exc_info):  # type: ignore[no-untyped-def]  # doctest's signature
        lines = "Traceback (most recent call last):\n    ...\n"
        self.answers[example.lineno] = lines + f"{exc_info[0].__name__}: {exc_info[1]}\n"


def write(page: Path) -> None:
    Path("images").mkdir(exist_ok=True)
    test, writer = session(page), _Writer()
    writer.run(test, out=lambda text: None)
    lines = page.read_text(encoding="utf-8").split("\n")
    for example in reversed(test.examples):
        start = example.lineno + example.source.count("\n")
        end = start + example.want.count("\n")
        lines[start:end] = writer.answers[example.lineno].split("\n")[:-1]
    page.write_text("\n".join(lines), encoding="utf-8")


def images(page: Path) -> list[str]:
    """The pictures that a page shows."""
    return re.findall(r"!\[[^]]*\]\(images/([^)]+)\)", page.read_text(encoding="utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, default=pages())
    parser.add_argument("--write", action="store_true", help="put the answers into the pages")
    args = parser.parse_args()
    chosen = [page.resolve() for page in args.pages]
    os.chdir(HERE)
    reports = []
    for page in chosen:
        if args.write:
            write(page)
        reports.append(run(page))
        print(f"{page.name}: {'differs' if reports[-1] else 'as written'}; {len(images(page))} pictures")
    if any(reports):
        raise SystemExit("\n".join(reports))


if __name__ == "__main__":
    main()
