//! A store of many records beside one of a thousand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use retry_effects::store::{Claim, ClaimRequest, Filter, Payload, Status};
use retry_effects::{EffectStore, Outcome, compute_action_id};

use super::site::Site;
use super::{line, memory};

/// The records of the small store.
const FEW: u64 = 1_000;

/// The records in doubt of each store.
const DOUBTS: u64 = 500;

/// The passes of a turn, and the turns of each store.
const PASSES: u64 = 2_000;
const TURNS: usize = 5;

/// The callers that fill a store.
const FILLERS: u64 = 512;

pub(super) fn measure(site: &Site, records: u64) {
    let (small, large) = (site.open("small"), site.open("large"));
    fill(site, &small, FEW);
    let began = Instant::now();
    fill(site, &large, records);
    let rate = records as f64 / began.elapsed().as_secs_f64();
    line("records", records);
    line(
        &format!("actions/s of {FILLERS} callers that fill it"),
        format!("{rate:.0}"),
    );
    beside(site, &small, &large);
    read(site, &large);
    purge(site, &large);
}

/// Compares lone callers of both stores, who take turns.
fn beside(site: &Site, small: &Arc<dyn EffectStore>, large: &Arc<dyn EffectStore>) {
    let mut ratios = Vec::new();
    for _ in 0..TURNS {
        let few = site
            .runtime
            .block_on(site.runtime.spawn(turn(small.clone())));
        let many = site
            .runtime
            .block_on(site.runtime.spawn(turn(large.clone())));
        let (few, many) = (few.expect("no panic"), many.expect("no panic"));
        ratios.push((many / few, few, many));
    }
    ratios.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (ratio, few, many) = ratios[TURNS / 2];
    line(
        "lone claim and completion, µs (mean), in the small store",
        format!("{few:.1}"),
    );
    line(
        "lone claim and completion, µs (mean), in the large store",
        format!("{many:.1}"),
    );
    line("ratio (goal 2)", format!("{ratio:.2}"));
}

async fn turn(store: Arc<dyn EffectStore>) -> f64 {
    let began = Instant::now();
    for _ in 0..PASSES {
        pass(&*store).await;
    }
    began.elapsed().as_secs_f64() * 1e6 / PASSES as f64
}

fn read(site: &Site, store: &Arc<dyn EffectStore>) {
    let timed = |name: &str, work: &dyn Fn() -> u64| {
        memory::forget_peak();
        let before = memory::resident();
        let began = Instant::now();
        let count = work();
        let (took, grown) = (began.elapsed(), memory::peak().saturating_sub(before));
        line(
            &format!("{name} ({count}), ms"),
            format!("{:.1}", took.as_secs_f64() * 1e3),
        );
        line(
            &format!("{name}, memory at most, MiB"),
            format!("{:.1}", grown as f64 / 1_048_576.0),
        );
    };
    timed("counts (goal 1,000)", &|| {
        let counts = site.runtime.block_on(store.counts()).expect("counts");
        counts.total()
    });
    timed("list in doubt (goal 1,000)", &|| {
        pages(site, store, Filter::all().status(Status::InDoubt))
    });
    timed("list of all, in pages of 1,000", &|| {
        pages(site, store, Filter::all())
    });
}

fn pages(site: &Site, store: &Arc<dyn EffectStore>, filter: Filter) -> u64 {
    let mut filter = filter.limit(1_000);
    let mut count = 0;
    loop {
        let page = site.runtime.block_on(store.list(&filter)).expect("a page");
        count += page.len() as u64;
        match page.last() {
            Some(last) => filter = filter.after(last.id),
            None => return count,
        }
    }
}

/// Purges the store while a lone caller goes on.
fn purge(site: &Site, store: &Arc<dyn EffectStore>) {
    let is_over = Arc::new(AtomicBool::new(false));
    let caller = site.runtime.spawn({
        let (store, is_over) = (store.clone(), is_over.clone());
        async move {
            let mut times = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let asked = Instant::now();
                pass(&*store).await;
                times.push(asked.elapsed());
            }
            times.sort_unstable();
            times
        }
    });
    let began = Instant::now();
    let purging = site.runtime.spawn({
        let store = store.clone();
        async move { store.purge(Duration::ZERO).await }
    });
    let purged = site
        .runtime
        .block_on(purging)
        .expect("no panic")
        .expect("a purge");
    let took = began.elapsed().as_secs_f64();
    is_over.store(true, Ordering::Relaxed);
    let times = site.runtime.block_on(caller).expect("no panic");
    line("purged", purged);
    line("purge, s", format!("{took:.1}"));
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    line("actions of a caller during the purge", times.len());
    line("their p50, ms", format!("{:.2}", at(0.5)));
    line("their p99, ms", format!("{:.2}", at(0.99)));
    line("the slowest, ms", format!("{:.2}", at(1.0)));
}

fn fill(site: &Site, store: &Arc<dyn EffectStore>, records: u64) {
    let left = Arc::new(AtomicU64::new(records));
    let fillers: Vec<_> = (0..FILLERS.min(records))
        .map(|_| {
            let (store, left) = (store.clone(), left.clone());
            site.runtime.spawn(async move {
                while let Ok(number) =
                    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                        left.checked_sub(1)
                    })
                {
                    if number <= DOUBTS {
                        act(&*store, Outcome::in_doubt(None)).await;
                    } else {
                        pass(&*store).await;
                    }
                }
            })
        })
        .collect();
    for filler in fillers {
        site.runtime.block_on(filler).expect("no panic");
    }
}

/// Claims an action that nobody has claimed before, and completes it.
async fn pass(store: &dyn EffectStore) {
    act(
        store,
        Outcome::Success(Payload::new(
            "{\"receipt\":\"a-receipt-of-some-length-0123456789\"}",
        )),
    )
    .await;
}

async fn act(store: &dyn EffectStore, outcome: Outcome) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let id = compute_action_id("bench", &number, "").expect("a number");
    let mut request = ClaimRequest::new(id, "bench");
    request.keep = Duration::ZERO;
    let claim = store.pending(&request).await;
    let Ok(Claim::Won(token)) = claim else {
        panic!("{claim:?}");
    };
    store.complete(&token, outcome).await.expect("a completion");
}
