"""How Viisi's own log lines look; called by the action server when it starts. The Rasa server has Rasa's own logging."""

import logging

import structlog

from viisi.settings import Settings


def configure(settings: Settings) -> None:
    """Log from the level and in the format that the settings say. Tracebacks show no variables: those hold customers' words."""
    if settings.log_format == "json":
        renderers: list[structlog.types.Processor] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        renderers = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level)),
    )
