"""What single calls cost: in a tight loop, then at a steady pace."""

import statistics
import time

WARM_CALLS = 20
# The last part of a wait is spun away: a thread that has just been woken up is slower than one in its step.
SPIN_NS = 200_000


def measure_calls(peer, order: dict) -> dict:
    clock = time.perf_counter_ns
    step = 0

    def batch(count: int) -> float:
        nonlocal step
        start = clock()
        for _ in range(count):
            peer.log(step * 0.1, step)
            step += 1
        return (clock() - start) / count

    first = batch(min(WARM_CALLS, order["mostCalls"]))
    peer.flush()
    # A tenth of the time for each round; few calls where the tracker's queue takes long to drain.
    count = max(5, min(5000, order["mostCalls"] // 10, int(order["roundsMs"] * 1e5 / first)))
    rounds = []
    end = clock() + order["roundsMs"] * 1_000_000
    while not rounds or (clock() < end and step < order["mostCalls"]):
        rounds.append(batch(count))
        peer.flush()
    settle = min(order["mostCalls"], round(order["rate"] * order["settleSeconds"]))
    settled, _ = pace(peer, order["rate"], settle, order["settleSeconds"], step)
    step += len(settled)
    wanted = min(order["mostCalls"], round(order["rate"] * order["pacedSeconds"]))
    latencies, seconds = pace(peer, order["rate"], wanted, order["pacedSeconds"] * 2, step)
    peer.close()
    return {
        "callNs": statistics.median(rounds),
        "latencies": summary(latencies),
        "pace": len(latencies) / seconds,
        "logged": step + len(latencies),
    }


def pace(peer, rate: float, wanted: int, most_seconds: float, first_step: int):
    """Sleeps between calls, as a training step does that waits for its device: the tracker's threads have the
    interpreter meanwhile. One that cannot keep the pace is called as fast as it returns."""
    clock = time.perf_counter_ns
    latencies = []
    start = due = clock()
    end = start + int(most_seconds * 1e9)
    for index in range(wanted):
        due = start + int(index * 1e9 / rate)
        left = due - clock()
        if left > SPIN_NS:
            time.sleep((left - SPIN_NS) / 1e9)
        while clock() < due:
            pass
        begin = clock()
        peer.log(index * 0.1, first_step + index)
        now = clock()
        latencies.append(now - begin)
        if now > end:
            break
    return latencies, max(1e-9, (clock() - start) / 1e9)


def summary(latencies: list) -> dict:
    """Microseconds, of the sorted values themselves."""
    values = sorted(latencies)

    def quantile(fraction: float) -> float:
        return values[min(len(values) - 1, max(0, -int(-fraction * len(values) // 1) - 1))] / 1000

    return {
        "count": len(values),
        "p50": quantile(0.5),
        "p90": quantile(0.9),
        "p99": quantile(0.99),
        "p999": quantile(0.999),
        "p9999": quantile(0.9999),
        "max": values[-1] / 1000,
    }
