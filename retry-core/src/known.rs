//! [`Classify`](crate::Classify) for errors that this crate knows: one file a library.

#[cfg(feature = "anyhow")]
mod anyhow;
#[cfg(any(
    feature = "reqwest",
    feature = "sqlx",
    feature = "tokio-postgres",
    feature = "tonic"
))]
mod connect;
#[cfg(feature = "eyre")]
mod eyre;
#[cfg(any(feature = "reqwest", feature = "tonic"))]
mod http_status;
mod io;
mod outcome;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "reqwest")]
mod reqwest;
mod retry;
#[cfg(any(feature = "sqlx", feature = "tokio-postgres"))]
mod sqlstate;
#[cfg(feature = "sqlx")]
mod sqlx;
#[cfg(test)]
mod table;
#[cfg(feature = "tokio-postgres")]
mod tokio_postgres;
#[cfg(feature = "tonic")]
mod tonic;
#[cfg(any(feature = "redis", feature = "sqlx"))]
mod transport;
