//! The one form in which an error of a library becomes [`Classify`](crate::Classify).

/// Implements `Classify` for errors that are a link of their own source chain; each has a function that
/// judges it.
macro_rules! classified {
    ($($error:ty: $judge:expr;)*) => {$(
        impl $crate::Classify for $error {
            fn classify(&self) -> $crate::Judgement {
                let judge: fn(&Self) -> $crate::Judgement = $judge;
                judge(self)
            }

            fn as_error(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(self)
            }
        }
    )*};
}

/// Implements `Classify` for reports that hold an error and are none themselves: its source chain
/// judges them.
#[cfg(any(feature = "anyhow", feature = "eyre"))]
macro_rules! classified_by_chain {
    ($report:ty) => {
        impl $crate::Classify for $report {
            // Its top layer is the error that it holds, whose type may be recognized.
            fn classify(&self) -> $crate::Judgement {
                let top: &(dyn std::error::Error + 'static) = self.as_ref();
                let known = $crate::classify::chain::judgement(top);
                $crate::classify::chain::judgement_of(&self, top.source(), known)
            }

            fn as_error(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(self.as_ref())
            }
        }
    };
}
