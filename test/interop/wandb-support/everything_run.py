"""A run of W&B's own client that uses what the scripted server models. usage: everything_run.py RUN_ID"""

import sys

import wandb

run = wandb.init(project="interop", id=sys.argv[1], config={"lr": 0.1})
run.define_metric("epoch", hidden=True)
run.define_metric("val/*", step_metric="epoch", summary="max,mean")
run.define_metric("acc", summary="min,last")
for step in range(5):
    print(f"step {step}")
    run.log({"val/a": step % 3, "acc": step, "epoch": step // 2})
print("to stderr", file=sys.stderr)
run.log({
    "page": wandb.Html("<p>a page</p>"),
    "histogram": wandb.Histogram(np_histogram=([1, 2], [0.0, 1.0, 2.0])),
})
run.config.update({"batch": 8})
run.summary["note"] = "kept"
with open("saved.txt", "w") as file:
    file.write("a saved file")
run.save("saved.txt", policy="now")
run.alert("title", "text", level=wandb.AlertLevel.WARN, wait_duration=5)
run.finish()
