"""Prints every scalar of a log directory, as TensorBoard's Python reader (which checks each checksum) has it.

usage: read_scalars.py LOGDIR
Output, JSON: { run: { tag: [[wall time, step, bits of the float32 as hex], ...] } }; a run is a directory
relative to LOGDIR.
"""

import json
import os
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

EVERYTHING = {"scalars": 0, "tensors": 0}


def bits(value):
    return struct.pack(">f", value).hex()


def point(event):
    value = tensor_util.make_ndarray(event.tensor_proto)
    assert value.dtype == "float32" and value.shape == (), (value.dtype, value.shape)
    return [event.wall_time, event.step, bits(value.item())]


def scalars(path):
    accumulator = EventAccumulator(path, size_guidance=EVERYTHING)
    accumulator.Reload()
    tags = accumulator.Tags()["tensors"]
    for tag in tags:
        assert accumulator.SummaryMetadata(tag).plugin_data.plugin_name == "scalars", tag
    found = {tag: [point(event) for event in accumulator.Tensors(tag)] for tag in tags}
    # Of old writers, which have values and no tensors.
    for tag in accumulator.Tags()["scalars"]:
        found[tag] = [[event.wall_time, event.step, bits(event.value)] for event in accumulator.Scalars(tag)]
    return found


root = sys.argv[1]
runs = sorted(
    path for path, _, names in os.walk(root) if any("tfevents" in name for name in names)
)
json.dump({os.path.relpath(path, root): scalars(path) for path in runs}, sys.stdout)
