//! `acted()`: after it, no error of the attempt is a proof.

use super::*;

#[test]
fn after_acted_no_error_is_proof() {
    let acts = |error: fn() -> Own| {
        left_by(move |_| {
            acted();
            error()
        })
    };
    assert_eq!(acts(|| Own::Declined), IN_DOUBT);
    let by_kind = left_by(|_| {
        acted();
        io::Error::from(io::ErrorKind::ConnectionRefused)
    });
    assert_eq!(by_kind, IN_DOUBT);
}

#[test]
fn acted_is_of_one_attempt() {
    let (store, effects) = (store(), Effects::default());
    let outcome = charge(&store)
        .in_doubt(OnDoubt::Reexecute)
        .retry(thrice())
        .run(|| {
            if effects.happen() == 1 {
                acted();
            }
            refused::<()>()
        });
    assert!(outcome.is_err());
    // The first attempt's effect stays unknown, and this remains; the others did nothing.
    assert_eq!(
        (status(&*store), effects.count()),
        (Some(Status::InDoubt), 3)
    );
    acted();
}

#[test]
fn the_known_limit_a_later_step_that_was_refused_looks_like_nothing_happened() {
    let booked = Effects::default();
    let left = left_by(|_| {
        booked.happen();
        // The mail server, after the booking: `acted()` before the booking is missing.
        io::Error::from(io::ErrorKind::ConnectionRefused)
    });
    assert_eq!((left, booked.count()), (FREE_AFTER_ALL, 3));
}

#[test]
fn acted_is_known_from_a_thread_of_the_body() {
    let on_a_thread = |acts: bool| {
        left_by(move |_| {
            let work = in_current_scope_blocking(move || {
                if acts {
                    acted();
                }
            });
            thread::scope(|scope| scope.spawn(work).join()).expect("no panic");
            Own::Declined
        })
    };
    assert_eq!(on_a_thread(true), IN_DOUBT);
    assert_eq!(on_a_thread(false), FREE_AT_ONCE);
}
