//! [`h2::Error`], by reason and by the side that gave it.

use std::io;

use h2::Reason;

use super::outcome::{turned_away, unknown};
use crate::classify::classification::Classify;
use crate::classify::judgement::Judgement;

classified! {
    h2::Error: judge;
}

fn judge(error: &h2::Error) -> Judgement {
    // A `GOAWAY` does not state which streams the server still served.
    if error.is_go_away() {
        return unknown("http2_go_away");
    }
    if error.is_reset() {
        let is_refused = error.is_remote() && error.reason() == Some(Reason::REFUSED_STREAM);
        return if is_refused {
            turned_away("refused_stream")
        } else {
            unknown("http2_reset")
        };
    }
    unknown(
        error
            .get_io()
            .map_or("http2", |io: &io::Error| io.classify().kind()),
    )
}
