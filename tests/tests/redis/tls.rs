//! TLS, with a certificate that the test makes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use redis::{Client, TlsCertificates};
use retry_effects::{Effect, RedisEffectStore, StoreError};
use retry_tests::redis::ThrowawayRedis;

use super::cluster::free_ports;

/// A key and a certificate for `localhost`, signed by itself.
fn make_certificate(folder: &Path) {
    let status = Command::new("openssl")
        .current_dir(folder)
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .args(["-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .stderr(Stdio::null())
        .status();
    assert!(status.expect("openssl, which Redis needs too").success());
}

#[tokio::test]
async fn a_server_with_tls_and_one_that_nobody_knows() {
    let folder = tempfile::tempdir().expect("a folder");
    make_certificate(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let port = free_ports(1)[0];
    let settings = [
        ("bind", "127.0.0.1 -::1"),
        ("tls-port", &port.to_string()),
        ("tls-cert-file", &path("cert.pem")),
        ("tls-key-file", &path("key.pem")),
        ("tls-auth-clients", "no"),
    ];
    let Some(_server) = ThrowawayRedis::start_with(&settings) else {
        return;
    };
    let url = format!("rediss://localhost:{port}");

    // Signed by nobody whom this machine knows.
    let error = RedisEffectStore::connect(&url)
        .await
        .expect_err("a stranger");
    assert!(
        matches!(error, StoreError::Misconfigured { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("enable TLS"), "{error}");
    let source = std::error::Error::source(&error).expect("a reason");
    assert!(source.to_string().contains("certificate"), "{source}");

    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(fs::read(path("cert.pem")).expect("a certificate")),
    };
    let client = Client::build_with_tls(url, certificates).expect("a client");
    let store = RedisEffectStore::with_client(client).await;
    let store = store.expect("a store");
    let effect = Effect::new("tls", &1).store(store);
    let result = effect.run_async(|| async { Ok::<_, String>(7) }).await;
    assert_eq!(result, Ok(7));
}

/// Such a server waits for the end of a line, and says nothing to a greeting of TLS.
#[tokio::test]
async fn a_server_without_tls_at_a_port_for_which_tls_was_asked() {
    for password in [None, Some("s3cret")] {
        let port = free_ports(1)[0].to_string();
        let mut settings = vec![("bind", "127.0.0.1 -::1"), ("port", &*port)];
        settings.extend(password.map(|password| ("requirepass", password)));
        let Some(_server) = ThrowawayRedis::start_with(&settings) else {
            return;
        };
        let url = format!("rediss://:s3cret@localhost:{port}");
        let options = RedisEffectStore::options().timeout(Duration::from_secs(4));
        let error = options.connect(&url).await.expect_err("it speaks no TLS");
        assert!(
            matches!(error, StoreError::Misconfigured { .. }),
            "{error:?}"
        );
        let text = error.to_string();
        assert!(text.contains("it speaks no TLS at this port"), "{text}");
        assert!(text.contains("without TLS, the URL is redis://"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}
