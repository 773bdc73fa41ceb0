//! Results, errors and names are read as they were written.

use crate::conformance::harness::Harness;
use crate::conformance::stage::{Ruling, Stage, demand};
use crate::protocol::claim::Claim;
use crate::protocol::outcome::Outcome;
use crate::protocol::payload::Payload;

pub(super) async fn results_come_back_as_they_were(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let large = format!("\"{}\"", "x".repeat(1 << 20));
    let texts = [
        "null",
        "\"\"",
        "",
        "0.1000000000000000055511151231257827",
        "1e400",
        r#""a \u0000 escape, a \"quote\", a \\ and a '""#,
        "\"Grüße, 世界, 🦀, \u{301}\"",
        "{\"b\":1,\"a\":[ 2 , {} ],\"b\":3}\n",
        "12345678901234567890123456789012345678901234567890",
        &large,
    ];
    let mut n = 0;
    for text in texts {
        for format in [1, 2, 7] {
            let payload = Payload::with_format(format, text);
            for outcome in [
                Outcome::Success(payload.clone()),
                Outcome::Failed(payload.clone()),
            ] {
                n += 1;
                let token = stage.win_new(n).await?;
                stage.complete(&token, outcome.clone()).await?;
                let claim = stage.claim(&Stage::request(n)).await?;
                let same = match (&claim, &outcome) {
                    (Claim::Done(finished), Outcome::Success(_))
                    | (Claim::Failed(finished), Outcome::Failed(_)) => finished.payload == payload,
                    _ => false,
                };
                let shown: String = text.chars().take(40).collect();
                demand!(same, "{shown} of format {format} has become {claim:?}");
                // The acknowledgement was lost: the outcome is still the same.
                stage.complete(&token, outcome).await?;
            }
        }
    }
    Ok(())
}

pub(super) async fn names_come_back_as_they_were(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let long = "n".repeat(10_000);
    let names = [
        "",
        " ",
        "a'; DROP TABLE effect_records; --",
        "Grüße 世界 🦀",
        "e\u{301} is not \u{e9}",
        "line\nbreak\ttab \"quote\" \\ %s {} $1 ?1",
        &long,
    ];
    let mut n = 0;
    for action_type in names {
        for scope in names {
            n += 1;
            let mut request = Stage::request(n);
            request.action_type = action_type.to_owned().into();
            request.scope = Some(scope.into());
            stage.win(&request).await?;
            let record = stage.record(n).await?.ok_or("there should be a record")?;
            demand!(
                record.action_type == action_type && record.scope == scope,
                "{action_type:?} for {scope:?} has become {:?} for {:?}",
                record.action_type,
                record.scope
            );
        }
    }
    Ok(())
}
