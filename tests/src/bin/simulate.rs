use retry_tests::simulation::contention::*;
fn main(){
 for n in [10,100] { for (w,p) in WAYS { let t=std::time::Instant::now(); println!("{n} {w} {:?} {:?}", mean(n,p,100), t.elapsed()); } }
}
