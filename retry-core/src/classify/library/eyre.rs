//! [`eyre::Report`], by its source chain.

classified_by_chain!(eyre::Report);
