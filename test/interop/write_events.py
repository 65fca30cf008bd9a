"""Writes event files with TensorBoard's own writers, old and new.

usage: write_events.py LOGDIR
"""

import os
import sys

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import plugin_data_pb2 as hparams
from tensorboard.summary import Writer
from tensorboard.summary.writer.event_file_writer import EventFileWriter

root = sys.argv[1]

tensors = Writer(os.path.join(root, "tensors"))
for step in range(500):
    tensors.add_scalar("loss/train", 1 / (step + 1), step, wall_time=1.7e9 + step * 0.125)
    tensors.add_scalar("accuracy", step / 3, step, wall_time=1.7e9 + step * 0.125)
tensors.add_scalar("odd", float("nan"), 500, wall_time=1.7e9)
tensors.add_scalar("odd", float("inf"), 501, wall_time=1.7e9)
tensors.add_scalar("odd", -1e-40, 2**40, wall_time=1.7e9)
tensors.close()


def simple(directory, first, count, suffix):
    writer = EventFileWriter(os.path.join(root, directory), filename_suffix=suffix)
    for step in range(first, first + count):
        values = [
            Summary.Value(tag="loss", simple_value=step * 0.1),
            Summary.Value(tag="épée", simple_value=-step),
        ]
        writer.add_event(Event(step=step, wall_time=1.6e9 + step, summary=Summary(value=values)))
    writer.close()


simple(os.path.join("simple", "train"), -20, 200, ".a")
simple(os.path.join("simple", "train"), 180, 100, ".b")
simple(os.path.join("simple", "eval"), 0, 3, "")

start = hparams.SessionStartInfo(group_name="g")
start.hparams["lr"].number_value = 0.001
start.hparams["optimizer"].string_value = "adam"
start.hparams["amp"].bool_value = True
end = hparams.SessionEndInfo(status="STATUS_FAILURE")
session = EventFileWriter(os.path.join(root, "simple", "eval"), filename_suffix=".hparams")
for tag, data in [
    ("session_start_info", hparams.HParamsPluginData(version=0, session_start_info=start)),
    ("session_end_info", hparams.HParamsPluginData(version=0, session_end_info=end)),
]:
    summary = Summary()
    value = summary.value.add(tag="_hparams_/" + tag)
    value.metadata.plugin_data.plugin_name = "hparams"
    value.metadata.plugin_data.content = data.SerializeToString()
    session.add_event(Event(wall_time=1.6e9, summary=summary))
session.close()
