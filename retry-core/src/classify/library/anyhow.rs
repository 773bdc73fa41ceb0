//! [`anyhow::Error`], by its source chain.

classified_by_chain!(anyhow::Error);
