"""Nightly work, started by the scheduler in `config/jobs.yaml`."""

import logging

from accounts.service import UserService

log = logging.getLogger(__name__)


def erase(service: UserService) -> None:
    """Erase users whose retention period is over."""
    count = service.erase_deleted_users()
    log.info("erased %d users", count)
