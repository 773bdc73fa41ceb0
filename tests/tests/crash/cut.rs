//! Connections that are cut just before and just after the server has done what it was asked, or on
//! which it falls silent.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use retry_effects::store::{
    Claim, ClaimRequest, DEFAULT_LEASE, Resolved, Settlement, Status, StoreFuture,
};
use retry_effects::{Effect, Outcome, StoreError, Token};
use retry_tests::Random;
use retry_tests::proxy::{Fault, Proxy};

use super::failure::Failure;
use super::place::Place;
use super::race::race;
use super::recovery::{id, payload};
use super::site::Site;
use super::{on_each_server, runtime, seed, short_or_full};

on_each_server!(each_step_survives_a_cut_and_takes_effect_once);

fn each_step_survives_a_cut_and_takes_effect_once(site: Site) {
    let turns = short_or_full(50, 1_000);
    let (proxy, address) = site.proxy();
    let steps = Steps {
        direct: site.open(),
        cut: Place::open(&address, site.folder()),
        proxy,
        cuts: Cell::new(0),
    };
    runtime().block_on(async {
        for turn in 0..turns {
            steps.take(turn).await;
        }
    });
    println!(
        "cut, {}: {} connections cut around claims, takeovers, renewals, outcomes, releases and \
         settlements, duplicates: 0",
        site.kind(),
        steps.cuts.get()
    );
}

/// A store whose connection is cut at every step, and the same without a proxy.
struct Steps {
    direct: Place,
    cut: Place,
    proxy: Proxy,
    cuts: Cell<usize>,
}

impl Steps {
    /// A life of one action, with a cut in each of its steps.
    async fn take(&self, turn: u64) {
        let (id, store) = (id(turn), &self.cut.store);
        let first = self.claim(turn, None).await;
        self.around(turn, || store.renew(&first, DEFAULT_LEASE))
            .await;
        let doubt = Outcome::in_doubt(None);
        self.around(turn, || store.complete(&first, doubt)).await;
        self.stands(turn, Status::InDoubt, first).await;
        let token = self.claim(turn, Some(first)).await;
        assert!(token.fence() > first.fence());
        let late = store.complete(&first, Outcome::Success(payload("late")));
        let lost = matches!(late.await, Err(StoreError::LeaseLost { .. }));
        assert!(lost, "a late owner of action {turn} was heard");
        let expected = match turn % 3 {
            0 => {
                self.around(turn, || store.release(&token)).await;
                Status::Released
            }
            1 => {
                let success = Outcome::Success(payload("done"));
                self.around(turn, || store.complete(&token, success)).await;
                Status::Success
            }
            _ => {
                let word = Settlement::Success(payload("said"));
                self.around(turn, || store.settle(id, token.fence(), word))
                    .await;
                Status::Success
            }
        };
        self.stands(turn, expected, token).await;
    }

    async fn claim(&self, turn: u64, over: Option<Token>) -> Token {
        let mut request = ClaimRequest::new(id(turn), "cut");
        request.takeover = over.map(|token| token.fence());
        let claim = self.around(turn, || self.cut.store.pending(&request)).await;
        let Claim::Won(token) = claim else {
            panic!("{claim:?}");
        };
        assert_eq!(token.claim_id(), request.claim_id);
        // It was found again, and not made again.
        self.stands(turn, Status::Pending, token).await;
        token
    }

    /// Returns the result of a step whose first or second command, by turns, is cut.
    async fn around<'a, T: Unpin>(
        &self,
        turn: u64,
        step: impl FnOnce() -> StoreFuture<'a, T>,
    ) -> T {
        let before = self.proxy.faults();
        let passed = usize::from(turn % 4 >= 2);
        self.proxy.fail_after(passed, Fault::cut(turn));
        let done = step().await.expect("it is asked again");
        // Not every step has a second command.
        let cuts = self.proxy.faults() - before;
        assert!(cuts == 1 || passed > 0, "nothing was cut in turn {turn}");
        self.cuts.set(self.cuts.get() + cuts);
        self.proxy.clear();
        done
    }

    async fn stands(&self, turn: u64, status: Status, token: Token) {
        let record = self.direct.store.get(id(turn)).await;
        let record = record.expect("it can be read").expect("it is there");
        assert_eq!((record.status, record.fence), (status, token.fence()));
    }
}

