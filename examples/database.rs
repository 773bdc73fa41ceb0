//! The Postgres of an example: the one that `DATABASE_URL` names, in a schema that is removed
//! afterwards; else a server that the example starts.

use std::{env, process};

use retry_effects::tokio_postgres::{self, Client, NoTls};
use retry_tests::postgres::ThrowawayPostgres;

/// A database, with a schema that only this example uses.
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) schema: String,
    /// The server stops when this value is dropped.
    _server: Option<ThrowawayPostgres>,
}

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Database {
    /// Starts a server, unless `DATABASE_URL` names one.
    pub(crate) fn open(example: &str) -> Result<Self, Failure> {
        let (url, server) = match env::var("DATABASE_URL") {
            Ok(url) => (url, None),
            Err(_) => {
                let server = ThrowawayPostgres::start();
                let server = server.ok_or("install Postgres, or name a server: DATABASE_URL=..")?;
                let (folder, user) = (server.socket_dir().display(), server.user());
                let url = format!("host={folder} user={user} dbname=postgres");
                (url, Some(server))
            }
        };
        let schema = format!("retry_{example}_{}", process::id());
        Ok(Self {
            url,
            schema,
            _server: server,
        })
    }

    /// Removes the schema.
    pub(crate) async fn remove(self) -> Result<(), Failure> {
        let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema);
        client(&self.url).await?.batch_execute(&drop).await?;
        Ok(())
    }
}

/// Opens a connection of the application's own.
pub(crate) async fn client(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
