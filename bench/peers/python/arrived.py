"""Rows that a reader finds which is not the writer, from a process that has written none of them.

usage: arrived.py '{"tracker", "work", "dir"}'
"""

import importlib
import json
import sys

order = json.loads(sys.argv[1])
module = importlib.import_module(f"trackers.{order['tracker']}")
print("\n" + json.dumps({"arrived": module.arrived(order["dir"], order["work"])}))
