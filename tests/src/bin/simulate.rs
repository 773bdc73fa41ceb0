//! x
use retry_tests::simulation::{client::*,overload};
use retry_core::*;
fn main(){
   let v:Vec<_>=(0..60).map(|s| overload::run(Conduct::new(NO_RETRY),120,s).recovery().unwrap()).collect();
   println!("{v:?} {}", v.iter().sum::<u32>() as f64/60.);
}
