"""nodus-retry, the package that the gate is modelled on: its stores as its documentation uses them."""

import sys

from nodus_retry import InMemoryEffectStore, SqliteEffectStore, compute_action_id
from turns import serve


def identify(number):
    return compute_action_id("charge", {"order_id": number, "cents": 1999}, scope="")


def through(store):
    def act(number):
        action_id = identify(number)
        done, _ = store.resolve(action_id)
        assert not done
        store.pending(action_id, "")
        store.complete(action_id, "success", {"cents": 1999})

    return act


match sys.argv[1:]:
    case ["id"]:
        serve(identify)
    case ["memory"]:
        serve(through(InMemoryEffectStore()))
    case ["sqlite", path]:
        serve(through(SqliteEffectStore(path)))
