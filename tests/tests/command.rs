//! The operator's command, run as its users run it: a process of its own, on stores that this one
//! has open.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test may; the lint knows only test functions"
)]

mod command {
    mod bench;
    mod listing;
    mod purging;
    mod settling;
    mod showing;
    mod terminal;
    mod wrong_places;

    /// The same tests for each durable store.
    macro_rules! on_every_store {
        ($($test:path as $name:ident),* $(,)?) => {
            mod sqlite {
                $(#[test] fn $name() { $test(&super::bench::Bench::sqlite()); })*
            }
            #[cfg(feature = "postgres")]
            mod postgres {
                $(#[test] fn $name() {
                    if let Some(bench) = super::bench::Bench::postgres() { $test(&bench); }
                })*
            }
            #[cfg(feature = "redis")]
            mod redis {
                $(#[test] fn $name() {
                    if let Some(bench) = super::bench::Bench::redis() { $test(&bench); }
                })*
            }
        };
    }

    on_every_store! {
        super::listing::a_table_for_people as a_table_for_people,
        super::listing::json_for_programs as json_for_programs,
        super::listing::only_those_that_are_asked_for as only_those_that_are_asked_for,
        super::listing::more_than_a_page as more_than_a_page,
        super::listing::what_could_move_the_cursor_is_escaped as what_could_move_the_cursor_is_escaped,
        super::listing::who_has_seen_enough_may_leave as who_has_seen_enough_may_leave,
        super::listing::records_are_counted_by_state as records_are_counted_by_state,
        super::showing::what_is_in_doubt_and_how_it_is_settled as what_is_in_doubt_and_how_it_is_settled,
        super::showing::who_is_at_it as who_is_at_it,
        super::showing::a_result as a_result,
        super::showing::a_result_that_is_no_json as a_result_that_is_no_json,
        super::showing::by_its_first_digits as by_its_first_digits,
        super::showing::what_is_not_there as what_is_not_there,
        super::settling::it_happened as it_happened,
        super::settling::it_did_not_happen as it_did_not_happen,
        super::settling::a_living_owner_is_left_alone as a_living_owner_is_left_alone,
        super::settling::another_record_than_was_seen as another_record_than_was_seen,
        super::settling::what_is_not_in_doubt as what_is_not_in_doubt,
        super::settling::a_result_that_no_longer_decodes as a_result_that_no_longer_decodes,
        super::settling::said_twice as said_twice,
        super::settling::nothing_is_done_unasked as nothing_is_done_unasked,
        super::settling::what_is_no_json as what_is_no_json,
        super::purging::what_is_old_goes as what_is_old_goes,
        super::purging::a_count_changes_nothing as a_count_changes_nothing,
        super::terminal::a_yes_settles as a_yes_settles,
        super::terminal::anything_else_does_not as anything_else_does_not,
        super::terminal::a_purge_says_how_many as a_purge_says_how_many,
        super::terminal::what_changed_while_it_asked_is_left_alone as what_changed_while_it_asked_is_left_alone,
    }
}
