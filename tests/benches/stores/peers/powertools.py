"""Powertools for AWS Lambda: idempotency on Redis."""

import os
import sys

os.environ["POWERTOOLS_SERVICE_NAME"] = "stores"

from aws_lambda_powertools.utilities.idempotency import (  # noqa: E402
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.persistence.cache import (  # noqa: E402
    CachePersistenceLayer,
)
from redis import Redis  # noqa: E402
from turns import serve  # noqa: E402

client = Redis(unix_socket_path=sys.argv[1], decode_responses=True)


@idempotent_function(
    data_keyword_argument="order",
    config=IdempotencyConfig(),
    persistence_store=CachePersistenceLayer(client=client),
)
def charge(order):
    return {"cents": 1999}


serve(lambda number: charge(order={"order_id": number}))
