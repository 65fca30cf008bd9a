"""A run that W&B's own client takes back to a step, and goes on with. usage: rewound_run.py RUN_ID STEP COUNT

Row n after that has the value n + 0.5; a line is printed for each.
"""

import sys

import wandb

run_id, step, count = sys.argv[1:]
run = wandb.init(project="interop", id=run_id, resume_from=f"{run_id}?_step={step}")
for row in range(int(step) + 1, int(step) + 1 + int(count)):
    print(f"theirs {row}")
    run.log({"value": row + 0.5})
run.finish()
