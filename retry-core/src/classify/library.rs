//! [`Classify`](crate::Classify) for errors that this crate knows: one file a library.

#[macro_use]
mod classified;

#[cfg(feature = "anyhow")]
mod anyhow;
mod connect;
#[cfg(feature = "eyre")]
mod eyre;
#[cfg(feature = "h2")]
mod h2;
mod head;
mod http_client;
pub(crate) mod http_hints;
mod http_status;
#[cfg(feature = "hyper")]
mod hyper;
mod io;
pub(crate) mod layers;
mod outcome;
mod pools;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "reqwest", feature = "reqwest-012"))]
mod reqwest;
mod retry;
mod sqlite;
#[cfg(any(feature = "sqlx", feature = "sqlx-08", feature = "tokio-postgres"))]
mod sqlstate;
#[cfg(any(feature = "sqlx", feature = "sqlx-08"))]
mod sqlx;
#[cfg(any(feature = "reqwest", feature = "reqwest-012"))]
pub(crate) mod status_error;
#[cfg(test)]
mod table;
mod tokio;
#[cfg(feature = "tokio-postgres")]
mod tokio_postgres;
#[cfg(feature = "tonic")]
mod tonic;
#[cfg(any(feature = "redis", feature = "sqlx", feature = "sqlx-08"))]
mod transport;
