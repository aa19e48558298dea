"""The floor: a C++ program. compare.py talks to it directly; this module says how to call and build it."""

import os
import shutil
import subprocess
from pathlib import Path

from peers import Unavailable

SOURCE = Path(__file__).resolve().parent.parent / "cpp" / "floor.cpp"
FLAGS = ["-std=c++20", "-O3", "-march=native", "-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math"]


def arguments(row):
    """The command-line arguments of a row, without the program's name."""
    sizes = "-".join(map(str, row.sizes))
    if row.kind == "mlp":
        return ["mlp", sizes, str(row.batch), row.activation, row.optimizer, str(row.lr)]
    if row.kind == "inference":
        return ["inference", sizes, str(row.batch), row.activation]
    if row.kind == "lecture":
        return ["lecture", sizes, str(row.batch), str(row.lr)]
    if row.kind == "elementwise":
        return ["elementwise", row.activation, str(row.sizes[0])]
    if row.kind in ("matmul", "cross_entropy"):
        return [row.kind, *map(str, row.sizes)]
    raise Unavailable(f"no floor program for {row.kind}")


def build(folder):
    """Compile the floor into `folder` unless it is there and newer than its source; its path."""
    program = Path(folder) / "floor"
    if program.exists() and program.stat().st_mtime > SOURCE.stat().st_mtime:
        return program
    compiler = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        raise Unavailable("no C++ compiler")
    try:
        import scipy_openblas32
    except ImportError:
        raise Unavailable("scipy-openblas32 is not installed") from None
    library = scipy_openblas32.get_lib_dir()
    link = [f"-L{library}", "-lscipy_openblas", f"-Wl,-rpath,{library}"]
    program.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([compiler, *FLAGS, str(SOURCE), "-o", str(program), *link], capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable(f"the floor did not compile: {done.stderr.strip().splitlines()[-1:]}")
    return program
