//! Encrypted connections, where the URL requires them.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::protocol::store_error::StoreError;

/// Returns a connector that trusts the certificates that this machine trusts. It has a crypto
/// provider of its own: the program may have chosen none for all its TLS, or another.
pub(super) fn connector() -> Result<MakeRustlsConnect, StoreError> {
    let found = rustls_native_certs::load_native_certs();
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(found.certs);
    if trusted.is_empty() {
        let why: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        return Err(StoreError::misconfigured(format!(
            "cannot be opened: the URL requires TLS, and this machine has no certificates to trust \
             ({}); install them (Debian: the package ca-certificates), or name a file of them in \
             the variable SSL_CERT_FILE",
            why.join(", ")
        )));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::unavailable("prepare TLS", error))?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
