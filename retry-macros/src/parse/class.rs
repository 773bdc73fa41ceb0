//! The four attributes.

/// The attribute in use.
#[derive(Clone, Copy)]
pub(crate) enum Class {
    Worker,
    Storage,
    Scheduler,
    Api,
}

/// The attributes' names.
pub(crate) const ATTRIBUTES: [&str; 4] = [
    "retry_worker",
    "retry_storage",
    "retry_scheduler",
    "retry_api",
];

impl Class {
    /// Returns the attribute's variant of `retry_core::OperationClass`.
    pub(crate) fn variant(self) -> &'static str {
        match self {
            Self::Worker => "Worker",
            Self::Storage => "Storage",
            Self::Scheduler => "Scheduler",
            Self::Api => "Api",
        }
    }
}
