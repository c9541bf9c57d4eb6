"""Logs would be longer than the work: every refused frame is worth a line to them."""

import logging

import structlog


def silence() -> None:
    """No log of this process is written any more."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
