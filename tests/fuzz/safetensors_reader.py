"""Feeds the safetensors reader broken files: a ValueError or a value may come out, nothing else.

    python tests/fuzz/safetensors_reader.py --cases 1000000 --seed 1

Guided by the coverage of the reader where atheris is installed (pip install atheris); else by what the reader says: a
file that is refused with new words, or accepted with new shapes, joins the corpus. It starts from valid files and from
the malformed ones of tests/behaviours/test_27_safetensors.py. No file may make it allocate beyond its own size.
"""

import argparse
import importlib
import io
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
import tracemalloc

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "behaviours")]


def seeds(cr):
    """Valid files and one of each malformed class."""
    from test_27_safetensors import MALFORMED, entry, file_of

    file = io.BytesIO()
    cr.save({"a": [cr.ones(2, 3), 1.5], "b": (cr.tensor([True]), None)}, file)
    valid = [file.getvalue(), file_of({}), file_of({"x": entry(), "y": entry(4, 12, "F64")}, bytes(12))]
    valid.append(file_of({"x": entry(), "__metadata__": {"k": "v"}}, bytes(4)))
    return valid + [data for data in MALFORMED.values() if len(data) < 20_000]


def feed(cr, data):
    """Loads it; returns what the reader said, without its numbers. Anything but a ValueError goes through."""
    try:
        loaded = cr.load(io.BytesIO(data))
    except RuntimeError as error:
        assert "holds a pickled object" in str(error)  # and is not read
        return "refused: pickle"
    except ValueError as error:
        return re.sub(r"\d+|'[^']*'|b'.*|\"[^\"]*\"", "#", str(error))[:120]
    return f"accepted {type(loaded).__name__} of {len(loaded) if hasattr(loaded, '__len__') else 1}"


def guarded_feed(cr, data, check_memory):
    if not check_memory:
        return feed(cr, data)
    tracemalloc.start()
    try:
        said = feed(cr, data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Python's own objects for the JSON; nothing by the numbers in it.
    assert peak < 60 * len(data) + 400_000, f"{peak} bytes were allocated for a file of {len(data)}"
    return said


def show(data, error):
    print(f"--- {type(error).__name__}: {error}\nimport io, chainrule as cr\ncr.load(io.BytesIO({data!r}))", flush=True)


def by_words(cr, cases, seed, say=None):
    """(files fed, files refused, corpus, failures) without atheris."""
    from test_27_safetensors import mutated

    rng, corpus, heard, refused, failures = random.Random(seed), seeds(cr), set(), 0, 0
    for data in corpus:
        heard.add(feed(cr, data))
    for case in range(cases):
        data = mutated(rng, rng.choice(corpus))
        try:
            said = guarded_feed(cr, data, case % 50 == 0)
        except Exception as error:
            show(data, error)
            failures += 1
            continue
        refused += not said.startswith("accepted")
        if said not in heard:
            heard.add(said)
            corpus.append(data)
        if say and (case + 1) % 100_000 == 0:
            say(f"{case + 1} files, corpus {len(corpus)}, {len(heard)} answers, {failures} failures", flush=True)
    return cases, refused, corpus, failures


def by_coverage(atheris, cases, seed, folder):
    """libFuzzer drives, and ends the process; the folder takes its corpus."""
    for name in [name for name in sys.modules if name.split(".")[0] == "json"]:
        del sys.modules[name]  # what is imported already is not instrumented
    with atheris.instrument_imports(include=["chainrule._safetensors", "chainrule.serialization", "json"]):
        import chainrule as cr

        for name in ("chainrule._safetensors", "chainrule.serialization"):  # chainrule imports them at their first use
            importlib.import_module(name)
    for i, data in enumerate(seeds(cr)):
        with open(os.path.join(folder, f"seed{i}"), "wb") as file:
            file.write(data)
    count = 0

    def one(data):
        nonlocal count
        count += 1
        try:
            guarded_feed(cr, data, count % 100 == 0)
        except Exception as error:
            show(data, error)
            raise

    def mutate(data, max_size, number):
        data = atheris.Mutate(data, max_size)
        end = data.rfind(b"}", 8)
        if number % 2 and end > 0:  # a fitting length lets the header's faults through to the parser
            data = struct.pack("<Q", end + 1 - 8) + data[8:]
        return data

    options = [f"-runs={cases}", f"-seed={seed or 1}", "-max_len=4096", "-print_final_stats=1", "-rss_limit_mb=4096"]
    atheris.Setup([sys.argv[0], *options, folder], one, custom_mutator=mutate)
    atheris.Fuzz()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plain", action="store_true", help="without atheris, even if it is installed")
    parser.add_argument("--corpus", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.plain:
        try:
            atheris = importlib.import_module("atheris")
        except ImportError:
            print("atheris is not installed: guided by the reader's answers alone")
        else:
            if options.corpus:
                return by_coverage(atheris, options.cases, options.seed, options.corpus)
            with tempfile.TemporaryDirectory(prefix="chainrule-safetensors-") as folder:
                return subprocess.run([sys.executable, *sys.argv, "--corpus", folder]).returncode
    import chainrule as cr

    start = time.perf_counter()
    fed, refused, corpus, failures = by_words(cr, options.cases, options.seed, print)
    seconds = time.perf_counter() - start
    print(f"{fed} files in {seconds:.0f} s, {refused} refused, corpus {len(corpus)}, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
