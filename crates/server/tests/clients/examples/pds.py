"""Search and change files with PDS's own client; a dataset is a drive."""
import os

from alibabacloud_pds20220301 import models as m
from alibabacloud_pds20220301.client import Client
from alibabacloud_tea_openapi.models import Config

endpoint = os.environ.get("FILEDEX_ENDPOINT", "http://127.0.0.1:8473").removeprefix("http://")
pds = Client(Config(endpoint=endpoint, protocol="http", access_key_id="any", access_key_secret="any"))

found = pds.search_file(m.SearchFileRequest(
    drive_id="demo", query='category = "image" and name match "8 jpg"', limit=2, return_total_count=True)).body
print(found.total_count, "pictures")
for file in found.items:
    changed = pds.update_file(m.UpdateFileRequest(
        drive_id="demo", file_id=file.file_id, starred=True, labels=["holiday"])).body
    print(changed.name, changed.starred, changed.labels)
