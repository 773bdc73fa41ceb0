//! The exporter that most programs have, and what recorders are told beside the numbers.

use metrics_exporter_prometheus::PrometheusBuilder;
use retry_core::metrics::{buckets, install_buckets};
use retry_core::testing::{Script, VirtualClock};
use retry_core::{CircuitBreaker, Retry, RetryBudget};

use super::SECONDS;
use super::seen::Seen;

#[test]
fn prometheus_renders_histograms_with_the_buckets() {
    let builder = install_buckets(PrometheusBuilder::new()).expect("buckets that are none");
    let recorder = builder.build_recorder();
    metrics::with_local_recorder(&recorder, || {
        let _clock = VirtualClock::install();
        let script = Script::new([Err("busy"), Ok(())]);
        let call = Retry::new(SECONDS).name("scraped");
        call.run(|| script.next()).expect("it recovers");
    });
    let text = recorder.handle().render();
    let labels = r#"operation="scraped",class="ad_hoc""#;
    for (name, bounds) in buckets() {
        if name.starts_with("effect") {
            continue;
        }
        assert!(
            text.contains(&format!("# TYPE {name} histogram\n")),
            "{text}"
        );
        for bound in bounds {
            let bucket = format!("{name}_bucket{{{labels},le=\"{bound}\"}} ");
            assert!(text.contains(&bucket), "no {bucket} in\n{text}");
        }
    }
    assert!(!text.contains("summary"), "{text}");
    for line in [
        format!("retry_calls_total{{{labels},outcome=\"success_retried\"}} 1\n"),
        format!("retry_attempts_total{{{labels},phase=\"initial\",result=\"failed\"}} 1\n"),
        format!("retry_duration_seconds_bucket{{{labels},le=\"0.75\"}} 0\n"),
        format!("retry_duration_seconds_bucket{{{labels},le=\"1\"}} 1\n"),
        format!("retry_duration_seconds_sum{{{labels}}} 1\n"),
    ] {
        assert!(text.contains(&line), "no {line} in\n{text}");
    }
}

#[test]
fn the_buckets_are_those_that_are_documented() {
    let text = buckets().map(|(name, bounds)| {
        let bounds = bounds.iter().map(ToString::to_string);
        format!("{name}: {}", bounds.collect::<Vec<_>>().join(" "))
    });
    let seconds = "0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 15 30 60";
    assert_eq!(text[0], format!("retry_duration_seconds: {seconds}"));
    assert_eq!(text[1], "retry_attempts_per_call: 1 2 3 4 5 10");
    assert_eq!(text[2], format!("retry_wait_seconds: {seconds}"));
    assert!(text[3].starts_with("effect_claim_seconds: 0.0001 0.0005 0.001"));
}

#[test]
fn every_metric_has_its_help_and_its_unit() {
    let seen = Seen::install();
    let _clock = VirtualClock::install();
    let breaker = CircuitBreaker::new("described").with_failure_threshold(1);
    let budget = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    let call = Retry::new(SECONDS).name("described").budget(&budget);
    assert!(call.run(|| Err::<(), _>("busy")).is_err());
    breaker.try_acquire().expect("closed").fail();
    let mut told: Vec<_> = seen
        .series()
        .into_iter()
        .map(|series| {
            let (unit, help) = series.described;
            assert!(help.len() > 15, "{}: {help:?}", series.name);
            format!("{} {unit}", series.name)
        })
        .collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(
        told,
        [
            "circuit_breaker_calls_total count",
            "circuit_breaker_state ",
            "circuit_breaker_transitions_total count",
            "retry_attempts_per_call count",
            "retry_attempts_total count",
            "retry_budget_exhausted_total count",
            "retry_budget_tokens ",
            "retry_calls_total count",
            "retry_duration_seconds seconds",
            "retry_success_rate ",
            "retry_wait_seconds seconds",
        ]
    );
}
