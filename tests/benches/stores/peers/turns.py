"""Turns of a peer: each line on the input is a duration in milliseconds, for which actions follow each other.

The answer is one line of nanoseconds: processor time, time, and the time of each action.
"""

import os
import sys
from time import perf_counter_ns, process_time_ns


def serve(act):
    """Calls `act` with 0 before the first turn, so that one-time work is done, then with new numbers."""
    answers = os.fdopen(os.dup(1), "w")
    # Packages may print; the output is for answers only.
    os.dup2(2, 1)
    act(0)
    number = 0
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        times = []
        used = process_time_ns()
        began = begun = perf_counter_ns()
        until = began + int(line) * 1_000_000
        while begun < until:
            number += 1
            act(number)
            ended = perf_counter_ns()
            times.append(ended - begun)
            begun = ended
        used = process_time_ns() - used
        print(used, begun - began, *times, file=answers, flush=True)
