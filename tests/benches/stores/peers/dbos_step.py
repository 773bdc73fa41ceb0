"""DBOS: a workflow of one step, whose id is the action's."""

import sys

from dbos import DBOS, SetWorkflowID
from turns import serve

DBOS(
    config={
        "name": "stores",
        "system_database_url": sys.argv[1],
        "log_level": "ERROR",
        "run_admin_server": False,
    }
)


@DBOS.step()
def charge(order_id):
    return 1999


@DBOS.workflow()
def order(order_id):
    return charge(order_id)


def act(number):
    with SetWorkflowID(f"order-{number}"):
        order(number)


DBOS.launch()
serve(act)
