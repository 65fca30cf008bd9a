"""An offline run of the real client, with all that an import must understand.

usage: offline_import_run.py DIRECTORY
"""

import sys
import time

import wandb

run = wandb.init(
    dir=sys.argv[1],
    mode="offline",
    project="old project",
    name="first try",
    tags=["a", "b"],
    notes="of last year",
    group="sweep",
    job_type="train",
    config={"lr": 0.1, "optimizer": {"name": "adam", "betas": [0.9, 0.999]}},
    settings=wandb.Settings(console="wrap", x_stats_sampling_interval=0.2),
)
for step in range(1000):
    run.log({"loss": 1 / (step + 1), "nested": {"x": step, "deep": {"y": step / 3}}, "flag": step % 2 == 0})
run.log({"nan": float("nan"), "inf": float("-inf"), "text": "no metric"})
run.log({"loss": 5e-324}, step=5000)
print("half-way")
print("careful", file=sys.stderr)
sys.stdout.write("10 %\r100 %\n")
# For a sample of the machine with all that it has.
time.sleep(1)
run.config.update({"later": True})
run.summary["best"] = 0.25
run.summary["word"] = "good"
run.finish()
