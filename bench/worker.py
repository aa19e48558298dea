"""One peer in a process of its own, told over pipes what to do. compare.py starts it; nobody else needs to.

Each request is a line of JSON on standard input, each answer one on standard output:
  {"build": ROW, "lr": RATE or null}  ->  {"seconds": s}, or {"missing": why} if the peer cannot run the row
  {"run": N, "warm": K}               ->  {"seconds": s, "processor": p} for N steps, after K that are not timed: the
                                          time by the clock, and that for which the process had a processor
  {"check": N}                        ->  {"values": [...]}, the loss or mean absolute gradient after each step
  {"memory": true}                    ->  {"peak_kb": growth of the peak resident size since before the row was built}
"""

import dataclasses
import json
import os
import resource
import sys
import time


class Worker:
    """Holds one peer and the row that was built last."""

    def __init__(self, peer):
        from peers import PEERS, load

        self.peer = PEERS[peer]
        try:
            self.module, self.why = load(peer), None
        except ImportError as error:
            self.module, self.why = None, str(error)
        self.step = None
        self.resident_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def build(self, name, lr):
        from peers import Unavailable
        from workloads import by_name

        if self.module is None:
            return {"missing": self.why}
        row = by_name(name)
        if lr is not None:
            row = dataclasses.replace(row, lr=lr)
        start = time.perf_counter()
        try:
            self.step = self.module.make_step(row, **self.peer.options)
            self.count = getattr(self.step, "count", 1)  # steps of training in one call
            if lr is None:  # the first call compiles; a check wants to see it
                self.module.wait(self.step())
        except (Unavailable, ImportError, AttributeError, NotImplementedError) as error:
            return {"missing": str(error)}
        except Exception as error:  # one row that fails must not end the run
            return {"missing": f"{type(error).__name__}: {error}", "failed": True}
        return {"seconds": time.perf_counter() - start}

    def run(self, steps, warm):
        step, wait = self.step, self.module.wait
        for _ in range(max(1, warm // self.count)):
            result = step()
        wait(result)
        calls = max(1, round(steps / self.count))
        scale = steps / (calls * self.count)
        used, start = time.process_time(), time.perf_counter()
        for _ in range(calls):
            result = step()
        wait(result)
        seconds, processor = time.perf_counter() - start, time.process_time() - used
        return {"seconds": seconds * scale, "processor": processor * scale}

    def check(self, steps):
        return {"values": [self.module.summary(self.step()) for _ in range(steps)]}

    def memory(self):
        return {"peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - self.resident_kb}

    def answer(self, request):
        if "build" in request:
            return self.build(request["build"], request.get("lr"))
        if "run" in request:
            return self.run(request["run"], request["warm"])
        if "check" in request:
            return self.check(request["check"])
        return self.memory()


def main():
    # Answers go to the original standard output; whatever a library prints goes to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        answers.write(json.dumps(worker.answer(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
