"""Faults that were seen from outside, each folder of them beside the tests that hold its right answer with our own data."""

import re

import pytest

from tests.shared import ROOT, shared_folder

_LEDGERS = "tests/portfolio/test_ledgers_compared.py"
_EXPORTS = "tests/portfolio/test_real_exports.py"
_MAPPINGS = "tests/portfolio/test_mappings.py"
_DIALECTS = "tests/channels/test_dialects.py"
_WATCHED = "tests/delivery/test_watched_folder.py"
_SCHEDULES = "tests/worker/test_schedules.py"
_ADDRESSES = f"{_EXPORTS}::test_the_addresses_of_a_cell_are_read_and_none_is_rewritten_into_another"

HELD_BY = {
    "01-idn-sharp-s": [_ADDRESSES, "tests/portfolio/test_written_values.py::test_an_address_is_written_one_way"],
    "03-idn-mojibake": [_ADDRESSES],
    "04-protective-column-renamed": [
        f"{_LEDGERS}::test_a_protective_column_that_is_gone_refuses_the_file_and_its_people_stay_protected",
        "tests/portfolio/test_ledger_story.py::test_a_week_of_ledgers_is_compared_refused_accepted_and_kept_alike",
    ],
    "07-authorised-none": [
        "tests/portfolio/test_authorised_channels.py::test_none_in_any_case_and_by_any_of_its_words_is_no_channel",
        "tests/judge/test_daily_facts.py::test_a_debtor_who_authorised_no_channel_gets_nothing_anywhere",
    ],
    "09-zone-est-in-summer": [
        "tests/places/test_residence.py::test_an_offset_that_never_changes_is_no_place",
        "tests/places/test_residence.py::test_a_stated_zone_joins_the_guess_from_the_address_and_does_not_replace_it",
    ],
    "11-opt-out-other-case": [
        "tests/people/test_record_opt_outs.py::test_an_opt_out_binds_whoever_is_reached_at_the_mailbox_in_another_case"
    ],
    "12-placeholder-address": [
        f"{_LEDGERS}::test_an_address_that_three_people_share_is_not_used_and_one_human_at_two_creditors_is_one"
    ],
    "14-reference-with-point-zero": [
        f"{_LEDGERS}::test_a_reference_in_another_spelling_is_no_new_one",
        "tests/portfolio/test_ledger_properties.py::test_however_a_key_is_spoilt_no_second_debt_can_be_reminded",
    ],
    "15-reference-in-exponent-form": [f"{_LEDGERS}::test_a_reference_that_a_spreadsheet_rounded_is_refused"],
    "17-compact-date-in-name": [
        "tests/portfolio/test_commands.py::test_an_older_file_never_opens_a_paid_debt_again_by_a_newer_day_that_was_stated",
        "tests/portfolio/test_ledger_day.py::test_a_stated_day_that_a_name_contradicts_refuses_the_file_at_every_door",
        "tests/portfolio/test_commands.py::test_the_day_of_a_ledger_is_its_name_s_where_nobody_states_one",
        "tests/portfolio/test_ledger_day.py::test_the_usual_forms_are_read_and_of_a_period_its_end",
        f"{_WATCHED}::test_a_file_without_a_day_in_its_name_is_no_newer_than_it_was_last_written",
        f"{_WATCHED}::test_a_day_in_a_name_that_is_none_is_never_taken_for_today",
    ],
    "19-file-never-seen": [
        f"{_WATCHED}::test_files_are_imported_with_their_mapping_and_day_and_put_away",
        f"{_WATCHED}::test_a_file_that_nobody_can_read_is_put_aside_and_none_lies_there_for_ever",
    ],
    "20-amount-with-space": [f"{_EXPORTS}::test_an_amount_in_broken_groups_is_never_guessed"],
    "22-sendgrid-comma": [
        f"{_DIALECTS}::test_a_name_with_a_separator_does_not_reach_sendgrid_bare",
        f"{_DIALECTS}::test_a_drop_closes_an_address_only_where_the_address_is_what_was_wrong",
    ],
    "23-impossible-cron": [
        f"{_SCHEDULES}::test_a_wrong_schedule_is_named_with_its_line",
        f"{_SCHEDULES}::test_whatever_is_wrong_with_one_schedule_the_others_fire_and_it_is_told",
        f"{_SCHEDULES}::test_a_job_that_fails_is_recorded_and_keeps_no_other_from_its_hour",
    ],
    "24-name-is-a-placeholder": [f"{_EXPORTS}::test_what_programs_write_for_no_name_is_no_name"],
    "26-windows-1252": [
        f"{_EXPORTS}::test_a_mapping_says_how_a_file_is_encoded",
        f"{_EXPORTS}::test_without_a_mapping_the_error_names_the_encoding_and_the_way_out",
    ],
    "27-lines-before-the-names": [
        f"{_EXPORTS}::test_lines_above_the_names_are_passed_over",
        f"{_EXPORTS}::test_a_mapping_says_which_line_holds_the_names",
    ],
    "30-total-and-empty-rows": [
        f"{_EXPORTS}::test_totals_empty_rows_and_end_marks_are_counted_and_not_refused"
    ],
    "31-sap-instalments-and-language": [
        f"{_MAPPINGS}::test_the_instalments_of_one_sap_document_are_two_debts_and_an_unknown_language_is_an_empty_one"
    ],
    "32-mexican-mobile-with-1": [
        f"{_EXPORTS}::test_a_mexican_mobile_is_one_number_however_old_its_spelling"
    ],
    "33-relay-with-oauth-only": [
        f"{_DIALECTS}::test_a_relay_that_takes_no_passwords_stops_the_channel_and_says_what_it_offers"
    ],
    "34-two-addresses-with-a-comma": [_ADDRESSES],
    "35-due-date-moved": [
        "tests/planning/test_restarted_ladders.py::test_the_strategy_says_what_becomes_of_the_ladder"
    ],
}  # fmt: skip


def test_every_folder_of_seen_faults_has_its_tests() -> None:
    folders = {path.name for path in (shared_folder() / "faults").iterdir() if path.is_dir()}
    assert folders == HELD_BY.keys()


@pytest.mark.parametrize("fault", HELD_BY)
def test_the_tests_that_hold_a_seen_fault_exist(fault: str) -> None:
    for held in HELD_BY[fault]:
        file, _, name = held.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), held
