//! Many gated calls at the same time: memory of each, and whether the leases are kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use retry_effects::Effect;
use tokio::sync::Barrier;

use super::site::Site;
use super::{line, memory};

/// The lease of each call. The bodies last for two of them.
const LEASE: Duration = Duration::from_secs(6);

pub(super) fn measure(site: &Site, calls: u64) {
    let store = site.open("calls");
    // The second time: a store with warm connections, a process whose buffers have grown.
    for warmth in ["cold", "warm"] {
        let before = memory::resident();
        let all = Arc::new(Barrier::new(calls as usize + 1));
        let lost = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let tasks: Vec<_> = (0..calls)
            .map(|number| {
                let (store, all, lost) = (store.clone(), all.clone(), lost.clone());
                site.runtime.spawn(async move {
                    let called = Effect::new(warmth, &number)
                        .store(&store)
                        .lease(LEASE)
                        .run_async(|| {
                            let all = all.clone();
                            async move {
                                all.wait().await;
                                tokio::time::sleep(LEASE * 2).await;
                                Ok::<_, String>(number)
                            }
                        })
                        .await;
                    if called.is_err() {
                        lost.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let waited = site
            .runtime
            .block_on(async { tokio::time::timeout(Duration::from_secs(300), all.wait()).await });
        waited.expect("all calls begin");
        let began_after = began.elapsed();
        let each = memory::resident().saturating_sub(before) / calls;
        let counts = site.runtime.block_on(store.counts()).expect("counts");
        line(&format!("{warmth}: calls under way"), counts.pending);
        line(
            &format!("{warmth}: all have begun after, s"),
            format!("{:.2}", began_after.as_secs_f64()),
        );
        line(&format!("{warmth}: resident bytes a call"), each);
        let processor = processor_time();
        let waiting = Instant::now();
        std::thread::sleep(LEASE * 3 / 2);
        let share = (processor_time() - processor) / waiting.elapsed().as_secs_f64();
        line(
            &format!("{warmth}: processors used meanwhile by renewals"),
            format!("{share:.3}"),
        );
        let counts = site.runtime.block_on(store.counts()).expect("counts");
        line(
            &format!("{warmth}: in doubt after one and a half leases"),
            counts.in_doubt,
        );
        for task in tasks {
            site.runtime.block_on(task).expect("no panic");
        }
        line(
            &format!("{warmth}: calls that failed"),
            lost.load(Ordering::Relaxed),
        );
    }
}

/// Returns the seconds of processor time of this process.
fn processor_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
