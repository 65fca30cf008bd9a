"""Takes torch.utils.tensorboard out of a wheel of torch. usage: torch_files.py DIRECTORY-OF-THE-WHEEL ENVIRONMENT"""

import glob
import os
import sys
import zipfile

download, environment = sys.argv[1:]
(wheel,) = glob.glob(os.path.join(download, "torch-*.whl"))
target = os.path.join(environment, "torch-files")
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith("torch/utils/tensorboard/"):
            archive.extract(name, target)
with open(os.path.join(target, "version"), "w", encoding="utf-8") as file:
    file.write(os.path.basename(wheel).split("-")[1])
