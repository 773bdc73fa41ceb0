//! A booking by sea-orm.

use std::io;
use std::sync::Arc;

use retry_core::{Classify, retry_storage};
use retry_effects::store::{Completion, SqlParam};
use retry_effects::{EffectError, Outcome, StoreError, current_action};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait,
    IsolationLevel, RuntimeErr, SqlxError, Statement, TransactionTrait, Value,
};

use super::hotel::{Fault, Hotel, KIND, raise};
use super::{Failed, Failure, judge_by_chain};

mod rooms {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "rooms")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        pub free: i64,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod bookings {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "bookings")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub number: i64,
        pub guest: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Books a room, and returns the number of the booking. `in_doubt = "reexecute"` is safe because the
/// record is part of the transaction.
#[retry_storage(
    idempotent = true,
    name = "book_by_sea_orm",
    key(guest),
    skip(hotel, pool, fault),
    store = &hotel.effects,
    min_wait = "5ms",
    in_doubt = "reexecute"
)]
pub(crate) async fn book(
    hotel: &Hotel,
    pool: &DatabaseConnection,
    guest: &str,
    fault: Fault,
) -> Result<i64, BookingError> {
    let action = current_action().ok_or(BookingError::NotGated)?;
    hotel.begin();

    let isolation = Some(IsolationLevel::RepeatableRead);
    let transaction = pool.begin_with_config(isolation, None).await?;
    let room = rooms::Entity::find_by_id(KIND).one(&transaction).await?;
    let room = room.filter(|room| room.free > 0);
    let room = room.ok_or(BookingError::Full)?;
    hotel.may_be_overtaken(fault, action.attempt()).await;
    let booking = bookings::ActiveModel {
        guest: Set(guest.to_owned()),
        ..Default::default()
    };
    let number = booking.insert(&transaction).await?.number;
    let free = Set(room.free - 1);
    let room = rooms::ActiveModel {
        free,
        ..room.into()
    };
    room.update(&transaction).await?;

    // Later calls return the value recorded here.
    let completion = action.completion(&Outcome::success(&number)?)?;
    let done = transaction.execute_raw(statement(&completion)).await?;
    // An error drops the transaction, which rolls it back.
    action.completed_in(done.rows_affected())?;
    hotel.may_die(fault).await;
    transaction.commit().await?;
    hotel.may_hear(fault, action.attempt())?;
    Ok(number)
}

fn statement(completion: &Completion) -> Statement {
    let values = completion.params().iter().map(|param| match param {
        SqlParam::Bytes(bytes) => Value::from(bytes.clone()),
        SqlParam::Integer(number) => Value::from(*number),
        SqlParam::Text(text) => Value::from(text.clone()),
    });
    Statement::from_sql_and_values(DbBackend::Postgres, completion.sql(), values)
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
    /// Judged by `retry_core` (feature `sqlx`).
    #[error("the database: {0}")]
    Sqlx(#[source] Arc<SqlxError>),
    #[error("no connection: {0}")]
    #[classify(retry, not_applied)]
    Pool(#[source] DbErr),
    /// Judged by its text.
    #[error("sea-orm: {0}")]
    Orm(#[source] DbErr),
    #[error("no answer: {0}")]
    NoAnswer(#[from] io::Error),
    #[error("the booking cannot be recorded: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Effect(#[from] EffectError),
}

/// The source chain of sea-orm's error ends above that of sqlx, which only its variants give.
impl From<DbErr> for BookingError {
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::Conn(RuntimeErr::SqlxError(error))
            | DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error)) => Self::Sqlx(error),
            DbErr::ConnectionAcquire(_) => Self::Pool(error),
            _ => Self::Orm(error),
        }
    }
}

/// Executes a statement that fails with this SQLSTATE.
pub(crate) async fn fail(
    pool: &DatabaseConnection,
    code: &str,
) -> Result<Failed<BookingError>, Failure> {
    let failed = pool.execute_unprepared(&raise(code)).await;
    let error = failed.err().ok_or("no error")?;
    Ok((judge_by_chain(&error), error.into()))
}

/// Commits in a session that has ended.
pub(crate) async fn commit_ended(
    hotel: &Hotel,
    pool: &DatabaseConnection,
) -> Result<Failed<BookingError>, Failure> {
    let transaction = pool.begin().await?;
    hotel.end_transactions().await?;
    let error = transaction.commit().await.err().ok_or("no error")?;
    Ok((judge_by_chain(&error), error.into()))
}