on_each_server!(each_command_of_a_gated_call_may_be_cut);

fn each_command_of_a_gated_call_may_be_cut(site: Site) {
    let rounds = short_or_full(50, 1_000) / 6 + 1;
    let (proxy, address) = site.proxy();
    let store = Place::open(&address, site.folder()).store;
    let run = async |number: u64| {
        let ran = Cell::new(0);
        let effect = Effect::new("act", &number).store(&store);
        let body = || async {
            ran.set(ran.get() + 1);
            Ok::<_, Failure>(number)
        };
        let result = effect.run_async(body).await.expect("it is done");
        assert_eq!(result, number);
        ran.get()
    };
    runtime().block_on(async {
        let mut number = 0;
        for _ in 0..rounds {
            // It looks, it claims, it completes.
            for passed in 0..3 {
                for fault in [Fault::CutBefore, Fault::CutAfter] {
                    number += 1;
                    let before = proxy.faults();
                    proxy.fail_after(passed, fault);
                    assert_eq!(run(number).await, 1, "{fault:?} after {passed}");
                    assert_eq!(proxy.faults(), before + 1, "{fault:?} after {passed}");
                    assert_eq!(run(number).await, 0);
                }
            }
        }
    });
    println!(
        "cut, {}: {} gated calls cut in each of their commands, duplicates: 0",
        site.kind(),
        proxy.faults()
    );
}

on_each_server!(processes_that_race_over_connections_that_are_cut_act_once);

fn processes_that_race_over_connections_that_are_cut_act_once(site: Site) {
    let (proxy, address) = site.proxy();
    let seed = seed();
    let wins = short_or_full(2_000, 100_000);
    // A command that is cut five times in a row is given up: with Postgres one command serves many
    // callers, with Redis many commands are sent together.
    let passed = if site.kind() == "redis" { 200 } else { 8 };
    let draws = RefCell::new(Random::seeded(seed));
    let line = race(&site, &address, wins, 2, 32, |_| {
        let mut draws = draws.borrow_mut();
        let passed = (passed + draws.below(passed)) as usize;
        proxy.fail_often(5, passed, Fault::cut(draws.bits()));
    });
    println!("cut, {} times in a {line}", proxy.faults());
}

on_each_server!(a_server_that_falls_silent_is_asked_again_or_said_to_be);

/// Whether it has done what it was asked or not: nobody can tell, and nobody is told wrong.
fn a_server_that_falls_silent_is_asked_again_or_said_to_be(site: Site) {
    let (proxy, address) = site.proxy();
    let (cut, direct) = (Place::open(&address, site.folder()), site.open());
    runtime().block_on(async {
        for (number, of_claim, of_outcome) in [
            (1, Fault::SilentAfter, Fault::SilentBefore),
            (2, Fault::SilentBefore, Fault::SilentAfter),
        ]
        .into_iter()
        .take(short_or_full(1, 2) as usize)
        {
            let request = ClaimRequest::new(id(number), "cut");
            proxy.fail_after(0, of_claim);
            let claim = asked_until_told(|| cut.store.pending(&request)).await;
            let Claim::Won(token) = claim else {
                panic!("{claim:?}");
            };
            proxy.fail_after(0, of_outcome);
            let outcome = Outcome::Success(payload("done"));
            asked_until_told(|| cut.store.complete(&token, outcome.clone())).await;
            let resolved = direct.store.resolve(id(number)).await.expect("read");
            assert!(matches!(resolved, Resolved::Done(done) if done.fence == token.fence()));
        }
    });
    println!(
        "cut, {}: {} commands without an answer on connections that stay, duplicates: 0",
        site.kind(),
        proxy.faults()
    );
}

/// Twice at most: what is silent once must not be asked for ever.
async fn asked_until_told<'a, T: Unpin + 'a>(ask: impl Fn() -> StoreFuture<'a, T>) -> T {
    match ask().await {
        Ok(told) => told,
        Err(StoreError::Unavailable { .. }) => {
            let again = tokio::time::timeout(Duration::from_secs(5), ask());
            again.await.expect("another connection").expect("told")
        }
        Err(error) => panic!("{error}"),
    }
}
