//! Real failures of real libraries, under the gate: what a program does must be the same with each
//! feature of `retry-core` as without any. Where a feature knows more, it may only settle a doubt.

mod failures {
    mod h2;
    mod http2;
    mod hyper;
    mod hyper_util;
    mod limits;
    mod pools;
    mod reactions;
    mod reqwest;
    mod socket;
    mod tasks;
    mod tonic;
}
