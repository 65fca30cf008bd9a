"""As many rows as fit, with the back-pressure that the tracker has; then until the last one is written."""

import time

WARM_CALLS = 10


def measure_flood(peer, order: dict) -> dict:
    clock = time.perf_counter_ns
    for step in range(WARM_CALLS):
        peer.log(step * 0.1, step)
    peer.flush()
    step = WARM_CALLS
    cpu = time.thread_time_ns()
    start = clock()
    end = start + int(order["floodSeconds"] * 1e9)
    while clock() < end and step < order["mostCalls"] + WARM_CALLS:
        peer.log(step * 0.1, step)
        step += 1
    caller = clock() - start
    peer.close()
    written = clock() - start
    rows = step - WARM_CALLS
    return {
        "rows": rows,
        "callerSeconds": caller / 1e9,
        "writtenSeconds": written / 1e9,
        "threadNs": (time.thread_time_ns() - cpu) / rows,
        "logged": step,
    }
