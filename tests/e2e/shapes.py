"""In which shapes end-to-end tests run, and why some run in one only."""

ONE, SERVICES = "one", "services"

# Modules and tests that one process alone is asked, by the reason; `test_shapes.py` holds the list
# to what there is, and everything else to both shapes.
ALONE: dict[str, tuple[str, ...]] = {
    "is about a process: its start, signals, port, server, or its README": (
        "test_external_server.py",
        "test_readme.py",
        "test_up.py",
        "test_a_folder_that_is_not_there_is_refused",
        "test_without_a_server_it_runs_one_of_its_own_and_ends_it",
    ),
    "is about services: the gateway and the processes behind it": ("test_behind_the_gateway.py",),
    "asks for settings that others must not have": (
        "test_access_point.py",
        "test_numbers_on_hold.py",
        "test_a_tenant_has_limits",
        "test_wrong_bytes_of_a_file_never_reach_an_e_invoice",
    ),
    "puts channels of its own into the process, which die or answer badly": (
        "test_more_transmissions.py",
        "test_revisions.py",
        "test_sending_at_the_edges.py",
        "test_transmissions.py",
    ),
    "makes a bound of the process small, or lets work in it die": (
        "test_timeouts.py",
        "test_a_purge_that_dies_in_the_middle_goes_on_and_purges_each_once",
        "test_more_documents_than_an_archive_holds_are_refused_before_any_work",
    ),
    "acts before the work in the background begins, which other processes begin by themselves": (
        "test_a_cancelled_operation_does_nothing_more_until_it_is_resumed",
        "test_a_purge_needs_a_trial_that_is_done",
    ),
    "looks at what the application declares, or calls what only runs inside": (
        "test_each_change_is_undone_in_some_answer_and_changes_nothing_it_was_given",
        "test_every_route_that_shows_what_changed_is_asked_here",
        "test_the_audit_is_clean_after_a_purge_and_states_what_was_purged",
    ),
    "counts the statements of the process": (
        "test_s02_a_customer_with_233_documents_is_listed_in_three_round_trips",
        "test_s04_four_hundred_documents_in_one_archive_are_streamed",
    ),
    "speaks to nobody: it checks the tests": (
        "test_shapes.py",
        "test_the_figures_by_hand_hold_together",
    ),
}


def shapes_of(module: str, test: str) -> tuple[str, ...]:
    """Those in which a test runs."""
    alone = {name for names in ALONE.values() for name in names}
    return (ONE,) if alone & {module, test} else (ONE, SERVICES)
