//! **C. Layers**: a service that calls a service that calls a service, each of which retries, while
//! the last one is down.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use super::client::{Client, Conduct};
use super::world;

/// Never reached: an attempt at the bottom takes no time, and waits are bounded.
const TIMEOUT: Duration = Duration::from_secs(1 << 20);

/// Attempts that reach the bottom, as a multiple of the calls made at the top, where every one of
/// them fails. Each of `layers` layers is a client of its own, with this conduct.
#[must_use]
pub fn run(conduct: Conduct, layers: usize, calls: u32, seed: u64) -> f64 {
    world::run(seed, async move {
        let layers = conduct.clients(layers);
        let bottom = Cell::new(0_u32);
        for _ in 0..calls {
            let _failed = call(&layers, &bottom).await;
        }
        f64::from(bottom.get()) / f64::from(calls)
    })
}

type Call<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>;

/// Makes a call of the first layer, each attempt of which calls the next.
fn call<'a>(layers: &'a [Rc<Client>], bottom: &'a Cell<u32>) -> Call<'a> {
    Box::pin(async move {
        let Some((layer, below)) = layers.split_first() else {
            bottom.set(bottom.get() + 1);
            return Err("connection reset".to_owned());
        };
        layer.call(TIMEOUT, || call(below, bottom)).await
    })
}
