//! Encrypted connections to a server that takes no others, with a certificate that nobody has
//! signed.

use std::process::Command;
use std::sync::Arc;

use retry_effects::store::{Claim, ClaimRequest};
use retry_effects::{EffectStore, PostgresEffectStore, StoreError};
use retry_tests::postgres::ThrowawayPostgres;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::bench::{id, success};

fn url(server: &ThrowawayPostgres, mode: &str) -> String {
    let (port, user) = (server.port(), server.user());
    format!("postgres://{user}@localhost:{port}/postgres?sslmode={mode}")
}

/// A connector that trusts this server alone.
fn connector(server: &ThrowawayPostgres) -> MakeRustlsConnect {
    let mut trusted = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(server.certificate()).unwrap();
    trusted.add(certificate).unwrap();
    let encrypter = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(encrypter)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    MakeRustlsConnect::new(config)
}

async fn works(store: &PostgresEffectStore) {
    let claim = store.pending(&ClaimRequest::new(id(1), "test")).await;
    let Ok(Claim::Won(token)) = claim else {
        panic!("{claim:?}")
    };
    store.complete(&token, success()).await.unwrap();
}

/// One test for all: the server starts once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_encrypted_as_asked() {
    let Some(server) = ThrowawayPostgres::start_encrypted() else {
        return;
    };
    let options = PostgresEffectStore::options().pool_size(2);
    let opened = options.clone().schema("given");
    let required = url(&server, "require");
    let opened = opened.connect_with(&required, connector(&server)).await;
    works(&opened.unwrap()).await;

    // libpq's name for the same, and one for less than that.
    let opened = options.clone().schema("full");
    let full = url(&server, "verify-full");
    let opened = opened.connect_with(&full, connector(&server)).await;
    works(&opened.unwrap()).await;
    let less = options.clone().connect(&url(&server, "verify-ca")).await;
    refused(less, "require or verify-full");

    // In the clear this server lets nobody in.
    let clear = options.clone().connect(&url(&server, "disable")).await;
    refused(clear, "no encryption");
    // Its certificate is nobody's whom this machine trusts.
    refused(options.connect(&required).await, "SSL_CERT_FILE");

    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "postgres::tls::child_trusts", "--nocapture"])
        .env("SSL_CERT_FILE", server.certificate())
        .env(CHILD, &required)
        .output();
    let child = child.unwrap();
    assert!(child.status.success(), "{child:?}");
    assert!(String::from_utf8_lossy(&child.stdout).contains(DONE));
}

fn refused(opened: Result<PostgresEffectStore, StoreError>, text: &str) {
    match opened {
        Err(StoreError::Misconfigured { what, .. }) => assert!(what.contains(text), "{what}"),
        other => panic!("{other:?}"),
    }
}

/// The URL for the process that has the certificate in its environment.
const CHILD: &str = "RETRY_TESTS_POSTGRES_TLS";

const DONE: &str = "it was encrypted";

#[test]
fn child_trusts() {
    let Ok(url) = std::env::var(CHILD) else {
        return;
    };
    let options = PostgresEffectStore::options().schema("system");
    let store = options.connect_blocking(&url).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(works(&store));
    println!("{DONE}");
}
