//! [`h2::Error`], by reason and by the side that gave it.

use std::error::Error;
use std::io;

use h2::Reason;

use super::outcome::{turned_away, unknown};
use crate::classify::classification::Classify;
use crate::classify::judgement::Judgement;

impl Classify for h2::Error {
    fn classify(&self) -> Judgement {
        // A `GOAWAY` does not state which streams the server still served.
        if self.is_go_away() {
            return unknown("http2_go_away");
        }
        if self.is_reset() {
            let is_refused = self.is_remote() && self.reason() == Some(Reason::REFUSED_STREAM);
            return if is_refused {
                turned_away("refused_stream")
            } else {
                unknown("http2_reset")
            };
        }
        unknown(
            self.get_io()
                .map_or("http2", |io: &io::Error| io.classify().kind()),
        )
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}
