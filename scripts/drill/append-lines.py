"""Appends numbered lines to a file, each with fsync, until a stop file is there; prints what came of it as JSON.

usage: append-lines.py FILE PROGRESS STOP LIMIT_SECONDS
"""

import json
import os
import sys
import time

PAUSE_SECONDS = 0.1

target, progress, stop, limit = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
result = {"written": 0, "failed": 0, "longestSeconds": 0.0, "lastError": ""}
file = None
end = time.monotonic() + limit
while not os.path.exists(stop) and time.monotonic() < end:
    begun = time.monotonic()
    try:
        if file is None:
            file = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.write(file, b"%d\n" % (result["written"] + 1))
        os.fsync(file)
        result["written"] += 1
    except OSError as error:
        result["failed"] += 1
        result["lastError"] = str(error)
        file = None
    took = time.monotonic() - begun
    result["longestSeconds"] = max(result["longestSeconds"], round(took, 2))
    with open(progress, "w") as out:
        out.write(str(result["written"]))
    time.sleep(max(0.0, PAUSE_SECONDS - took))
print(json.dumps(result))
