"""Transactions that met another one are repeated."""

import logging
from collections.abc import Callable

from django.db import IntegrityError, OperationalError, connection

logger = logging.getLogger(__name__)

# Deadlock, serialisation, and a foreign key to a row that an erasure deleted meanwhile.
_MET_ANOTHER = {"40P01", "40001", "23503"}


def thrice[T](act: Callable[[], T]) -> T:
    """`act` must be one whole transaction; inside an outer one it is tried once."""
    for attempt in (1, 2, 3):
        try:
            return act()
        except (OperationalError, IntegrityError) as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state not in _MET_ANOTHER or attempt == 3 or connection.in_atomic_block:
                raise
            logger.info("a transaction met %s, attempt %s", state, attempt)
    raise AssertionError("unreachable")
