"""A run of W&B's own client, new or resumed. usage: resumable_run.py RUN_ID RESUME FIRST COUNT

Row n has the value n; a line is printed for each. Prints what the client knows of the run before, as JSON.
"""

import json
import sys

import wandb

run_id, resume, first, count = sys.argv[1:]
run = wandb.init(project="interop", id=run_id, resume=resume, config={"theirs": True})
known = {"resumed": run.resumed, "step": run.step, "config": dict(run.config), "value": run.summary.get("value")}
print("known:", json.dumps(known))
for row in range(int(first), int(first) + int(count)):
    print(f"theirs {row}")
    run.log({"value": row})
run.finish()
