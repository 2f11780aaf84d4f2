#!/bin/sh
# Rename a dataset's folder as Nebius Token Factory does it.
set -eu
endpoint="${FILEDEX_ENDPOINT:-http://127.0.0.1:8473}"
curl --silent --show-error --fail --request PATCH "$endpoint/v1/datasets/demo" \
    --header 'Content-Type: application/json' --data '{"folder": "/pictures"}'
echo
curl --silent --show-error --fail "$endpoint/v1/datasets?limit=1"
echo
