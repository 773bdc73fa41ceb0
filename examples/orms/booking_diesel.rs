//! A booking by diesel-async.

use std::io;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Binary, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use retry_core::{Classify, Judgement, retry_storage};
use retry_effects::store::{Completion, SqlParam};
use retry_effects::{EffectError, Outcome, StoreError, current_action};

use super::hotel::{Fault, Hotel, KIND, raise};
use super::{Failed, Failure, judge_by_chain};

diesel::table! {
    rooms (kind) {
        kind -> Text,
        free -> BigInt,
    }
}

diesel::table! {
    bookings (number) {
        number -> BigInt,
        guest -> Text,
    }
}

/// Books a room, and returns the number of the booking. `in_doubt = "reexecute"` is safe because the
/// record is part of the transaction.
#[retry_storage(
    idempotent = true,
    name = "book_by_diesel",
    key(guest),
    skip(hotel, url, fault),
    store = &hotel.effects,
    min_wait = "5ms",
    in_doubt = "reexecute"
)]
pub(crate) async fn book(
    hotel: &Hotel,
    url: &str,
    guest: &str,
    fault: Fault,
) -> Result<i64, BookingError> {
    let action = current_action().ok_or(BookingError::NotGated)?;
    hotel.begin();

    let mut connection = AsyncPgConnection::establish(url).await?;
    let mut transaction = connection.build_transaction().repeatable_read();
    let number = transaction
        .run(async |connection| {
            let free: i64 = rooms::table
                .find(KIND)
                .select(rooms::free)
                .first(connection)
                .await
                .map_err(BookingError::Statement)?;
            if free == 0 {
                return Err(BookingError::Full);
            }
            hotel.may_be_overtaken(fault, action.attempt()).await;
            let number: i64 = diesel::insert_into(bookings::table)
                .values(bookings::guest.eq(guest))
                .returning(bookings::number)
                .get_result(connection)
                .await
                .map_err(BookingError::Statement)?;
            diesel::update(rooms::table.find(KIND))
                .set(rooms::free.eq(free - 1))
                .execute(connection)
                .await
                .map_err(BookingError::Statement)?;

            // Later calls return the value recorded here.
            let completion = action.completion(&Outcome::success(&number)?)?;
            let rows = query(&completion).execute(connection).await;
            let rows = rows.map_err(BookingError::Statement)?;
            // An error rolls back.
            action.completed_in(rows as u64)?;
            hotel.may_die(fault).await;
            Ok::<_, BookingError>(number)
        })
        .await?;
    hotel.may_hear(fault, action.attempt())?;
    Ok(number)
}

fn query(completion: &Completion) -> BoxedSqlQuery<'_, Pg, SqlQuery> {
    let query = diesel::sql_query(completion.sql()).into_boxed::<Pg>();
    let params = completion.params().iter();
    params.fold(query, |query, param| match param {
        SqlParam::Bytes(bytes) => query.bind::<Binary, _>(bytes),
        SqlParam::Integer(number) => query.bind::<BigInt, _>(number),
        SqlParam::Text(text) => query.bind::<Text, _>(text),
    })
}

/// The errors of a booking.
#[derive(Debug, thiserror::Error, Classify)]
pub(crate) enum BookingError {
    #[error("not in a gated body")]
    #[classify(stop, not_applied)]
    NotGated,
    #[error("all rooms are taken")]
    #[classify(stop, not_applied)]
    Full,
    #[error("no connection: {0}")]
    #[classify(retry, not_applied)]
    Connection(#[from] ConnectionError),
    /// Before the COMMIT, so that the transaction is undone, whatever the error is.
    #[error("a statement: {0}")]
    #[classify(with = judge_statement)]
    Statement(#[source] Error),
    /// A BEGIN, a COMMIT, or a ROLLBACK.
    #[error("the transaction: {0}")]
    #[classify(with = judge)]
    Transaction(#[from] Error),
    #[error("no answer: {0}")]
    NoAnswer(#[from] io::Error),
    #[error("the booking cannot be recorded: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Effect(#[from] EffectError),
}

/// Judges by the kind, as diesel keeps no SQLSTATE. A deadlock (40P01) is `Unknown` to it, and so is a
/// session that the server ended in the COMMIT.
fn judge(error: &Error) -> Judgement {
    use DatabaseErrorKind as Kind;
    match error {
        Error::DatabaseError(Kind::SerializationFailure, _) => Judgement::retry()
            .not_applied()
            .with_kind("serialization_failure"),
        Error::DatabaseError(
            Kind::UniqueViolation
            | Kind::ForeignKeyViolation
            | Kind::RestrictViolation
            | Kind::NotNullViolation
            | Kind::CheckViolation
            | Kind::ExclusionViolation,
            _,
        ) => Judgement::stop()
            .not_applied()
            .with_kind("constraint_violation"),
        // Also a COMMIT without an answer.
        _ => Judgement::retry(),
    }
}

fn judge_statement(error: &Error) -> Judgement {
    judge(error).not_applied()
}

/// Executes a statement that fails with this SQLSTATE.
pub(crate) async fn fail(url: &str, code: &str) -> Result<Failed<BookingError>, Failure> {
    let mut connection = AsyncPgConnection::establish(url).await?;
    let failed = connection.batch_execute(&raise(code)).await;
    let error = failed.err().ok_or("no error")?;
    Ok((judge_by_chain(&error), BookingError::Statement(error)))
}

/// Commits in a session that has ended.
pub(crate) async fn commit_ended(
    hotel: &Hotel,
    url: &str,
) -> Result<Failed<BookingError>, Failure> {
    let mut connection = AsyncPgConnection::establish(url).await?;
    let commit = connection.transaction(async |_| {
        hotel
            .end_transactions()
            .await
            .expect("the only transaction");
        Ok::<_, Error>(())
    });
    let error = commit.await.err().ok_or("no error")?;
    Ok((judge_by_chain(&error), error.into()))
}
