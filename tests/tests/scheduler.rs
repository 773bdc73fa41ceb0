//! `#[retry_scheduler]` on bodies: how they end, and what stands in them.

mod scheduler {
    mod blocks;
    mod calls;
    mod endings;
}
