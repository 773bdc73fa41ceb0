"""One gated call as nodus-retry's documentation writes it: prints what came back, and whether it ran."""
import json
import sqlite3
import sys

from nodus_retry import (
    NO_RETRY,
    SqliteEffectStore,
    compute_action_id,
    execute_with_retry,
)

path, action_type, payload, scope, outcome = sys.argv[1:]
action_id = compute_action_id(action_type, json.loads(payload), scope=scope)
ran = 0


def work():
    global ran
    ran += 1
    if outcome == "fail":
        raise ValueError("the work failed")
    return json.loads(outcome)


def gated(store):
    done, cached = store.resolve(action_id)
    if done:
        return cached
    store.pending(action_id, "a hash of Python's own")
    if outcome == "crash":
        sys.exit(json.dumps({"id": action_id}))
    try:
        result = execute_with_retry(work, policy=NO_RETRY)
    except Exception:
        store.complete(action_id, "failed", None)
        raise
    store.complete(action_id, "success", result)
    return result


store = SqliteEffectStore(path)
said = {"id": action_id}
if outcome == "late-failure":
    store.complete(action_id, "failed", None)
else:
    try:
        said["result"] = gated(store)
    except (sqlite3.Error, ValueError) as error:
        said["error"] = str(error)
        # Whether its connection, still open, holds a lock: somebody else writes meanwhile.
        other = sqlite3.connect(path, timeout=0)
        other.execute("CREATE TABLE IF NOT EXISTS others (number)")
        other.execute("INSERT INTO others VALUES (1)")
        other.commit()
said |= {"ran": ran, "rows": len(store)}
try:
    record = store.get(action_id)
    said |= {"status": record.status, "created_at": record.created_at.isoformat()}
except json.JSONDecodeError:
    said["status"] = "unreadable"
print(json.dumps(said))
