"""When revenue is earned: schedules of lines, and what is deferred until then."""
