//! The buckets of the histograms.

/// Bounds for calls and their waits, from a fast answer to a minute.
const SECONDS: [f64; 17] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 15.0, 30.0,
    60.0,
];
/// Bounds for attempts.
const ATTEMPTS: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 10.0];
/// Bounds for a store's answers, from one in memory to one of an overloaded database.
const CLAIM_SECONDS: [f64; 13] = [
    0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Returns every histogram of this crate and of `retry-effects`, with the upper bounds of its buckets in
/// ascending order, for any exporter. `install_buckets` passes them to that of Prometheus.
///
/// ```
/// for (histogram, bounds) in retry_core::metrics::buckets() {
///     println!("{histogram}: {bounds:?}");
///     assert!(bounds.is_sorted());
/// }
/// ```
#[must_use]
pub const fn buckets() -> [(&'static str, &'static [f64]); 4] {
    [
        ("retry_duration_seconds", &SECONDS),
        ("retry_attempts_per_call", &ATTEMPTS),
        ("retry_wait_seconds", &SECONDS),
        ("effect_claim_seconds", &CLAIM_SECONDS),
    ]
}

/// Adds all [`buckets`] to the exporter under construction, so that it renders histograms, not
/// summaries.
///
/// ```
/// use metrics_exporter_prometheus::PrometheusBuilder;
/// use retry_core::{NO_RETRY, Retry, metrics};
///
/// let recorder = metrics::install_buckets(PrometheusBuilder::new())?.build_recorder();
/// let text = recorder.handle();
/// // A program calls `install_recorder()` instead, which counts in all threads.
/// ::metrics::with_local_recorder(&recorder, || {
///     Retry::new(NO_RETRY).name("load").run(|| Ok::<_, String>(7))
/// })?;
/// let text = text.render();
/// let line = r#"retry_attempts_per_call_bucket{operation="load",class="ad_hoc",le="1"} 1"#;
/// assert!(text.contains(line), "{text}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The exporter's own error for a histogram without buckets; never returned for these.
#[cfg(feature = "prometheus")]
pub fn install_buckets(
    builder: metrics_exporter_prometheus::PrometheusBuilder,
) -> Result<metrics_exporter_prometheus::PrometheusBuilder, metrics_exporter_prometheus::BuildError>
{
    use metrics_exporter_prometheus::Matcher;
    buckets()
        .into_iter()
        .try_fold(builder, |builder, (name, bounds)| {
            builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), bounds)
        })
}
