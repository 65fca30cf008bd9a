"""One tracker, one work, one phase, in a process of its own: one line of JSON. See ../python.ts.

usage: measure.py '{"tracker", "mode", "work", "phase", "dir", "storage", ...lengths}'
"""

import importlib
import json
import sys

from calls import measure_calls
from files import bytes_below
from flood import measure_flood


def main() -> None:
    order = json.loads(sys.argv[1])
    module = importlib.import_module(f"trackers.{order['tracker']}")
    peer = module.Tracker(order["dir"], order["work"], order["mode"])
    # A new database has tables before it has rows.
    empty = bytes_below(order["storage"])
    measure = measure_calls if order["phase"] == "calls" else measure_flood
    result = measure(peer, order)
    result |= {"version": module.version(), "bytes": bytes_below(order["storage"]) - empty}
    print("\n" + json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
