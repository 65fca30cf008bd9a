"""A run of W&B's own client. usage: online_run.py RUN_ID"""

import math
import sys

import wandb

run = wandb.init(project="interop", id=sys.argv[1], config={"lr": 0.1})
for step in range(20):
    run.log({"loss": 1 / (step + 1), "count": 2**60 + step}, step=step * 2)
run.log({"loss": math.nan, "up": math.inf, "down": -math.inf}, step=40)
run.finish(exit_code=3)
