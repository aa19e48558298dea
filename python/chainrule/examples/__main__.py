"""python -m chainrule.examples: the list of the examples."""

from __future__ import annotations

import ast
import pkgutil
from pathlib import Path


def listing() -> dict[str, str]:
    """Each example's name and the first line of its docstring, without importing it."""
    folder = Path(__file__).parent
    found = {}
    for module in pkgutil.iter_modules([str(folder)]):
        if not module.name.startswith("_"):
            path = folder / module.name / "__init__.py" if module.ispkg else folder / f"{module.name}.py"
            doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            found[module.name] = doc.partition("\n")[0]
    return found


def main() -> None:
    print("python -m chainrule.examples.NAME [--help] [--plot FILE] runs one of:\n")
    for name, line in listing().items():
        print(f"  {name:24s}{line}")


if __name__ == "__main__":
    main()
